import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { isStale } from '../../trust/prepared/profiles.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { type CollectedRelease, collectRelease } from '../../verdict/decide/collect-evidence.ts';
import { findPolicies, isRefused } from '../../verdict/decide/policies-at-name.ts';
import type { SignatureEvaluation } from '../../verdict/judge/keyring-requirement.ts';
import { isSigned, type SignedRequirement, toCandidate } from '../../verdict/judge/requirement.ts';
import type { Reason } from '../../verdict/judge/verdict.ts';
import { type LookasideResult, mirrorLookaside } from '../slots/lookaside-mirror.ts';
import { type MirrorTarget, type ReleaseSlot, toReleaseSlot, toReleaseSlots } from '../slots/release-slots.ts';
import { placeSignature, readSlots, type Slot, type Slots, satisfiedNames } from '../slots/slots.ts';
import { type MirrorResult, type Progress, toMirrorResult, toUntouchedResult } from './mirror-result.ts';

interface MirrorRequest extends MirrorTarget {
  /** Signatures are copied from here. Not contacted when the held signatures satisfy every keyring. */
  readonly upstream: SignatureStore;
  readonly signal: AbortSignal;
  /** A listing has just shown that nothing is held, so the slots are not read. A writer in between is noticed. */
  readonly isKnownEmpty?: boolean | undefined;
}

/**
 * Copies the signatures of one digest into `signatures/<algo>=<hex>/signature-<n>`: only those that satisfy a keyring,
 * each once, from 1 without gaps. Nothing is replaced or deleted. Several may mirror the same digest at once.
 *
 * Upstream is read until every keyring is satisfied by a signature that clusters can read, or each of its stores has
 * ended. A signature of OpenPGP version 6 is kept, and is not enough for clusters.
 *
 * @throws StoreError when the mirror itself fails; the abort reason of the signal
 */
export async function mirrorDigest(request: MirrorRequest): Promise<MirrorResult> {
  const { trust, digest, upstream, now, signal } = request;
  const untouched = toUntouchedResult(digest, trust, now);
  if (untouched !== undefined) return untouched;
  const slots: Slots<ReleaseSlot> =
    request.isKnownEmpty === true ? new Map() : await readSlots(toReleaseSlots(request), signal);
  const start: Progress = { slots, written: [], refused: [], attempts: [], storeFailed: false };
  const satisfied = satisfiedNames(slots);
  const keyrings = trust.keyrings.filter(({ name }) => !satisfied.has(name));
  if (keyrings.length === 0) return toMirrorResult(request, start);
  const { collected } = await collectRelease(digest, { ...trust, keyrings }, upstream, now, signal, {
    isCounted: ({ signature }) => signature?.isReadableByClusters === true,
    isEnough: ({ signature }) => signature?.isOfClusterVersion === true,
  });
  const { attempts, storeFailed, retryAfterSeconds, verified } = collected;
  const progress = { ...start, attempts, storeFailed, retryAfterSeconds };
  // A signature that every keyring has judged need not be judged again to be placed.
  const isWhole = keyrings.length === trust.keyrings.length;
  return toMirrorResult(request, await placeAll(request, progress, toDistinct(verified), isWhole));
}

/** A signature in the first framing that was read, and the keyrings that it satisfies. */
type Distinct = Pick<SignatureEvaluation, 'verified'> & { readonly bytes: Uint8Array };

function toDistinct(verified: CollectedRelease['collected']['verified']): readonly Distinct[] {
  const distinct = new Map<string, Uint8Array>();
  for (const { proof, bytes } of verified) {
    const { signature } = proof;
    if (signature !== undefined && !distinct.has(signature.identity)) distinct.set(signature.identity, bytes);
  }
  return [...new Set(distinct.values())].map((bytes) => ({
    bytes,
    verified: verified.filter((entry) => entry.bytes === bytes).flatMap(({ proof }) => proof.signature ?? []),
  }));
}

async function placeAll(
  request: MirrorRequest,
  start: Progress,
  signatures: readonly Distinct[],
  isWhole: boolean,
): Promise<Progress> {
  const target = toReleaseSlots(request);
  let progress = start;
  for (const { bytes, verified } of signatures) {
    const judged = isWhole ? toReleaseSlot({ attempts: [], verified }) : undefined;
    const placement = await placeSignature(target, progress.slots, bytes, request.signal, judged);
    const { slots } = placement;
    switch (placement.kind) {
      case 'written':
        progress = { ...progress, slots, written: [...progress.written, placement.index] };
        break;
      case 'refused':
        progress = { ...progress, slots, refused: [...progress.refused, { bytes, code: placement.code }] };
        break;
      case 'held':
        progress = { ...progress, slots };
        break;
      default:
        return placement satisfies never;
    }
  }
  return progress;
}

interface MirrorImageRequest {
  readonly image: { readonly repository: Repository; readonly digest: Digest };
  readonly trust: ReadyTrust;
  readonly upstream: SignatureStore;
  readonly objects: ObjectStore;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** A requirement. Its name is its number among those of the image. */
interface NamedRequirement {
  readonly name: string;
  readonly requirement: SignedRequirement;
}

/**
 * Copies the signatures of an image that satisfy a requirement of the profile's policy.json into the mirror's lookaside.
 * Nothing is read if the profile does not apply the policy, or the policy rejects the image in any case.
 *
 * @throws StoreError when the mirror itself fails; the abort reason of the signal
 */
export async function mirrorImage(request: MirrorImageRequest): Promise<LookasideResult> {
  const { image, trust, upstream, objects, now, signal } = request;
  const { repository, digest } = image;
  // Written signatures stay, and a key may have been revoked since the trust was refreshed.
  if (isStale(trust, now)) throw new StoreError('Unavailable', 'the trust was not refreshed within the last 24 hours');
  const { names, judge } = createImageJudge(image, trust.prepared, now);
  return await mirrorLookaside({ objects, repository, digest, requirements: names, judge, upstream, signal });
}

/** What OpenPGP signatures of an image are judged by. */
interface ImageJudge {
  /** Of the requirements; none where no policy asks for OpenPGP signatures of it. */
  readonly names: readonly string[];
  readonly judge: (untrustedBytes: Uint8Array) => JudgedMessage;
}

interface JudgedMessage extends Slot {
  /** Why each requirement that it does not satisfy refuses it. */
  readonly reasons: readonly Reason[];
}

/** The requirements of a profile's policy.json for OpenPGP signatures of an image. */
export function createImageJudge(image: MirrorImageRequest['image'], prepared: PreparedTrust, now: Date): ImageJudge {
  const { repository, digest } = image;
  const seconds = Math.floor(now.getTime() / 1000);
  const reference = { name: repository, tag: undefined, digest };
  const named = listRequirements(image, prepared);
  const judge = (untrustedBytes: Uint8Array): JudgedMessage => {
    const candidate = toCandidate({ store: '', location: '', untrustedBytes });
    const met: { readonly name: string; readonly identity: string }[] = [];
    const reasons: Reason[] = [];
    for (const { name, requirement } of named) {
      const { attempt, proof } = requirement.verify(candidate, { reference, digest }, seconds);
      if (proof?.signature !== undefined) met.push({ name, identity: proof.signature.identity });
      else if (attempt.code !== 'Verified') reasons.push({ code: attempt.code, message: attempt.message });
    }
    return { satisfied: met.map(({ name }) => name), identities: met.map(({ identity }) => identity), reasons };
  };
  return { names: named.map(({ name }) => name), judge };
}

function listRequirements(
  { repository, digest }: MirrorImageRequest['image'],
  prepared: PreparedTrust,
): readonly NamedRequirement[] {
  if (prepared.verification === 'disabled' || prepared.require === 'openpgp') return [];
  const { own } = findPolicies({ ...prepared, canonicalRepositories: [repository] }, repository, digest);
  if (isRefused(own)) return [];
  return own.documents
    .flatMap(({ requirements }) => requirements)
    .flatMap((requirement, index) =>
      isSigned(requirement) && requirement.signatureKind === 'openpgp'
        ? [{ name: String(index + 1), requirement }]
        : [],
    );
}
