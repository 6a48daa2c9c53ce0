import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, toStoreSegment } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { MAX_SIGNATURE_BYTES } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { evaluateSignature, type SignatureEvaluation } from '../../verdict/judge/keyring-requirement.ts';
import type { Attempt } from '../../verdict/judge/verdict.ts';
import { toSignedVersion } from './release-version.ts';
import type { SignedRelease } from './signature-config-maps.ts';

/** An object store with signatures, and the trust that verifies them. */
export interface HeldSignatures {
  /** A mirror, data folder or bundle with `signatures/<algo>=<hex>/signature-<n>`. Not trusted. */
  readonly objects: ObjectStore;
  readonly trust: ReadyTrust;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** A signature that no keyring verifies, or that clusters cannot read, with the attempt of each keyring. */
export interface LeftOutSignature {
  readonly location: string;
  readonly attempts: readonly Attempt[];
}

export interface ReadRelease {
  /** With the signed version, if any. */
  readonly release: SignedRelease;
  readonly leftOut: readonly LeftOutSignature[];
  /** Names of the keyrings that no signature satisfies. */
  readonly missing: readonly string[];
}

/** The prefix of a digest's signatures. */
export function toHeldPrefix(digest: Digest): string {
  return `signatures/${toStoreSegment(digest)}/`;
}

/**
 * Reads and verifies the signatures of one digest at these indexes. It returns every signature that verifies, each once,
 * not only enough for the profile: a cluster may have only one of several keys.
 *
 * @throws StoreError; the abort reason of the signal
 */
export async function readSignedRelease(
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
async function readSignature(objects: ObjectStore, key: string): Promise<UntrustedSignature | undefined> {
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
  const readable = verified.filter(({ isReadableByClusters }) => isReadableByClusters);
  if (readable.length > 0 || verified.length === 0) return { attempts, verified: readable };
  const message = 'the signature verifies, but clusters cannot read its packet format';
  return { attempts: [{ ...source, code: 'SignatureUnsupported', message }], verified: [] };
}
