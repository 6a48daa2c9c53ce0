import { StoreError } from '../../base/errors/store-error.ts';
import {
  type JudgedSignature,
  type LookasideSlots,
  type LookasideTarget,
  lookasideKey,
  MAX_LOOKASIDE_PLACES,
  missingRequirements,
  readLookasideSlot,
  usefulSlots,
} from './lookaside-slots.ts';

/** What became of one signature, and the slots as they are known afterwards. */
export type LookasidePlacement =
  | { readonly kind: 'written'; readonly slots: LookasideSlots; readonly index: number }
  | { readonly kind: 'held' | 'refused'; readonly slots: LookasideSlots };

/** Times that a place may be taken and then empty again before the caller has to retry. */
const MAX_TRIES = 2 * MAX_LOOKASIDE_PLACES;

/**
 * Writes one signature that satisfies a requirement at the lowest free index, unless it is held already in whatever
 * framing. One that satisfies nothing new leaves a place for each requirement that still lacks one, else `refused`.
 *
 * A conditional create makes the decision hold: to write at an index, a writer must know all that is below it, and
 * whoever finds it taken reads it and decides anew.
 *
 * @throws StoreError
 */
export async function placeInLookaside(
  target: LookasideTarget,
  known: LookasideSlots,
  { bytes, judged }: { readonly bytes: Uint8Array; readonly judged: JudgedSignature },
  signal: AbortSignal,
): Promise<LookasidePlacement> {
  if (judged.satisfied.length === 0) throw new Error('a signature that satisfies nothing must not be mirrored');
  let slots = known;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    signal.throwIfAborted();
    if (isHeld(slots, judged)) return { kind: 'held', slots };
    const index = lowestFreeIndex(slots);
    if (index === undefined || !mayTakePlace(target, slots, judged)) return { kind: 'refused', slots };
    if (await target.objects.createObject(lookasideKey(target, index), bytes)) {
      return { kind: 'written', slots: new Map(slots).set(index, judged), index };
    }
    const taken = await readLookasideSlot(target, index);
    if (taken !== undefined) slots = new Map(slots).set(index, taken);
  }
  const { repository, digest } = target;
  throw new StoreError('ConditionFailed', `the mirrored signatures of ${repository}@${digest} keep changing; retry`);
}

/** The same signature satisfies the same requirements: for another image it would be at another key. */
function isHeld(slots: LookasideSlots, { identity }: JudgedSignature): boolean {
  return usefulSlots(slots).some((slot) => slot.identity === identity);
}

function mayTakePlace(target: LookasideTarget, slots: LookasideSlots, { satisfied }: JudgedSignature): boolean {
  const missing = missingRequirements(target, slots);
  return satisfied.some((name) => missing.includes(name)) || MAX_LOOKASIDE_PLACES - slots.size > missing.length;
}

function lowestFreeIndex(slots: LookasideSlots): number | undefined {
  for (let index = 1; index <= MAX_LOOKASIDE_PLACES; index += 1) if (!slots.has(index)) return index;
  return undefined;
}
