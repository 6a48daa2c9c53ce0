import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import { MAX_SIGNATURE_BYTES } from '../../stores/port/signature-store.ts';
import { isStale } from '../../trust/prepared/profiles.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { evaluateSignature, type SignatureEvaluation } from '../../verdict/judge/keyring-requirement.ts';
import { type HeldQuery, type LeftOutSignature, listHeld, type SignatureObjects, toHeldPrefix } from './list-held.ts';
import { toSignedVersion, type VersionLookup } from './release-version.ts';
import type { SignedRelease } from './signature-config-maps.ts';

export interface SignedReleasesRequest extends HeldSignatures, Pick<HeldQuery, 'digests' | 'leaveOutIrregular'> {
  /** The version of a release whose signatures name none. */
  readonly versionOf?: VersionLookup | undefined;
}

/** A release without a signature of some keyring: the profile would reject it. */
interface UnsatisfiedRelease {
  readonly digest: Digest;
  /** Names of the unsatisfied keyrings. */
  readonly keyrings: readonly string[];
}

export interface SignedReleases {
  readonly releases: readonly SignedRelease[];
  readonly leftOut: readonly LeftOutSignature[];
  readonly unsatisfied: readonly UnsatisfiedRelease[];
}

/** Digests that are read at the same time. */
const CONCURRENCY = 16;

/**
 * Reads and verifies the signatures of an object store: one listing, then each signature once. A signature that cannot be
 * read fails the whole call: rendered without it, a ConfigMap would remove it from clusters.
 *
 * @throws ConfigurationError `TrustUnusable` for a profile without keyrings; StoreError, also for stale trust; the abort
 *   reason of the signal
 */
export async function readSignedReleases(request: SignedReleasesRequest): Promise<SignedReleases> {
  const { trust, now, versionOf } = request;
  if (trust.prepared.verification === 'disabled' || trust.keyrings.length === 0) {
    const reason = `the profile ${trust.prepared.profile} has no keyring: only verified signatures are rendered`;
    throw new ConfigurationError('TrustUnusable', reason);
  }
  if (isStale(trust, now))
    throw new StoreError('Unavailable', 'the trust is stale: it was not refreshed within the last 24 hours');
  const { held, irregular } = await listHeld(request);
  const read = await readAll(request, held);
  const signed = read.filter(({ release }) => release.signatures.length > 0);
  return {
    releases: signed.map(({ release }) => ({ ...release, version: release.version ?? versionOf?.(release.digest) })),
    leftOut: [...read.flatMap(({ leftOut }) => leftOut), ...irregular],
    unsatisfied: signed
      .filter(({ missing }) => missing.length > 0)
      .map(({ release, missing }) => ({ digest: release.digest, keyrings: missing })),
  };
}

/** Reads all releases. The first failure also cancels the other reads. */
async function readAll(
  { signal, ...request }: SignedReleasesRequest,
  held: ReadonlyMap<Digest, readonly number[]>,
): Promise<readonly ReadRelease[]> {
  const controller = new AbortController();
  const common = { ...request, signal: AbortSignal.any([signal, controller.signal]) };
  try {
    return await runBounded([...held], CONCURRENCY, ([digest, indexes]) => readSignedRelease(common, digest, indexes));
  } finally {
    controller.abort();
  }
}

/** An object store with signatures, and the trust that verifies them. */
export interface HeldSignatures {
  /** A mirror, data folder or bundle with `signatures/<algo>=<hex>/signature-<n>`. Not trusted. */
  readonly objects: SignatureObjects;
  readonly trust: ReadyTrust;
  readonly now: Date;
  readonly signal: AbortSignal;
}

interface ReadRelease {
  /** With the signed version, if any. */
  readonly release: SignedRelease;
  readonly leftOut: readonly LeftOutSignature[];
  /** Names of the keyrings that no signature satisfies. */
  readonly missing: readonly string[];
}

/**
 * Reads and verifies the signatures of one digest at these indexes. It returns every signature that verifies, each once,
 * not only enough for the profile: a cluster may have only one of several keys.
 *
 * @throws StoreError; the abort reason of the signal
 */
async function readSignedRelease(
  held: HeldSignatures,
  digest: Digest,
  indexes: readonly number[],
): Promise<ReadRelease> {
  const signatures: Uint8Array[] = [];
  const leftOut: LeftOutSignature[] = [];
  const identities = new Set<string>();
  const satisfied = new Set<string>();
  const versions = new Set<string>();
  for (const index of indexes.toSorted((left, right) => left - right)) {
    held.signal.throwIfAborted();
    const key = `${toHeldPrefix(digest)}signature-${index}`;
    const location = `${held.objects.description}/${key}`;
    const untrusted = await readSignature(held.objects, key);
    if (untrusted === undefined) continue;
    const { attempts, verified } = evaluateHeld(held, digest, location, untrusted);
    if (verified.length === 0) leftOut.push({ location, attempts });
    // The same signature in another packet format counts once.
    const isNew = verified.some(({ identity }) => !identities.has(identity));
    if (isNew && untrusted.kind === 'whole') signatures.push(untrusted.bytes);
    for (const { identity, keyring, signedReference } of verified) {
      identities.add(identity);
      satisfied.add(keyring);
      const version = toSignedVersion(signedReference);
      if (version !== undefined) versions.add(version);
    }
  }
  const [version] = [...versions].toSorted((left, right) => (left < right ? -1 : 1));
  const missing = held.trust.keyrings.map(({ name }) => name).filter((name) => !satisfied.has(name));
  return { release: { digest, version, signatures }, leftOut, missing };
}

type UntrustedSignature =
  | { readonly kind: 'whole'; readonly bytes: Uint8Array }
  | { readonly kind: 'too long'; readonly message: string };

/** Undefined for a signature that was removed since the listing. @throws StoreError */
async function readSignature(objects: SignatureObjects, key: string): Promise<UntrustedSignature | undefined> {
  try {
    const stored = await objects.readObject(key, MAX_SIGNATURE_BYTES);
    return stored === undefined ? undefined : { kind: 'whole', bytes: stored.bytes };
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'LimitExceeded') throw error;
    return { kind: 'too long', message: error.message };
  }
}

function evaluateHeld(
  { objects, trust, now }: HeldSignatures,
  digest: Digest,
  location: string,
  untrusted: UntrustedSignature,
): SignatureEvaluation {
  const source = { store: objects.description, location };
  if (untrusted.kind === 'too long') {
    return { attempts: [{ ...source, code: 'LimitExceeded', message: untrusted.message }], verified: [] };
  }
  const seconds = Math.floor(now.getTime() / 1000);
  const { attempts, verified } = evaluateSignature(
    { ...source, untrustedBytes: untrusted.bytes },
    digest,
    trust,
    seconds,
  );
  const readable = verified.filter((signed) => signed.isReadableByClusters && signed.isOfClusterVersion);
  if (readable.length > 0 || verified.length === 0) return { attempts, verified: readable };
  const isFramed = verified.some(({ isReadableByClusters }) => isReadableByClusters);
  const what = isFramed ? 'OpenPGP version 6' : 'its packet format';
  const message = `the signature verifies, but clusters cannot read ${what}`;
  return { attempts: [{ ...source, code: 'SignatureUnsupported', message }], verified: [] };
}
