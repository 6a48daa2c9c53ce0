import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { type Repository, repositoryPath } from '../../base/names/reference.ts';
import { refuseByOperator, writeKeyBlock } from '../../crypto/openpgp/keys/cluster-certificates.ts';
import { readKeyFile } from '../../crypto/openpgp/keys/key-file.ts';
import { type KeyringEntry, TRUST_ANNOTATION } from '../../trust/documents/config-map.ts';
import { collectDocuments } from '../../trust/prepare/collect-documents.ts';
import { prepareTrust } from '../../trust/prepare/prepare-trust.ts';
import type { ConfiguredStore, PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { sortTrustFiles, type TrustDocument } from '../../trust/prepared/trust-document.ts';
import { parseDnsName } from './dns-name.ts';
import { MAX_CONFIG_MAP_BYTES, RELEASE_NAMESPACE } from './signature-config-maps.ts';

/** The ConfigMap with the keys, stores and repositories of release verification. */
export interface TrustConfigMapDocument {
  readonly apiVersion: 'v1';
  readonly kind: 'ConfigMap';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly data: Readonly<Record<string, string>>;
}

/** The ConfigMap, and warnings about what it cannot express or do. */
export interface TrustManifest {
  readonly configMap: TrustConfigMapDocument;
  readonly warnings: readonly string[];
}

const DATA_KEY = /^[-._a-zA-Z0-9]{1,253}$/;
/** The name that clusters give it. */
const NAME = 'release-verification';

/** Where the ConfigMap goes; what is left out is as in clusters. */
interface ConfigMapPlace {
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  /**
   * With the repositories of the profile, for Signet: library-go and the cluster-version operator warn of these keys, which
   * they do not know.
   */
  readonly withRepositories?: boolean | undefined;
}

const CLUSTER_WARNING =
  'clusters restore this ConfigMap from the release that they run: use it for Hive (releaseImageVerificationConfigMapRef) and other verifiers';

/**
 * Renders the trust of a profile as the ConfigMap that other verifiers read. Keys are armored again from their
 * certificates, so that text around them is left out; so is every certificate that cluster-version operators do not load,
 * with a warning.
 *
 * @throws ConfigurationError for documents that do not load, that lack a keyring or store, or of which a keyring would be
 *   left without a certificate
 */
export async function toTrustManifest(
  profile: string,
  documents: readonly TrustDocument[],
  { name = NAME, namespace = RELEASE_NAMESPACE, withRepositories = false }: ConfigMapPlace = {},
): Promise<TrustManifest> {
  const trust = await prepareTrust(profile, documents);
  const keyrings = collectDocuments(sortTrustFiles(documents)).configMap?.keyrings ?? [];
  if (keyrings.length === 0) throw unusable(`the profile ${profile} has no keyring: a trust ConfigMap needs one`);
  if (trust.stores.length === 0) throw unusable(`the profile ${profile} has no store: a trust ConfigMap needs one`);
  const rendered = keyrings.map(renderKeyring);
  const data = Object.fromEntries([
    ...trust.stores.map(toStoreEntry),
    ...rendered.map((keyring) => [keyring.name, keyring.text] as const),
    ...(withRepositories ? toRepositoryEntries(trust.canonicalRepositories) : []),
  ]);
  const wrong = Object.keys(data).find((key) => !DATA_KEY.test(key));
  if (wrong !== undefined)
    throw unusable(`${JSON.stringify(wrong)} is not a key of a ConfigMap: use A-Z, a-z, 0-9, "-", "_" and "."`);
  const configMap = toConfigMap(data, parseDnsName(name), parseNamespace(namespace));
  if (Buffer.byteLength(JSON.stringify(configMap)) > MAX_CONFIG_MAP_BYTES) {
    const reason = `the trust of ${profile} takes more than ${MAX_CONFIG_MAP_BYTES} bytes, the limit of one ConfigMap`;
    throw new ConfigurationError('LimitExceeded', reason);
  }
  const isOfCluster = name === NAME && namespace === RELEASE_NAMESPACE;
  const leftOut = rendered.flatMap((keyring) => keyring.leftOut);
  return { configMap, warnings: [...leftOut, ...listNotExpressed(trust), ...(isOfCluster ? [CLUSTER_WARNING] : [])] };
}

function toConfigMap(data: Readonly<Record<string, string>>, name: string, namespace: string): TrustConfigMapDocument {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, annotations: { [TRUST_ANNOTATION]: '' } },
    data,
  };
}

/** A namespace is one label of a name. @throws InputError `ArgumentInvalid` */
function parseNamespace(text: string): string {
  if (!text.includes('.')) return parseDnsName(text);
  throw new InputError('ArgumentInvalid', `${JSON.stringify(text)} is no namespace: use a-z, 0-9 and "-"`);
}

/** The stores of a ClusterVersion have no keys, so they are numbered. */
function toStoreEntry({ url, origin }: ConfiguredStore, index: number): readonly [string, string] {
  return [origin.startsWith('store-') ? origin : `store-${index + 1}`, url];
}

const LATER_BLOCK = 'cluster-version operators read the first armor block of a keyring alone';

interface RenderedKeyring {
  readonly name: string;
  readonly text: string;
  /** A warning for each certificate that is left out. */
  readonly leftOut: readonly string[];
}

/**
 * The certificates that operators load of a keyring, and no more of them: of several armor blocks they read the first. A
 * certificate that they do not load would take the one before it away from them.
 */
function renderKeyring({ name, bytes }: KeyringEntry): RenderedKeyring {
  const { certificates, unusable: unread } = readKeyFile(bytes);
  const judged = certificates.map(({ packets, armorBlock }) => ({
    packets,
    reason: refuseByOperator(packets) ?? (armorBlock === 0 ? undefined : LATER_BLOCK),
  }));
  const left = [
    ...unread.map((key) => `${key.name}: ${key.reason}`),
    ...judged.flatMap(({ packets, reason }) =>
      reason === undefined ? [] : [`certificate ${packets.primary.fingerprint}: ${reason}`],
    ),
  ];
  const kept = judged.flatMap(({ packets, reason }) => (reason === undefined ? [packets] : []));
  if (kept.length === 0) {
    throw unusable(`operators load no certificate of the keyring ${name}: ${left.join('; ')}`);
  }
  return { name, text: writeKeyBlock(kept), leftOut: left.map((what) => `${name}: left out ${what}`) };
}

/** Named by the last path segment of the repository; equal names are numbered from 2. */
function toRepositoryEntries(repositories: readonly Repository[]): readonly (readonly [string, string])[] {
  const entries = new Map<string, string>();
  for (const repository of repositories) {
    const name = `release-repository-${repositoryPath(repository).split('/').at(-1) ?? ''}`;
    let key = name;
    for (let number = 2; entries.has(key); number += 1) key = `${name}-${number}`;
    entries.set(key, repository);
  }
  return [...entries];
}

/** A warning about settings of the profile that a ConfigMap cannot express. */
function listNotExpressed(trust: PreparedTrust): readonly string[] {
  const { canonicalRepositories, signedRepositories, signedRepository, imagePolicies } = trust;
  const others = signedRepositories.filter((repository) => !canonicalRepositories.includes(repository));
  const settings = [
    ...(signedRepository === 'off' ? ['that a payload may name any repository (signedRepository: off)'] : []),
    ...(others.length === 0 ? [] : [`that a payload may name ${others.join(' or ')}`]),
    ...(imagePolicies.length === 0 ? [] : [`its ${imagePolicies.length} image policies`]),
    ...(trust.verification === 'disabled' ? ['verification: disabled'] : []),
    ...(trust.storeAccess.ca === undefined ? [] : ['the caFile of its stores']),
  ];
  if (settings.length === 0) return [];
  return [`this ConfigMap cannot express these settings of the profile ${trust.profile}: ${settings.join('; ')}`];
}

function unusable(reason: string): ConfigurationError {
  return new ConfigurationError('TrustUnusable', reason);
}
