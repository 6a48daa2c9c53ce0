import { type AuditedSlots, SLOT_INDEXES } from './audit-slots.ts';

/**
 * One operation. `write` puts the bytes of one index at another, lower one: over what is there, if the index is taken.
 * Each index is written at most once, and what is written is never taken away again.
 */
export type RepairStep =
  | { readonly kind: 'quarantine'; readonly index: number }
  | { readonly kind: 'write'; readonly from: number; readonly to: number }
  | { readonly kind: 'delete'; readonly index: number };

/**
 * How the signatures that verify come to stand from 1 without gaps, and nothing else beside them but what is unreadable,
 * which stays where it is.
 *
 * In this order a walk from 1 finds after each step all that it found before and that verifies: holes are filled from
 * the lowest, each with the highest signature there is, which is removed only then; what is left over goes last. And a
 * run that ends early leaves at most one signature twice, which the next run takes for a duplicate.
 */
export function planRepair(slots: AuditedSlots): readonly RepairStep[] {
  const indexesOf = (...kinds: readonly string[]) =>
    SLOT_INDEXES.filter((index) => kinds.includes(slots.get(index)?.kind ?? 'empty'));
  const verified = indexesOf('verified');
  const places = SLOT_INDEXES.filter((index) => slots.get(index)?.kind !== 'unreadable').slice(0, verified.length);
  const holes = places.filter((index) => !verified.includes(index));
  const highestFirst = verified.filter((index) => !places.includes(index)).toReversed();
  const moves = highestFirst.flatMap((from, nth): readonly RepairStep[] => {
    const to = holes[nth];
    return to === undefined
      ? []
      : [
          { kind: 'write', from, to },
          { kind: 'delete', index: from },
        ];
  });
  const spare = indexesOf('unverified', 'duplicate').filter((index) => !places.includes(index));
  return [
    ...indexesOf('unverified').map((index) => ({ kind: 'quarantine', index }) as const),
    ...moves,
    ...spare.toReversed().map((index) => ({ kind: 'delete', index }) as const),
  ];
}
