import { StoreError } from '../../base/errors/store-error.ts';
import { MAX_RELEASE_SIGNATURES } from '../../stores/port/signature-store.ts';
import type { SignatureEvaluation } from '../../verdict/judge/keyring-requirement.ts';
import {
  evaluateMirrored,
  heldIdentities,
  type MirrorSlots,
  type MirrorTarget,
  mirrorKey,
  readMirrorSlot,
  satisfiedKeyrings,
} from './mirror-slots.ts';

/** Why a signature that verifies was not written. */
export type RefusalCode = 'CapacityReserved' | 'MirrorFull';

/** What became of one signature, and the slots as they are known afterwards. */
export type Placement =
  | { readonly kind: 'written'; readonly slots: MirrorSlots; readonly index: number }
  | { readonly kind: 'held'; readonly slots: MirrorSlots }
  | { readonly kind: 'refused'; readonly slots: MirrorSlots; readonly code: RefusalCode };

/** Times that a place may be taken and then empty again, as while a prune runs, before the caller has to retry. */
const MAX_TRIES = 3 * MAX_RELEASE_SIGNATURES;

/**
 * Writes one verified signature at the lowest free index, unless it is held already in whatever framing.
 *
 * A conditional create makes the decision hold: to write at an index, a writer must know all that is below it, and
 * whoever finds the index taken reads it and decides anew. So no two writers write one signature twice, and none takes
 * a place that is reserved by the time it writes.
 *
 * @param evaluation what every keyring of the profile makes of these bytes, where that was just found out
 * @throws StoreError
 */
export async function placeSignature(
  target: MirrorTarget,
  known: MirrorSlots,
  bytes: Uint8Array,
  signal: AbortSignal,
  evaluation?: SignatureEvaluation,
): Promise<Placement> {
  let slots = known;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    signal.throwIfAborted();
    const index = lowestFreeIndex(slots);
    const candidate = evaluation ?? evaluateMirrored(target, index ?? MAX_RELEASE_SIGNATURES, bytes);
    // Callers pass what verified a moment ago, by the same trust and time.
    if (candidate.verified.length === 0) throw new Error('a signature that does not verify must not be mirrored');
    const held = heldIdentities(slots);
    if (candidate.verified.every(({ identity }) => held.has(identity))) return { kind: 'held', slots };
    if (index === undefined) return { kind: 'refused', slots, code: 'MirrorFull' };
    if (!mayTakePlace(target, slots, candidate)) return { kind: 'refused', slots, code: 'CapacityReserved' };
    if (await target.objects.createObject(mirrorKey(target.digest, index), bytes)) {
      return { kind: 'written', slots: withSlot(slots, index, candidate), index };
    }
    const taken = await readMirrorSlot(target, index);
    if (taken !== undefined) slots = withSlot(slots, index, taken);
  }
  throw new StoreError('ConditionFailed', `the mirrored signatures of ${target.digest} keep changing; retry`);
}

/** A signature that satisfies no further keyring leaves a place for each keyring that still lacks one. */
function mayTakePlace({ trust }: MirrorTarget, slots: MirrorSlots, { verified }: SignatureEvaluation): boolean {
  const satisfied = satisfiedKeyrings(slots);
  if (verified.some(({ keyring }) => !satisfied.has(keyring))) return true;
  const unsatisfied = trust.keyrings.filter(({ name }) => !satisfied.has(name)).length;
  return MAX_RELEASE_SIGNATURES - slots.size > unsatisfied;
}

function lowestFreeIndex(slots: MirrorSlots): number | undefined {
  for (let index = 1; index <= MAX_RELEASE_SIGNATURES; index += 1) if (!slots.has(index)) return index;
  return undefined;
}

function withSlot(slots: MirrorSlots, index: number, slot: SignatureEvaluation): MirrorSlots {
  return new Map(slots).set(index, slot);
}
