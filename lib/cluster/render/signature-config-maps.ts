import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { type Digest, toKeySegment } from '../../base/names/digest.ts';
import { MAX_CONFIG_MAP_SIGNATURES } from '../../stores/config-map-store.ts';
import { SIGNATURES_LABEL } from '../../trust/documents/config-map.ts';
import { compareMinors, toMinor } from './release-version.ts';
import { toShards } from './to-shards.ts';

/**
 * Bytes of a ConfigMap as compact JSON. `oc apply` keeps that in an annotation, and the annotations of an object have
 * at most 256 KiB.
 */
export const MAX_CONFIG_MAP_BYTES = 200 * 1024;
/** Where clusters look for both signatures and trust. */
export const RELEASE_NAMESPACE = 'openshift-config-managed';
/** What the names of rendered signature ConfigMaps start with. */
export const SIGNATURES_NAME = 'signet-release-signatures';

/** The signatures of one digest that were verified, in the order in which they are numbered. */
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

/** One digest, as `binaryData` spells it. */
interface Entry {
  readonly digest: Digest;
  readonly members: readonly (readonly [key: string, value: string])[];
  /** Bytes of its members in compact JSON, with a comma after each. */
  readonly bytes: number;
}

/**
 * ConfigMaps that a cluster reads signatures from: all releases of a minor version in
 * `signet-release-signatures-4-16-<n>`, those without a version in `signet-release-signatures-unversioned-<n>`. The
 * same releases give the same ConfigMaps in whatever order they come, and one that is added changes one ConfigMap.
 *
 * @throws ConfigurationError `LimitExceeded` for a digest whose signatures are more than one ConfigMap holds, or more
 *   than are read from ConfigMaps
 */
export function toSignatureConfigMaps(releases: readonly SignedRelease[]): readonly SignatureConfigMapDocument[] {
  const digests = new Set(releases.map(({ digest }) => digest));
  // One would overwrite the keys of the other.
  if (digests.size !== releases.length) throw new Error('a digest was given twice');
  const signed = releases.filter(({ signatures }) => signatures.length > 0);
  const groups = Map.groupBy(signed, ({ version }) => (version === undefined ? undefined : toMinor(version)));
  const minors = [...groups.keys()].filter((minor) => minor !== undefined).toSorted(compareMinors);
  return [...minors, undefined].flatMap((minor) => toGroup(minor, groups.get(minor) ?? []));
}

/** What the names of one minor version's ConfigMaps start with; undefined: of those without a version. */
export function toGroupName(minor: string | undefined): string {
  return `${SIGNATURES_NAME}-${minor?.replace('.', '-') ?? 'unversioned'}-`;
}

function toGroup(minor: string | undefined, releases: readonly SignedRelease[]): readonly SignatureConfigMapDocument[] {
  const toName = (number: number): string => `${toGroupName(minor)}${number}`;
  const shards = toShards(
    releases.map(toEntry),
    (number, entries) => countBytes(toName(number), entries) <= MAX_CONFIG_MAP_BYTES,
    refuse,
  );
  return shards.map(({ number, entries }) => toDocument(toName(number), entries));
}

function toEntry({ digest, signatures }: SignedRelease): Entry {
  if (signatures.length > MAX_CONFIG_MAP_SIGNATURES) {
    const reason = `${digest} has ${signatures.length} signatures; ${MAX_CONFIG_MAP_SIGNATURES} are read from ConfigMaps`;
    throw new ConfigurationError('LimitExceeded', reason);
  }
  const members = signatures.map(
    (bytes, index) => [`${toKeySegment(digest)}-${index + 1}`, Buffer.from(bytes).toString('base64')] as const,
  );
  // Four quotes, a colon and a comma; nothing in hex and base64 is escaped.
  const bytes = members.reduce((sum, [key, value]) => sum + key.length + value.length + 6, 0);
  return { digest, members, bytes };
}

/** Bytes of the compact JSON, without making it: a large set is weighed many times. */
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

function refuse({ digest, members, bytes }: Entry): ConfigurationError {
  const what = `the ${members.length} signatures of ${digest} take ${bytes} bytes`;
  const limit = `a ConfigMap holds at most ${MAX_CONFIG_MAP_BYTES}, and a digest is not split`;
  return new ConfigurationError('LimitExceeded', `${what}: ${limit}`);
}
