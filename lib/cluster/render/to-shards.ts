import { createHash } from 'node:crypto';
import type { Digest } from '../../base/names/digest.ts';

/** A part of a set of digests, and the number that names it, from 1. */
export interface Shard<Entry> {
  readonly number: number;
  /** Sorted by digest. */
  readonly entries: readonly Entry[];
}

interface Placed<Entry> {
  readonly entry: Entry;
  readonly hash: Uint8Array;
}

/**
 * Parts a set so that every part fits, by the digests alone: no order of arrival, no version, nothing remembered. Bits
 * of a digest's SHA-256 decide, one more for each time that a part has to be parted.
 *
 * One part holds all until it no longer fits. Then the digests whose next bit is 0 stay under its number, and those
 * whose bit is 1 go to a number that was not there before. So a digest that is added changes one part; when that part
 * overflows, some of its digests move, always to new numbers, and no other part changes.
 *
 * @param fits whether these entries fit into the part of this number
 * @param refuse says why a single entry does not fit. @throws what it returns
 */
export function toShards<Entry extends { readonly digest: Digest }>(
  entries: readonly Entry[],
  fits: (number: number, entries: readonly Entry[]) => boolean,
  refuse: (entry: Entry) => Error,
): readonly Shard<Entry>[] {
  function part(placed: readonly Placed<Entry>[], index: number, depth: number): readonly Shard<Entry>[] {
    const [first, second] = placed;
    if (first === undefined) return [];
    const number = index + 1;
    const held = placed.map(({ entry }) => entry);
    if (fits(number, held)) return [{ number, entries: held }];
    if (second === undefined) throw refuse(first.entry);
    return [
      ...part(
        placed.filter(({ hash }) => bitAt(hash, depth) === 0),
        index,
        depth + 1,
      ),
      ...part(
        placed.filter(({ hash }) => bitAt(hash, depth) === 1),
        index + 2 ** depth,
        depth + 1,
      ),
    ];
  }
  const placed = entries
    .map((entry) => ({ entry, hash: createHash('sha256').update(entry.digest).digest() }))
    .toSorted((left, right) => (left.entry.digest < right.entry.digest ? -1 : 1));
  return part(placed, 0, 0).toSorted((left, right) => left.number - right.number);
}

/** Distinct digests differ in some bit of their hashes, long before the number could lose precision. */
function bitAt(hash: Uint8Array, depth: number): number {
  return ((hash[depth >> 3] ?? 0) >> (depth & 7)) & 1;
}
