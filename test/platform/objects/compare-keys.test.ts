import { check, constantFrom, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys } from '../../../lib/platform/objects/port/object-store.ts';

const byBytes = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right));

test.each([
  ['the same', 'a/b', 'a/b', 0],
  ['a start comes first', 'a', 'a/b', -1],
  ['a point before a slash', 'a.b', 'a/b', -1],
  ['by code points: the last of the first plane before the first of the second', '\uffff', '\u{10000}', -1],
  ['a private character before one that takes two units', '\ue000', '\u{1f511}', -1],
  ['the last before the surrogates', '\ud7ff', '\u{10000}', -1],
])('the order of keys: %s', (_, left, right, sign) => {
  expect([Math.sign(compareKeys(left, right)), Math.sign(compareKeys(right, left))]).toEqual([sign, 0 - sign]);
  expect(Math.sign(byBytes(left, right))).toBe(sign);
});

test('the order of keys is that of their bytes', () => {
  const key = string({
    unit: constantFrom('a', '/', '.', 'ö', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'),
  });
  const isSame = (left: string, right: string): boolean =>
    Math.sign(compareKeys(left, right)) === Math.sign(byBytes(left, right));
  const { failed, counterexample } = check(property(key, key, isSame), { numRuns: 2000 });
  expect([failed, counterexample]).toEqual([false, null]);
});
