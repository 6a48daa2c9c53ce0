import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Digest, parseDigest } from '../../../lib/base/names/digest.ts';
import { type Shard, toShards } from '../../../lib/cluster/render/to-shards.ts';

interface Entry {
  readonly digest: Digest;
  readonly size: number;
}

const CAPACITY = 100;
const fits = (_: number, entries: readonly Entry[]): boolean =>
  entries.reduce((sum, { size }) => sum + size, 0) <= CAPACITY;
const refuse = ({ digest }: Entry): Error => new Error(`too large: ${digest}`);
const part = (entries: readonly Entry[]): readonly Shard<Entry>[] => toShards(entries, fits, refuse);

function toEntry(seed: number, size = 10): Entry {
  return { digest: parseDigest(`sha256:${createHash('sha256').update(`release ${seed}`).digest('hex')}`), size };
}

const entries = fc
  .uniqueArray(fc.record({ seed: fc.nat(100_000), size: fc.integer({ min: 1, max: CAPACITY }) }), {
    selector: ({ seed }) => seed,
    maxLength: 120,
  })
  .map((plans) => plans.map(({ seed, size }) => toEntry(seed, size)));

test('every entry is in one part, every part fits, and numbers are unique', () => {
  fc.assert(
    fc.property(entries, (all) => {
      const shards = part(all);
      const held = shards.flatMap((shard) => shard.entries.map(({ digest }) => digest));
      expect(held.toSorted()).toEqual(all.map(({ digest }) => digest).toSorted());
      expect(shards.every((shard) => shard.entries.length > 0 && fits(shard.number, shard.entries))).toBe(true);
      const numbers = shards.map(({ number }) => number);
      expect(numbers).toEqual([...new Set(numbers)].toSorted((left, right) => left - right));
    }),
  );
});

test('the order of entries does not matter', () => {
  fc.assert(
    fc.property(
      entries.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all], { minLength: all.length }))),
      ([all, shuffled]) => {
        expect(part(shuffled)).toEqual(part(all));
      },
    ),
  );
});

test('one more changes one part; when that overflows, digests leave it for numbers that were not there', () => {
  fc.assert(
    fc.property(entries, fc.nat(100_000), fc.integer({ min: 1, max: CAPACITY }), (all, seed, size) => {
      const added = toEntry(seed + 200_000, size);
      const before = new Map(part(all).map((shard) => [shard.number, shard.entries]));
      const after = new Map(part([...all, added]).map((shard) => [shard.number, shard.entries]));
      const changed = [...before].filter(
        ([number, held]) => JSON.stringify(held) !== JSON.stringify(after.get(number)),
      );
      const created = [...after.keys()].filter((number) => !before.has(number));
      expect(changed.length).toBeLessThanOrEqual(1);
      const [overflowed] = changed;
      const isOverflow = overflowed !== undefined && !fits(overflowed[0], [...overflowed[1], added]);
      if (isOverflow) expect(created.every((number) => number > overflowed[0])).toBe(true);
      else expect(changed.length + created.length).toBe(1);
    }),
    { numRuns: 300 },
  );
});

test('one part as long as all fits, and numbers without holes soon after', () => {
  expect(part(Array.from({ length: 10 }, (_, seed) => toEntry(seed))).map(({ number }) => number)).toEqual([1]);
  const many = part(Array.from({ length: 60 }, (_, seed) => toEntry(seed)));
  expect(many.map(({ number }) => number).slice(0, 4)).toEqual([1, 2, 3, 4]);
});

test('one entry that does not fit is refused by name', () => {
  expect(() => part([toEntry(1), toEntry(2, CAPACITY + 1)])).toThrow(`too large: ${toEntry(2).digest}`);
});
