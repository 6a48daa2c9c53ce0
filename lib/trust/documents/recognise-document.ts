import type { RegistriesDDocument } from '../prepared/prepared-trust.ts';
import { DOCUMENT_MEMBERS, listIgnored, readRegistriesD } from '../registries-d/read-registries-d.ts';
import { REGISTRIES_D } from '../registries-d/registries-d.ts';
import {
  type ClusterVersionDocument,
  type HiveConfigDocument,
  type MirrorSetDocument,
  parseClusterVersion,
  parseHiveConfig,
  parseImageContentSourcePolicy,
  parseImageDigestMirrorSet,
  parseImageTagMirrorSet,
} from './cluster-settings.ts';
import { type ConfigMapDocument, parseConfigMap } from './config-map.ts';
import { documentError, type ParsedDocument } from './parsed-document.ts';
import {
  type ImagePolicyDocument,
  type PolicyDocument,
  parseImagePolicy,
  parsePolicyJson,
} from './policy-documents.ts';
import { PROFILE_API_VERSION, type ProfileDocument, parseProfile } from './profile.ts';
import { isTrustedRoot, parseTrustedRootDocument, type TrustedRootDocument } from './trusted-root.ts';

/** A document whose kind is not known; an error unless the profile ignores that kind. */
interface UnknownDocument {
  readonly kind: 'unknown';
  readonly source: ParsedDocument;
  /** As written in `kind`, if it is a string. */
  readonly kindName: string | undefined;
}

export type RecognisedDocument =
  | ClusterVersionDocument
  | ConfigMapDocument
  | HiveConfigDocument
  | ImagePolicyDocument
  | MirrorSetDocument
  | PolicyDocument
  | ProfileDocument
  | RegistriesDFile
  | TrustedRootDocument
  | UnknownDocument;

const PARSERS: ReadonlyMap<string, (source: ParsedDocument) => RecognisedDocument> = new Map<
  string,
  (source: ParsedDocument) => RecognisedDocument
>([
  ['v1 ConfigMap', parseConfigMap],
  ['config.openshift.io/v1 ClusterImagePolicy', parseImagePolicy],
  ['config.openshift.io/v1alpha1 ClusterImagePolicy', parseImagePolicy],
  ['config.openshift.io/v1 ImagePolicy', parseImagePolicy],
  ['config.openshift.io/v1alpha1 ImagePolicy', parseImagePolicy],
  ['config.openshift.io/v1 ImageDigestMirrorSet', parseImageDigestMirrorSet],
  ['config.openshift.io/v1 ImageTagMirrorSet', parseImageTagMirrorSet],
  ['operator.openshift.io/v1alpha1 ImageContentSourcePolicy', parseImageContentSourcePolicy],
  ['config.openshift.io/v1 ClusterVersion', parseClusterVersion],
  ['hive.openshift.io/v1 HiveConfig', parseHiveConfig],
  [`${PROFILE_API_VERSION} Profile`, parseProfile],
]);

/** Kinds that always count, so that no profile can ignore them. */
export const KNOWN_KINDS: ReadonlySet<string> = new Set(
  [...PARSERS.keys()].map((key) => key.slice(key.indexOf(' ') + 1)).filter((kind) => kind !== 'ConfigMap'),
);

/** Recognises the kind of a document and parses it. @throws ConfigurationError when it is not valid for its kind. */
export function recogniseDocument(source: ParsedDocument): RecognisedDocument {
  const { apiVersion, kind } = source.content;
  if (source.document.startsWith(`${REGISTRIES_D}/`)) return parseRegistriesD(source);
  if (kind === undefined) {
    if (isTrustedRoot(source)) return parseTrustedRootDocument(source);
    if (Object.hasOwn(source.content, 'default')) return parsePolicyJson(source);
    const members = Object.keys(source.content);
    if (members.length > 0 && members.every((member) => DOCUMENT_MEMBERS.has(member))) {
      return parseRegistriesD(source);
    }
  }
  if (typeof kind !== 'string') return { kind: 'unknown', source, kindName: undefined };
  const parse = typeof apiVersion === 'string' ? PARSERS.get(`${apiVersion} ${kind}`) : undefined;
  return parse === undefined ? { kind: 'unknown', source, kindName: kind } : parse(source);
}

interface RegistriesDFile {
  readonly kind: 'registries.d';
  readonly source: ParsedDocument;
  readonly registries: RegistriesDDocument;
  /** Each with file and line. */
  readonly warnings: readonly string[];
}

/** A containers-registries.d(5) document, carried whole. @throws ConfigurationError `DocumentInvalid`, `DuplicateKey` */
function parseRegistriesD(source: ParsedDocument): RegistriesDFile {
  const [duplicate] = source.warnings;
  // Other documents may have the same member twice; to nodes the whole configuration is broken then.
  if (duplicate !== undefined) throw documentError('DuplicateKey', source, [], duplicate);
  readRegistriesD([source]);
  // Nothing else is published.
  const known = Object.entries(source.content).filter(([member]) => DOCUMENT_MEMBERS.has(member));
  const registries = { document: source.document, content: Object.fromEntries(known) };
  return { kind: 'registries.d', source, registries, warnings: listIgnored(source) };
}
