import { createHash } from 'node:crypto';
import type { Digest } from '../../base/names/digest.ts';

/** A part of a set of digests, and its number from 1. */
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
 * Splits a set into shards that fit, by the digests alone: no order, version or earlier state takes part. The bits of a
 * digest's SHA-256 decide, one more for each split.
 *
 * One shard holds everything until it no longer fits. Then the digests whose next bit is 0 keep its number, and those
 * whose bit is 1 get a new number. So an added digest changes one shard; when that shard overflows, some of its digests
 * move to new numbers, and no other shard changes.
 *
 * @param fits whether these entries fit into the shard of this number
 * @param refuse the error for a single entry that does not fit, which is thrown
 */
export function toShards<Entry extends { readonly digest: Digest }>(
  entries: readonly Entry[],
  fits: (number: number, entries: readonly Entry[]) => boolean,
  refuse: (entry: Entry) => Error,
): readonly Shard<Entry>[] {
  function split(placed: readonly Placed<Entry>[], index: number, depth: number): readonly Shard<Entry>[] {
    const [first, second] = placed;
    if (first === undefined) return [];
    const number = index + 1;
    const held = placed.map(({ entry }) => entry);
    if (fits(number, held)) return [{ number, entries: held }];
    if (second === undefined) throw refuse(first.entry);
    return [
      ...split(
        placed.filter(({ hash }) => bitAt(hash, depth) === 0),
        index,
        depth + 1,
      ),
      ...split(
        placed.filter(({ hash }) => bitAt(hash, depth) === 1),
        index + 2 ** depth,
        depth + 1,
      ),
    ];
  }
  const placed = entries
    .map((entry) => ({ entry, hash: createHash('sha256').update(entry.digest).digest() }))
    .toSorted((left, right) => (left.entry.digest < right.entry.digest ? -1 : 1));
  return split(placed, 0, 0).toSorted((left, right) => left.number - right.number);
}

/** Hashes of distinct digests differ in an early bit, long before the shard's number could lose precision. */
function bitAt(hash: Uint8Array, depth: number): number {
  return ((hash[depth >> 3] ?? 0) >> (depth & 7)) & 1;
}
