import * as v from 'valibot';
import { expect, test } from 'vitest';
import { toFaults, utcTime } from '../../../lib/base/documents/schema.ts';

test.each<[name: string, text: unknown, isTime: boolean]>([
  ['as `Date` writes it', '2026-01-31T12:00:00.000Z', true],
  ['without milliseconds', '2026-01-31T12:00:00Z', true],
  ['with nanoseconds', '2026-01-31T12:00:00.123456789Z', true],
  ['the 29th of February of a leap year', '2024-02-29T23:59:59Z', true],
  ['the 29th of February of another year', '2023-02-29T23:59:59Z', false],
  ['the 29th of February of 1900, which was none', '1900-02-29T00:00:00Z', false],
  ['the 31st of April', '2026-04-31T00:00:00Z', false],
  ['a month that there is not', '2026-13-01T00:00:00Z', false],
  ['a day 0', '2026-01-00T00:00:00Z', false],
  ['24 o’clock', '2026-01-31T24:00:00Z', false],
  ['a leap second', '2026-06-30T23:59:60Z', false],
  ['no seconds', '2026-01-31T12:00Z', false],
  ['a point without digits', '2026-01-31T12:00:00.Z', false],
  ['no zone', '2026-01-31T12:00:00', false],
  ['an offset', '2026-01-31T12:00:00+00:00', false],
  ['a space for the T', '2026-01-31 12:00:00Z', false],
  ['lower case', '2026-01-31t12:00:00z', false],
  ['a year of five digits', '+12026-01-31T12:00:00Z', false],
  ['a line feed after it', '2026-01-31T12:00:00Z\n', false],
  ['a number', 1_769_860_800_000, false],
  ['nothing', '', false],
])('%s', (_, text, isTime) => {
  expect(v.safeParse(utcTime, text).success).toBe(isTime);
});

test('another text is told what is expected, and not told again', () => {
  const { issues } = v.safeParse(utcTime, 's3cret');
  expect(toFaults(issues ?? [])).toEqual([{ path: [], message: 'expected a time in UTC, as in 2026-01-31T12:00:00Z' }]);
});
