import type { ClusterVersionDocument, HiveConfigDocument } from '../documents/cluster-settings.ts';
import {
  type ConfigMapDocument,
  configMapTitle,
  parseTrustConfigMap,
  SIGNATURES_LABEL,
  type TrustConfigMap,
} from '../documents/config-map.ts';
import { parseTrustFile } from '../documents/parse-trust-file.ts';
import { documentError, documentWarning } from '../documents/parsed-document.ts';
import { type PolicyDocument, warnOfLeftOutScopes } from '../documents/policy-documents.ts';
import type { ProfileDocument } from '../documents/profile.ts';
import { KNOWN_KINDS, type RecognisedDocument, recogniseDocument } from '../documents/recognise-document.ts';
import type { TrustedRootDocument } from '../documents/trusted-root.ts';
import {
  type ConfiguredImagePolicy,
  MAX_DOCUMENTS,
  type MirrorRule,
  type RegistriesDDocument,
} from '../prepared/prepared-trust.ts';
import { isTrustFileName, type TrustDocument, tooManyDocuments } from '../prepared/trust-document.ts';
import { readRegistriesD } from '../registries-d/read-registries-d.ts';
import { REGISTRIES_D } from '../registries-d/registries-d.ts';

/** The documents of one profile, read and sorted by kind. */
export interface CollectedDocuments {
  readonly profile: ProfileDocument | undefined;
  readonly configMap: TrustConfigMap | undefined;
  readonly clusterVersion: ClusterVersionDocument | undefined;
  readonly imagePolicies: readonly ConfiguredImagePolicy[];
  /** Those of the image policies that are a policy.json: at most one. */
  readonly policyDocuments: readonly PolicyDocument[];
  readonly registriesD: readonly RegistriesDDocument[];
  /** What bundles of files are verified with; images are decided by the policies alone. */
  readonly trustedRoot: TrustedRootDocument | undefined;
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
  const trustedRoot = atMostOne(all, 'trusted root');
  const configMaps = selectConfigMap(ofKind(all, 'ConfigMap'), hiveConfig);
  refuseUnknown(all, configMaps, ignoredKinds(profile));
  const { selected, passedOver } = configMaps;
  const inFiles = ofKind(all, 'registries.d');
  const registriesD = inFiles.filter((one) => !isFollowing(one, inFiles));
  // Once more over all of them: a section may be given in one file alone.
  if (registriesD.length > 0) readRegistriesD(registriesD.map(({ source }) => source));
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
    trustedRoot,
    mirrorRules: ofKind(all, 'MirrorSet').flatMap(({ rules }) => rules),
    warnings: [
      ...parsed.flatMap(({ warnings }) => warnings),
      ...passedOver.map((other) => warnPassedOver(other, selected)),
      ...inFiles.filter((one) => isFollowing(one, inFiles)).map(({ source }) => documentWarning(source, [], FOLLOWING)),
      ...[
        configMap,
        hiveConfig,
        clusterVersion,
        trustedRoot,
        ...imagePolicies,
        ...policyDocuments,
        ...registriesD,
      ].flatMap((document) => document?.warnings ?? []),
      ...(imagePolicies.length === 0 ? [] : warnOfLeftOutScopes(imagePolicies)),
    ],
  };
}

const FOLLOWING = 'nodes read the first document of a file alone: this one is ignored';

type OfKind<K extends RecognisedDocument['kind']> = Extract<RecognisedDocument, { readonly kind: K }>;

function ofKind<K extends RecognisedDocument['kind']>(all: readonly RecognisedDocument[], kind: K): OfKind<K>[] {
  return all.filter((document): document is OfKind<K> => document.kind === kind);
}

/** Whether nodes do not read a document: of a file in registries.d they read the first one. */
function isFollowing({ source }: OfKind<'registries.d'>, all: readonly OfKind<'registries.d'>[]): boolean {
  const first = all.find((one) => one.source.document === source.document);
  return source.document.startsWith(`${REGISTRIES_D}/`) && first?.source !== source;
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
      throw documentError(
        'KindUnknown',
        source,
        ['kind'],
        'a document without a kind, and neither a policy.json nor a trusted root',
      );
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
  return `list ${kind} in the Profile's ignoreKinds to allow it here`;
}

/** Which ConfigMap counts; the others are not read. */
interface ConfigMapSelection {
  readonly selected: ConfigMapDocument | undefined;
  /** Annotated, but another one counts. */
  readonly passedOver: readonly ConfigMapDocument[];
  /** Neither annotated nor referred to: not a document of trust. */
  readonly foreign: readonly ConfigMapDocument[];
}

/**
 * The ConfigMap that a HiveConfig refers to, annotated or not, else the first annotated one, even if it is broken.
 *
 * @throws ConfigurationError `TrustMissing` for a reference to a ConfigMap that is not there
 */
function selectConfigMap(
  configMaps: readonly ConfigMapDocument[],
  hiveConfig: HiveConfigDocument | undefined,
): ConfigMapSelection {
  const selected =
    hiveConfig?.reference === undefined
      ? configMaps.find(({ isAnnotated }) => isAnnotated)
      : findReferenced(configMaps, hiveConfig);
  const others = configMaps.filter((configMap) => configMap !== selected);
  return {
    selected,
    passedOver: others.filter(({ isAnnotated }) => isAnnotated),
    foreign: others.filter(({ isAnnotated }) => !isAnnotated),
  };
}

/** A warning about an annotated ConfigMap that is ignored. */
function warnPassedOver(configMap: ConfigMapDocument, selected: ConfigMapDocument | undefined): string {
  const reason = selected === undefined ? '' : `: ${configMapTitle(selected)} in ${selected.source.document} counts`;
  return documentWarning(
    configMap.source,
    ['metadata', 'name'],
    `the ConfigMap ${configMapTitle(configMap)} is ignored${reason}`,
  );
}

function findReferenced(
  configMaps: readonly ConfigMapDocument[],
  { source, reference }: HiveConfigDocument,
): ConfigMapDocument {
  const found = configMaps.find(
    ({ namespace, name }) => namespace === reference?.namespace && name === reference?.name,
  );
  if (found !== undefined) return found;
  const path = ['spec', 'releaseImageVerificationConfigMapRef'];
  const title = `${reference?.namespace}/${reference?.name}`;
  throw documentError('TrustMissing', source, path, `the ConfigMap ${title} is not among the documents`);
}
