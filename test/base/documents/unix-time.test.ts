import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatUnixDay,
  formatUnixTime,
  isUnixTime,
  MAX_UNIX_TIME,
  parseUnixTime,
} from '../../../lib/base/documents/unix-time.ts';

describe('a time out of untrusted input', () => {
  test.each<[text: string, seconds: number | undefined]>([
    ['0', 0],
    ['1748736000', 1_748_736_000],
    ['253402300799', MAX_UNIX_TIME],
    ['253402300800', undefined],
    ['8640000000001', undefined],
    ['9223372036854775807', undefined],
    ['9223372036854775808', undefined],
    ['99999999999999999999999999', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['1e300', undefined],
    ['0x10', undefined],
    ['01', undefined],
    [' 1', undefined],
    ['1\n', undefined],
    ['NaN', undefined],
    ['Infinity', undefined],
    ['', undefined],
    ['now', undefined],
  ])('%j is %s', (text, seconds) => {
    expect(parseUnixTime(text)).toBe(seconds);
  });

  test.each<[seconds: number, shown: string, day: string]>([
    [0, '1970-01-01T00:00:00.000Z', '1970-01-01'],
    [-1, '1969-12-31T23:59:59.000Z', '1969-12-31'],
    [MAX_UNIX_TIME, '9999-12-31T23:59:59.000Z', '9999-12-31'],
    [MAX_UNIX_TIME + 1, 'second 253402300800 since 1970', 'second 253402300800 since 1970'],
    [8_640_000_000_001, 'second 8640000000001 since 1970', 'second 8640000000001 since 1970'],
    [-1e300, 'second -1e+300 since 1970', 'second -1e+300 since 1970'],
    [Number.NaN, 'second NaN since 1970', 'second NaN since 1970'],
    [Infinity, 'second Infinity since 1970', 'second Infinity since 1970'],
  ])('%d is shown as %s', (seconds, shown, day) => {
    expect([formatUnixTime(seconds), formatUnixDay(seconds)]).toEqual([shown, day]);
  });

  test('every number is shown, and every time parses back to itself', () => {
    fc.assert(
      fc.property(fc.double(), (seconds) => {
        expect(formatUnixTime(seconds)).not.toBe('');
        expect(formatUnixDay(seconds)).not.toBe('');
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_UNIX_TIME }), (seconds) => {
        expect(isUnixTime(seconds)).toBe(true);
        expect(parseUnixTime(String(seconds))).toBe(seconds);
        expect(Date.parse(formatUnixTime(seconds))).toBe(seconds * 1000);
      }),
    );
  });
});
