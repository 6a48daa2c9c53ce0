import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { MAX_SIGNATURE_BYTES } from '../../stores/port/signature-store.ts';
import type { Outcome } from '../../verdict/judge/verdict.ts';
import { parseSlotKey, type SlotLayout, slotKey } from './slot-layout.ts';

/** Whether a mirror holds all that is required of it. */
export type Completeness = 'complete' | 'incomplete' | 'indeterminate';

/** The mirror's word for an outcome. */
export function toCompleteness(outcome: Outcome): Completeness {
  switch (outcome) {
    case 'accepted':
      return 'complete';
    case 'rejected':
      return 'incomplete';
    case 'indeterminate':
      return 'indeterminate';
    default:
      return outcome satisfies never;
  }
}

/** A stored signature as the requirements judge it. Stored bytes are not trusted either. */
export interface Slot {
  /** Names of the requirements that it satisfies; none for a signature that does not belong in the mirror. */
  readonly satisfied: readonly string[];
  /** Equal for the same signature in any framing. Read only where a requirement is satisfied. */
  readonly identities: readonly string[];
}

/** The taken slots by index. */
export type Slots<S extends Slot> = ReadonlyMap<number, S>;

/** The slots of one image, and the requirements that its signatures have to satisfy. */
export interface SlotTarget<S extends Slot> {
  readonly objects: ObjectStore;
  readonly layout: SlotLayout;
  /** Names of all requirements. Each has to be satisfied. */
  readonly requirements: readonly string[];
  readonly judge: (untrustedBytes: Uint8Array, index: number) => S;
  /** The slot of an object that is too long for a signature: readers skip it, and it keeps its place. */
  readonly judgeTooLong: (error: StoreError, index: number) => S;
}

/**
 * Reads every taken slot by a listing. A walk would end at a gap and miss the slots behind it.
 *
 * @throws StoreError; the abort reason of the signal
 */
export async function readSlots<S extends Slot>(target: SlotTarget<S>, signal: AbortSignal): Promise<Slots<S>> {
  const { objects, layout } = target;
  const slots = new Map<number, S>();
  for await (const { key } of objects.listObjects(layout.prefix)) {
    signal.throwIfAborted();
    // Another name beside them takes no slot.
    const index = parseSlotKey(layout, key);
    const slot = index === undefined ? undefined : await readSlot(target, index);
    if (index !== undefined && slot !== undefined) slots.set(index, slot);
  }
  return slots;
}

/** The slot at one index; undefined if it is free. @throws StoreError */
async function readSlot<S extends Slot>(target: SlotTarget<S>, index: number): Promise<S | undefined> {
  try {
    const stored = await target.objects.readObject(slotKey(target.layout, index), MAX_SIGNATURE_BYTES);
    return stored === undefined ? undefined : target.judge(stored.bytes, index);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'LimitExceeded') throw error;
    return target.judgeTooLong(error, index);
  }
}

/** The slots that readers see: from 1 to the first gap. */
export function reachableSlots<S extends Slot>(slots: Slots<S>): readonly S[] {
  const reachable: S[] = [];
  for (let slot = slots.get(1); slot !== undefined; slot = slots.get(reachable.length + 1)) reachable.push(slot);
  return reachable;
}

/** The names of the requirements that reachable slots satisfy. */
export function satisfiedNames(slots: Slots<Slot>): ReadonlySet<string> {
  return new Set(reachableSlots(slots).flatMap(({ satisfied }) => satisfied));
}

/** The requirements that no reachable slot satisfies. */
export function missingRequirements({ requirements }: SlotTarget<Slot>, slots: Slots<Slot>): readonly string[] {
  const satisfied = satisfiedNames(slots);
  return requirements.filter((name) => !satisfied.has(name));
}

/** The distinct signatures that readers see and that satisfy a requirement. */
export function heldIdentities(slots: Slots<Slot>): ReadonlySet<string> {
  const useful = reachableSlots(slots).filter(({ satisfied }) => satisfied.length > 0);
  return new Set(useful.flatMap(({ identities }) => identities));
}

/** Why a signature that satisfies a requirement was not written. */
export type RefusalCode = 'CapacityReserved' | 'MirrorFull';

/** The result for one signature, with the slots as they are known afterwards. */
type Placement<S extends Slot> =
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
