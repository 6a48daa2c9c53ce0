import type { ClusterVersionDocument } from '../documents/cluster-version.ts';
import { configMapTitle, SIGNATURES_LABEL } from '../documents/config-map.ts';
import { warnOfLeftOutScopes } from '../documents/image-policy.ts';
import { parseTrustFile } from '../documents/parse-trust-file.ts';
import { documentError } from '../documents/parsed-document.ts';
import type { PolicyDocument } from '../documents/policy-json.ts';
import type { ProfileDocument } from '../documents/profile.ts';
import { KNOWN_KINDS, type RecognisedDocument, recogniseDocument } from '../documents/recognise-document.ts';
import { parseTrustConfigMap, type TrustConfigMap } from '../documents/trust-config-map.ts';
import {
  type ConfiguredImagePolicy,
  MAX_DOCUMENTS,
  type MirrorRule,
  type RegistriesDDocument,
} from '../prepared/prepared-trust.ts';
import type { TrustDocument } from '../prepared/trust-document.ts';
import { readRegistriesD } from '../registries-d/read-registries-d.ts';
import { type ConfigMapSelection, selectConfigMap, warnPassedOver } from './select-config-map.ts';
import { isTrustFileName, tooManyDocuments } from './trust-files.ts';

/** What the documents of one profile are, read and sorted by kind. */
export interface CollectedDocuments {
  readonly profile: ProfileDocument | undefined;
  readonly configMap: TrustConfigMap | undefined;
  readonly clusterVersion: ClusterVersionDocument | undefined;
  readonly imagePolicies: readonly ConfiguredImagePolicy[];
  /** Those of the image policies that are a policy.json: at most one. */
  readonly policyDocuments: readonly PolicyDocument[];
  readonly registriesD: readonly RegistriesDDocument[];
  readonly mirrorRules: readonly MirrorRule[];
  readonly warnings: readonly string[];
}

/**
 * Reads every YAML and JSON file, in the order given. A kind that is not known fails unless the Profile ignores it.
 *
 * @throws ConfigurationError
 */
export function collectDocuments(files: readonly TrustDocument[]): CollectedDocuments {
  const parsed = files.filter(({ name }) => isTrustFileName(name)).flatMap(parseTrustFile);
  if (parsed.length > MAX_DOCUMENTS) throw tooManyDocuments();
  const all = parsed.map(recogniseDocument);
  const profile = atMostOne(all, 'Profile');
  const hiveConfig = atMostOne(all, 'HiveConfig');
  const clusterVersion = atMostOne(all, 'ClusterVersion');
  atMostOne(all, 'policy.json');
  const configMaps = selectConfigMap(ofKind(all, 'ConfigMap'), hiveConfig);
  refuseUnknown(all, configMaps, ignoredKinds(profile));
  const { selected, passedOver } = configMaps;
  const registriesD = ofKind(all, 'registries.d');
  // Once more over all of them: a section may be given in one file alone.
  readRegistriesD(registriesD.map(({ source }) => source));
  const configMap = selected === undefined ? undefined : parseTrustConfigMap(selected);
  const policyDocuments = ofKind(all, 'policy.json');
  const imagePolicies = ofKind(all, 'ImagePolicy');
  return {
    profile,
    configMap,
    clusterVersion,
    policyDocuments,
    imagePolicies: [...imagePolicies, ...policyDocuments].map(({ policy }) => policy),
    registriesD: registriesD.map(({ registries }) => registries),
    mirrorRules: ofKind(all, 'MirrorSet').flatMap(({ rules }) => rules),
    warnings: [
      ...parsed.flatMap(({ warnings }) => warnings),
      ...passedOver.map((other) => warnPassedOver(other, selected)),
      ...[configMap, hiveConfig, clusterVersion, ...imagePolicies, ...policyDocuments].flatMap(
        (document) => document?.warnings ?? [],
      ),
      ...warnOfLeftOutScopes(imagePolicies),
    ],
  };
}

type OfKind<K extends RecognisedDocument['kind']> = Extract<RecognisedDocument, { readonly kind: K }>;

function ofKind<K extends RecognisedDocument['kind']>(all: readonly RecognisedDocument[], kind: K): OfKind<K>[] {
  return all.filter((document): document is OfKind<K> => document.kind === kind);
}

function atMostOne<K extends RecognisedDocument['kind']>(
  all: readonly RecognisedDocument[],
  kind: K,
): OfKind<K> | undefined {
  const [first, second] = ofKind(all, kind);
  if (first !== undefined && second !== undefined) {
    const { document, lineOf } = first.source;
    const reason = `a second ${kind}; the first is in ${document}:${lineOf([])}`;
    throw documentError('DocumentInvalid', second.source, [], reason);
  }
  return first;
}

function ignoredKinds(profile: ProfileDocument | undefined): ReadonlySet<string> {
  const ignored = profile?.spec.ignoreKinds ?? [];
  const known = ignored.findIndex((kind) => KNOWN_KINDS.has(kind));
  if (profile !== undefined && known >= 0) {
    const reason = `${ignored[known]} is a kind of trust document and cannot be ignored`;
    throw documentError('DocumentInvalid', profile.source, ['spec', 'ignoreKinds', known], reason);
  }
  return new Set(ignored);
}

function refuseUnknown(
  all: readonly RecognisedDocument[],
  { foreign }: ConfigMapSelection,
  ignored: ReadonlySet<string>,
): void {
  for (const { source, kindName } of ofKind(all, 'unknown')) {
    if (kindName === undefined) {
      throw documentError('KindUnknown', source, ['kind'], 'a document without a kind, and not a policy.json');
    }
    if (ignored.has(kindName)) continue;
    const { apiVersion } = source.content;
    const kind = `the kind ${kindName} (${typeof apiVersion === 'string' ? apiVersion : 'no apiVersion'})`;
    throw documentError('KindUnknown', source, ['kind'], `${kind} is not known; ${remedy(kindName)}`);
  }
  for (const configMap of foreign) {
    const title = `the ConfigMap ${configMapTitle(configMap)}`;
    if (configMap.holdsSignatures) {
      const reason = `${title} holds signatures: it belongs in a signature store, not in trust`;
      throw documentError('DocumentInvalid', configMap.source, ['metadata', 'labels', SIGNATURES_LABEL], reason);
    }
    if (ignored.has('ConfigMap')) continue;
    const reason = `${title} neither has the release-verification annotation nor is referred to; ${remedy('ConfigMap')}`;
    throw documentError('KindUnknown', configMap.source, ['kind'], reason);
  }
}

function remedy(kind: string): string {
  if (KNOWN_KINDS.has(kind)) return 'another apiVersion of it is';
  return `list ${kind} in the Profile's ignoreKinds if it may lie there`;
}
