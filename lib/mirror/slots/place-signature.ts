import { StoreError } from '../../base/errors/store-error.ts';
import { slotKey } from './slot-layout.ts';
import { heldIdentities, missingRequirements, readSlot, type Slot, type Slots, type SlotTarget } from './slots.ts';

/** Why a signature that satisfies a requirement was not written. */
export type RefusalCode = 'CapacityReserved' | 'MirrorFull';

/** The result for one signature, with the slots as they are known afterwards. */
export type Placement<S extends Slot> =
  | { readonly kind: 'written'; readonly slots: Slots<S>; readonly index: number }
  | { readonly kind: 'held'; readonly slots: Slots<S> }
  | { readonly kind: 'refused'; readonly slots: Slots<S>; readonly code: RefusalCode };

/** Tries for each slot: one may be taken and then free again, as while a prune runs. Then the caller has to retry. */
const TRIES_PER_SLOT = 3;

/**
 * Writes a signature that satisfies a requirement at the lowest free index, unless the mirror holds it in any framing.
 *
 * Writes are conditional, so the decision holds: to write at an index, a writer must know every slot below it. A writer
 * that finds the index taken reads it and decides again. So no two writers store one signature twice, and none takes a
 * slot that is reserved by the time it writes.
 *
 * @param judged the result of judging these bytes, if the caller has it
 * @throws StoreError; the abort reason of the signal
 */
export async function placeSignature<S extends Slot>(
  target: SlotTarget<S>,
  known: Slots<S>,
  bytes: Uint8Array,
  signal: AbortSignal,
  judged?: S,
): Promise<Placement<S>> {
  const { objects, layout } = target;
  let slots = known;
  for (let tries = 0; tries < TRIES_PER_SLOT * layout.last; tries += 1) {
    signal.throwIfAborted();
    const index = lowestFreeIndex(slots, layout.last);
    const candidate = judged ?? target.judge(bytes, index ?? layout.last);
    // Callers pass what was verified a moment ago, by the same trust and time.
    if (candidate.satisfied.length === 0) throw new Error('a signature that satisfies nothing must not be mirrored');
    const held = heldIdentities(slots);
    if (candidate.identities.every((identity) => held.has(identity))) return { kind: 'held', slots };
    if (index === undefined) return { kind: 'refused', slots, code: 'MirrorFull' };
    if (!mayTakeSlot(target, slots, candidate)) return { kind: 'refused', slots, code: 'CapacityReserved' };
    if (await objects.createObject(slotKey(layout, index), bytes)) {
      return { kind: 'written', slots: new Map(slots).set(index, candidate), index };
    }
    const taken = await readSlot(target, index);
    if (taken !== undefined) slots = new Map(slots).set(index, taken);
  }
  throw new StoreError('ConditionFailed', `the mirrored signatures of ${layout.image} keep changing; retry`);
}

/** A signature that satisfies nothing new must leave a slot for each requirement that still lacks a signature. */
function mayTakeSlot(target: SlotTarget<Slot>, slots: Slots<Slot>, { satisfied }: Slot): boolean {
  const missing = missingRequirements(target, slots);
  return satisfied.some((name) => missing.includes(name)) || target.layout.last - slots.size > missing.length;
}

function lowestFreeIndex(slots: Slots<Slot>, last: number): number | undefined {
  for (let index = 1; index <= last; index += 1) if (!slots.has(index)) return index;
  return undefined;
}
