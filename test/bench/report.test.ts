import { expect, test } from 'vitest';
import { parseReport, toReport } from '../../bench/report.ts';
import type { Row } from '../../bench/row.ts';

const ROW: Row = {
  id: 'verify-rsa4096-v4',
  name: 'verify',
  unit: '/s',
  ours: 9000,
  beside: 'openssl',
  theirs: undefined,
  missing: 'there is no openssl',
  goal: { kind: 'at least', ratio: 0.6 },
  others: [{ beside: 'openpgp.js', theirs: 400 }],
};

test('a report that was printed is read back', () => {
  const report = toReport([{ name: 'verification', rows: [ROW] }], 'full', new Date('2026-11-22T00:00:00Z'));
  expect(parseReport(JSON.stringify(report))).toEqual(report);
});

test('a figure that is not known stays not known', () => {
  const rows = [{ ...ROW, ours: Number.NaN }];
  const report = toReport([{ name: 'mirror', rows }], 'quick', new Date('2026-11-22T00:00:00Z'));
  expect(parseReport(JSON.stringify(report)).sections[0]?.rows[0]?.ours).toBeNaN();
});

test.each([
  ['of another schema', { schema: 2 }],
  ['of no effort', { effort: 'some' }],
  ['without a time', { measuredAt: 'today' }],
  ['with a time in another zone', { measuredAt: '2026-11-22T00:00:00+01:00' }],
])('a report %s is refused', (_, change) => {
  const report = { ...toReport([], 'full', new Date(0)), ...change };
  expect(() => parseReport(JSON.stringify(report))).toThrow();
});
