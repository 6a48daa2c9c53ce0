import { formatUnixTime } from '../../base/documents/unix-time.ts';
import type { Digest } from '../../base/names/digest.ts';
import { type ReleaseSlot, toReleaseSlots } from '../../mirror/slots/release-slots.ts';
import { releaseKey } from '../../mirror/slots/slot-layout.ts';
import { heldIdentities, missingRequirements, readSlots } from '../../mirror/slots/slots.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import type { Attempt } from '../../verdict/judge/verdict.ts';
import type { IdentifiedSignature } from '../../verdict/judge/verify-signature.ts';

/** One signature that the mirror serves, and what each keyring made of it. */
export interface ShownSignature {
  /** Where it is served. */
  readonly path: string;
  readonly attempts: readonly Pick<Attempt, 'keyring' | 'signer' | 'code' | 'message' | 'note'>[];
  /** One for each keyring that it satisfies. */
  readonly signers: readonly {
    readonly keyring: string;
    readonly fingerprint: string;
    readonly signedAt: string;
    readonly expiresAt?: string;
    readonly signedReference: string;
  }[];
}

/** What the mirror holds of a release, judged by a profile now. */
export interface MirroredRelease {
  /** `held`: it satisfies every keyring. `none`: nothing that a keyring verifies, or the profile has no keyring. */
  readonly state: 'held' | 'incomplete' | 'none';
  /** Distinct ones that verify. */
  readonly signatures: number;
  /** Keyrings that nothing here satisfies. */
  readonly missing: readonly string[];
  readonly shown: readonly ShownSignature[];
  /** As the verified signatures name the release, each once. */
  readonly signedReferences: readonly string[];
}

/** Where releases are looked up, and by which trust they are judged. */
export interface CatalogPlaces {
  readonly objects: ObjectStore;
  readonly trust: ReadyTrust;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** Reads and verifies what the mirror holds of a digest: one listing, and each signature once. @throws StoreError */
export async function readMirrored(places: CatalogPlaces, digest: Digest): Promise<MirroredRelease> {
  const { trust, signal } = places;
  const target = toReleaseSlots({ ...places, digest });
  const slots = await readSlots(target, signal);
  const signatures = heldIdentities(slots).size;
  const isVerified = trust.prepared.verification !== 'disabled' && trust.keyrings.length > 0;
  const missing = isVerified ? missingRequirements(target, slots) : [];
  const held = missing.length === 0 ? 'held' : 'incomplete';
  const verified = [...slots.values()].flatMap((slot) => slot.verified);
  return {
    state: signatures === 0 || !isVerified ? 'none' : held,
    signatures,
    missing,
    shown: [...slots].toSorted(([one], [other]) => one - other).map(([index, slot]) => show(digest, index, slot)),
    signedReferences: [...new Set(verified.map(({ signedReference }) => signedReference))],
  };
}

function show(digest: Digest, index: number, { attempts, verified }: ReleaseSlot): ShownSignature {
  return {
    path: `/${releaseKey(digest, index)}`,
    attempts: attempts.map(({ keyring, signer, code, message, note }) => ({ keyring, signer, code, message, note })),
    signers: verified.map(toSigner),
  };
}

function toSigner({ keyring, signer, createdAt, expiresAt, signedReference }: IdentifiedSignature) {
  return {
    keyring,
    fingerprint: signer,
    signedAt: formatUnixTime(createdAt),
    ...(expiresAt === undefined ? {} : { expiresAt: formatUnixTime(expiresAt) }),
    signedReference,
  };
}
