import { describe, expect, test } from 'vitest';
import { type Change, formatChanges, toBytesRow, toTimeRow } from '../../bench/against/comparison.ts';

const NAMES = { id: 'row', name: 'a row' };

/** So many values in even steps around a median. */
function spread(median: number, step: number, count = 21): readonly number[] {
  return Array.from({ length: count }, (_, at) => median + (at - (count - 1) / 2) * step);
}

describe('the interval of a median', () => {
  test.each([
    [21, 6, 16],
    [31, 10, 22],
    [41, 14, 28],
    [3, 1, 3],
    [1, 1, 1],
  ])('of %i values is from the %ith to the %ith', (count, low, high) => {
    // Their order does not matter.
    const values = Array.from({ length: count }, (_, at) => at + 1).toReversed();
    expect(toTimeRow(NAMES, values, values).new).toEqual({ median: (count + 1) / 2, low, high });
  });
});

describe('a time', () => {
  test.each<[name: string, old: readonly number[], now: readonly number[], change: Change]>([
    ['is the same', spread(100, 0.1), spread(100, 0.1), 'same'],
    ['is longer by less than a twentieth', spread(100, 0.1), spread(104.9, 0.1), 'same'],
    ['is longer by more, and the intervals are apart', spread(100, 0.1), spread(106, 0.1), 'worse'],
    ['is longer by more, and the intervals overlap', spread(100, 1), spread(106, 1), 'same'],
    ['is shorter by more, and the intervals are apart', spread(106, 0.1), spread(100, 0.1), 'better'],
    ['is shorter by more, and the intervals overlap', spread(106, 1), spread(100, 1), 'same'],
  ])('%s', (_, old, now, change) => {
    expect(toTimeRow(NAMES, old, now).change).toBe(change);
  });
});

test.each<[old: number, now: number, change: Change]>([
  [1000, 1010, 'same'],
  [1000, 1011, 'worse'],
  [1011, 1000, 'better'],
  [1000, 1000, 'same'],
])('%i bytes that become %i are %s', (old, now, change) => {
  expect(toBytesRow(NAMES, old, now).change).toBe(change);
});

test('a table says both sides, their intervals and the change', () => {
  const rows = [toTimeRow(NAMES, [1, 2, 3], [4, 5, 6]), toBytesRow({ id: 'size', name: 'a bundle' }, 64_260, 64_300)];
  expect(formatChanges(rows).split('\n')).toEqual([
    'what      old                     new                     new : old',
    'a row     2.00 ms   1.00 to 3.00  5.00 ms   4.00 to 6.00  2.500      worse',
    'a bundle  64,260 B                64,300 B                1.001      same',
  ]);
});
