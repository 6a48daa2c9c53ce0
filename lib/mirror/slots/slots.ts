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
export async function readSlot<S extends Slot>(target: SlotTarget<S>, index: number): Promise<S | undefined> {
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
