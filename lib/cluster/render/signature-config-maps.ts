import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { type Digest, toKeySegment } from '../../base/names/digest.ts';
import { MAX_CONFIG_MAP_SIGNATURES } from '../../stores/config-map-store.ts';
import { SIGNATURES_LABEL } from '../../trust/documents/config-map.ts';
import { compareMinors, toMinor } from './release-version.ts';
import { toShards } from './to-shards.ts';

/** Bytes of a ConfigMap as compact JSON. `oc apply` copies it to an annotation; annotations have at most 256 KiB. */
export const MAX_CONFIG_MAP_BYTES = 200 * 1024;
/** The namespace from which clusters read signatures and trust. */
export const RELEASE_NAMESPACE = 'openshift-config-managed';
/** The start of the names of rendered signature ConfigMaps. */
export const SIGNATURES_NAME = 'signet-release-signatures';

/** The verified signatures of one digest, in the order of their numbers. */
export interface SignedRelease {
  readonly digest: Digest;
  readonly version: string | undefined;
  readonly signatures: readonly Uint8Array[];
}

export interface SignatureConfigMapDocument {
  readonly apiVersion: 'v1';
  readonly kind: 'ConfigMap';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly binaryData: Readonly<Record<string, string>>;
}

/** One digest, as members of `binaryData`. */
interface Entry {
  readonly digest: Digest;
  readonly members: readonly (readonly [key: string, value: string])[];
  /** Bytes of its members in compact JSON, with a comma after each. */
  readonly bytes: number;
}

/**
 * Renders the ConfigMaps that clusters read signatures from: the releases of a minor version as
 * `signet-release-signatures-4-16-<n>`, those without a version as `signet-release-signatures-unversioned-<n>`. The same
 * releases give the same ConfigMaps in any order, and an added release changes one ConfigMap.
 *
 * @throws ConfigurationError `LimitExceeded` for a digest with more signatures than one ConfigMap holds or a cluster reads
 */
export function toSignatureConfigMaps(releases: readonly SignedRelease[]): readonly SignatureConfigMapDocument[] {
  const digests = new Set(releases.map(({ digest }) => digest));
  // The second would overwrite the keys of the first.
  if (digests.size !== releases.length) throw new Error('a digest is given twice');
  const signed = releases.filter(({ signatures }) => signatures.length > 0);
  const groups = Map.groupBy(signed, ({ version }) => (version === undefined ? undefined : toMinor(version)));
  const minors = [...groups.keys()].filter((minor) => minor !== undefined).toSorted(compareMinors);
  return [...minors, undefined].flatMap((minor) => toGroup(minor, groups.get(minor) ?? []));
}

/** The start of the ConfigMap names of a minor version, or of releases without a version. */
export function toGroupName(minor: string | undefined): string {
  return `${SIGNATURES_NAME}-${minor?.replace('.', '-') ?? 'unversioned'}-`;
}

function toGroup(minor: string | undefined, releases: readonly SignedRelease[]): readonly SignatureConfigMapDocument[] {
  const toName = (number: number): string => `${toGroupName(minor)}${number}`;
  return shardSignatures(releases, toName, MAX_CONFIG_MAP_BYTES);
}

/**
 * ConfigMaps of at most so many bytes, numbered from 1 as {@link toShards} numbers them.
 *
 * @throws ConfigurationError `LimitExceeded` for a digest with more signatures than one ConfigMap holds or a cluster reads
 */
export function shardSignatures(
  releases: readonly SignedRelease[],
  toName: (number: number) => string,
  maxBytes: number,
): readonly SignatureConfigMapDocument[] {
  const shards = toShards(
    releases.map(toEntry),
    (number, entries) => countBytes(toName(number), entries) <= maxBytes,
    (entry) => refuse(entry, maxBytes),
  );
  return shards.map(({ number, entries }) => toDocument(toName(number), entries));
}

function toEntry({ digest, signatures }: SignedRelease): Entry {
  if (signatures.length > MAX_CONFIG_MAP_SIGNATURES) {
    const reason = `${digest} has ${signatures.length} signatures; clusters read at most ${MAX_CONFIG_MAP_SIGNATURES} from ConfigMaps`;
    throw new ConfigurationError('LimitExceeded', reason);
  }
  const members = signatures.map(
    (bytes, index) => [`${toKeySegment(digest)}-${index + 1}`, Buffer.from(bytes).toString('base64')] as const,
  );
  // Four quotes, a colon and a comma; hex and base64 need no escapes.
  const bytes = members.reduce((sum, [key, value]) => sum + key.length + value.length + 6, 0);
  return { digest, members, bytes };
}

/** Bytes of the compact JSON, computed without writing it: a large set is measured many times. */
function countBytes(name: string, entries: readonly Entry[]): number {
  const frame = Buffer.byteLength(JSON.stringify(toDocument(name, [])));
  // The last member has no comma after it.
  return entries.reduce((sum, { bytes }) => sum + bytes, frame - (entries.length === 0 ? 0 : 1));
}

function toDocument(name: string, entries: readonly Entry[]): SignatureConfigMapDocument {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: RELEASE_NAMESPACE, labels: { [SIGNATURES_LABEL]: '' } },
    binaryData: Object.fromEntries(entries.flatMap(({ members }) => members)),
  };
}

function refuse({ digest, members, bytes }: Entry, maxBytes: number): ConfigurationError {
  const what = `the ${members.length} signatures of ${digest} take ${bytes} bytes`;
  const limit = `a ConfigMap holds at most ${maxBytes}, and a digest is not split`;
  return new ConfigurationError('LimitExceeded', `${what}: ${limit}`);
}
