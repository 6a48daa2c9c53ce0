import type { SignatureStore } from '../../stores/port/signature-store.ts';
import { type CollectedRelease, collectRelease } from '../../verdict/decide/collect-evidence.ts';
import type { SignatureEvaluation } from '../../verdict/judge/keyring-requirement.ts';
import { placeSignature } from '../slots/place-signature.ts';
import { type MirrorTarget, type ReleaseSlot, toReleaseSlot, toReleaseSlots } from '../slots/release-slots.ts';
import { readSlots, type Slots, satisfiedNames } from '../slots/slots.ts';
import { type MirrorResult, type Progress, toMirrorResult, toUntouchedResult } from './mirror-result.ts';

export interface MirrorRequest extends MirrorTarget {
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
 * Upstream is read until every keyring is satisfied, or each of its stores has ended.
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
