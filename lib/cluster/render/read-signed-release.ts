import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, toStoreSegment } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { MAX_SIGNATURE_BYTES } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/ready-trust.ts';
import { evaluateSignature, type SignatureEvaluation } from '../../verdict/judge/keyring-requirement.ts';
import type { Attempt } from '../../verdict/judge/verdict.ts';
import { toSignedVersion } from './release-version.ts';
import type { SignedRelease } from './signature-config-maps.ts';

/** Where signatures are held, and what they are judged by. */
export interface HeldSignatures {
  /** Holds `signatures/<algo>=<hex>/signature-<n>`: a mirror, a data folder or a bundle. Not trusted. */
  readonly objects: ObjectStore;
  readonly trust: ReadyTrust;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** A signature that no keyring verifies, or that clusters cannot read: each with what was found, by keyring. */
export interface LeftOutSignature {
  readonly location: string;
  readonly attempts: readonly Attempt[];
}

export interface ReadRelease {
  /** Its version is the one that was signed, if any. */
  readonly release: SignedRelease;
  readonly leftOut: readonly LeftOutSignature[];
  /** Names of the keyrings that no signature satisfies. */
  readonly missing: readonly string[];
}

/** Where the signatures of a digest are. */
export function toHeldPrefix(digest: Digest): string {
  return `signatures/${toStoreSegment(digest)}/`;
}

/**
 * Reads and verifies the signatures of one digest at these indexes. All that verify are given, each once, not only
 * enough of them: a cluster may know one key of several.
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
    // The same signature in another framing counts once.
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

/** Undefined for one that was taken away since it was listed. @throws StoreError */
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
  const message = 'it verifies, in a framing that clusters cannot read';
  return { attempts: [{ ...source, code: 'SignatureUnsupported', message }], verified: [] };
}
