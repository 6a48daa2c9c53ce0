import { armor, enums } from 'openpgp';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { type Repository, repositoryPath } from '../../base/names/reference.ts';
import { readKeyFile } from '../../crypto/openpgp/keys/key-file.ts';
import { type KeyringEntry, TRUST_ANNOTATION } from '../../trust/documents/config-map.ts';
import { collectDocuments } from '../../trust/prepare/collect-documents.ts';
import { prepareTrust } from '../../trust/prepare/prepare-trust.ts';
import { sortTrustFiles } from '../../trust/prepare/trust-files.ts';
import type { ConfiguredStore, PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { TrustDocument } from '../../trust/prepared/trust-document.ts';
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
const CLUSTER_WARNING =
  'clusters restore this ConfigMap from the release that they run: use it for Hive (releaseImageVerificationConfigMapRef) and other verifiers';

/**
 * Renders the trust of a profile as the ConfigMap that other verifiers read. Keys are armored again from their
 * certificates, so that text around them is left out.
 *
 * @throws ConfigurationError for documents that do not load, or that lack a keyring or store
 */
export async function toTrustManifest(profile: string, documents: readonly TrustDocument[]): Promise<TrustManifest> {
  const trust = await prepareTrust(profile, documents);
  const keyrings = collectDocuments(sortTrustFiles(documents)).configMap?.keyrings ?? [];
  if (keyrings.length === 0) throw unusable(`the profile ${profile} has no keyring: a trust ConfigMap needs one`);
  if (trust.stores.length === 0) throw unusable(`the profile ${profile} has no store: a trust ConfigMap needs one`);
  const data = Object.fromEntries([
    ...trust.stores.map(toStoreEntry),
    ...keyrings.map((keyring) => [keyring.name, armorKeyring(keyring)] as const),
    ...toRepositoryEntries(trust.canonicalRepositories),
  ]);
  const wrong = Object.keys(data).find((key) => !DATA_KEY.test(key));
  if (wrong !== undefined)
    throw unusable(`${JSON.stringify(wrong)} is not a key of a ConfigMap: use A-Z, a-z, 0-9, "-", "_" and "."`);
  const configMap = toConfigMap(data);
  if (Buffer.byteLength(JSON.stringify(configMap)) > MAX_CONFIG_MAP_BYTES) {
    const reason = `the trust of ${profile} takes more than ${MAX_CONFIG_MAP_BYTES} bytes, the limit of one ConfigMap`;
    throw new ConfigurationError('LimitExceeded', reason);
  }
  return { configMap, warnings: [...listNotExpressed(trust), CLUSTER_WARNING] };
}

function toConfigMap(data: Readonly<Record<string, string>>): TrustConfigMapDocument {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'release-verification', namespace: RELEASE_NAMESPACE, annotations: { [TRUST_ANNOTATION]: '' } },
    data,
  };
}

/** The stores of a ClusterVersion have no keys, so they are numbered. */
function toStoreEntry({ url, origin }: ConfiguredStore, index: number): readonly [string, string] {
  return [origin.startsWith('store-') ? origin : `store-${index + 1}`, url];
}

/** Keeps the armor blocks apart, as written: clusters read only the first, and must read the same one after this. */
function armorKeyring({ bytes }: KeyringEntry): string {
  const blocks = Map.groupBy(readKeyFile(bytes), ({ armorBlock }) => armorBlock);
  return [...blocks.values()]
    .map((certificates) => {
      const packets = Buffer.concat(certificates.map(({ packets: { bytes: certificate } }) => certificate));
      // Older Go readers reject a block without a checksum.
      const text = armor(enums.armor.publicKey, packets, undefined, undefined, undefined, true);
      return `${text.replaceAll('\r\n', '\n').trimEnd()}\n`;
    })
    .join('');
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
