import { describe, expect, test } from 'vitest';
import { ASSUMPTIONS, type Assumptions } from '../../bench/cost/assumptions.ts';
import {
  type BillLine,
  billMirror,
  billReads,
  billVerifications,
  billWatching,
  totalOf,
} from '../../bench/cost/bills.ts';
import { findMeasured, type MeasuredFunction } from '../../bench/cost/measured-functions.ts';
import { toReport } from '../../bench/report.ts';

/** Round numbers, so that a sum can be done in the head. */
const ROUND: Assumptions = {
  ...ASSUMPTIONS,
  prices: {
    lambdaGigabyteSecond: { dollars: 1, per: '', source: '' },
    lambdaRequests: { dollars: 2, per: '', source: '' },
    httpApiRequests: { dollars: 3, per: '', source: '' },
    s3Gets: { dollars: 0.5, per: '', source: '' },
    s3Puts: { dollars: 5, per: '', source: '' },
    s3GigabyteMonth: { dollars: 7, per: '', source: '' },
    sqsRequests: { dollars: 11, per: '', source: '' },
    cdnRequests: { dollars: 13, per: '', source: '' },
    cdnGigabyte: { dollars: 17, per: '', source: '' },
    logGigabyte: { dollars: 19, per: '', source: '' },
    alarmMetrics: { dollars: 2, per: '', source: '' },
    customMetrics: { dollars: 3, per: '', source: '' },
    dashboards: { dollars: 5, per: '', source: '' },
  },
  lambda: { megabytesOfOneProcessor: 2048, slowdown: 2, coldShare: 0.1, requestMilliseconds: 10 },
  logBytes: 1000,
  verification: { count: 1_000_000, gets: 3, puts: 2, rounds: 5 },
  reads: { count: 1_000_000, missShare: 0.1, bytes: 1000 },
  mirror: {
    releases: 2000,
    newReleases: 1000,
    plansPerDay: 10,
    listed: 1000,
    bytesPerSignature: 500_000,
    storeMilliseconds: 50,
  },
  watching: { alarmMetrics: 10, ownMetrics: 20, routes: 4, metricsPerRoute: 5, usedShare: 0.5 },
};
const FUNCTION: MeasuredFunction = {
  name: 'verify-image',
  warmMilliseconds: 1,
  coldMilliseconds: 100,
  usedMegabytes: 90,
  memoryMegabytes: 1024,
};

/** The lines of a bill for a million calls that ask S3 so often, at 10 ms each. */
function billCalls(measured: MeasuredFunction, gets: number): readonly BillLine[] {
  const verification = { count: 1_000_000, gets, puts: 0, rounds: gets };
  const { lines } = billVerifications(measured, { ...ROUND, verification });
  return lines.filter(({ what }) => what.startsWith(`${measured.name}: `));
}

describe('what Lambda charges for a call', () => {
  test.each([
    // 1 ms × 2 (slower processor) × 2 (half of it) + 10 % of 100 ms × 2
    ['with half a processor', FUNCTION, 0, 24],
    ['that waits as well', FUNCTION, 5, 74],
    ['with more than a processor', { ...FUNCTION, memoryMegabytes: 4096 }, 0, 22],
    ['of less than a millisecond is a whole one', { ...FUNCTION, warmMilliseconds: 0.1 }, 0, 21],
    ['that never starts', { ...FUNCTION, coldMilliseconds: 0 }, 0, 4],
  ])('%s', (_, measured, gets, milliseconds) => {
    const charged = billCalls(measured, gets).find(({ unit }) => unit === 'GB-seconds')?.quantity;
    const gigabytes = measured.memoryMegabytes / 1024;
    expect(charged).toBeCloseTo(1000 * milliseconds * gigabytes, 6);
  });

  test('is calls, memory for a time, and logs', () => {
    const dollars = billCalls(FUNCTION, 0).map((line) => line.dollars);
    expect(dollars).toEqual([2, 24_000, 19]);
  });
});

describe('a bill', () => {
  test('for verifications counts the API, the function and the bucket', () => {
    const bill = billVerifications(FUNCTION, ROUND);
    expect(bill.lines.map(({ dollars }) => dollars)).toEqual([3, 2, 74_000, 19, 1500, 10_000]);
    expect(totalOf(bill)).toBeCloseTo(85_524, 6);
  });

  test('for reads counts the CDN and its misses, and no function', () => {
    const bill = billReads(ROUND);
    expect(bill.lines.map(({ dollars }) => dollars)).toEqual([1300, 17, 50]);
  });

  test('for the mirror counts plans, what is new, and what is kept', () => {
    const plan = { ...FUNCTION, name: 'plan-mirror' };
    const bill = billMirror(plan, { ...FUNCTION, name: 'mirror-signatures' }, ROUND);
    const byName = new Map(bill.lines.map(({ what, quantity }) => [what, quantity]));
    expect(byName.get('plan-mirror: calls')).toBe(300);
    expect(byName.get('S3 listings')).toBe(600);
    expect(byName.get('queue')).toBe(3000);
    expect(byName.get('mirror-signatures: calls')).toBe(1000);
    expect(byName.get('S3 storage')).toBe(1);
  });

  test.each([
    ['twice the verifications', { verification: { ...ROUND.verification, count: 2_000_000 } }],
    ['twice the price of writes', { prices: { ...ROUND.prices, s3Puts: { dollars: 10, per: '', source: '' } } }],
  ])('of %s is higher', (_, change) => {
    const before = totalOf(billVerifications(FUNCTION, ROUND));
    expect(totalOf(billVerifications(FUNCTION, { ...ROUND, ...change }))).toBeGreaterThan(before);
  });
});

describe('what was measured of a function', () => {
  const figure = (id: string, ours: number) => ({ id, name: id, unit: '', ours, beside: '', theirs: undefined });
  const rows = [figure('warm-verify-image', 2), figure('start-verify-image', 150), figure('memory-verify-image', 90)];
  const report = (given: typeof rows) => toReport([{ name: 'start', rows: given }], 'full', new Date(0));

  test('comes with the memory that it is deployed with', () => {
    expect(findMeasured(report(rows), 'verify-image')).toEqual({
      name: 'verify-image',
      warmMilliseconds: 2,
      coldMilliseconds: 150,
      usedMegabytes: 90,
      memoryMegabytes: 1024,
    });
  });

  test.each([
    ['a figure that is missing', rows.slice(1)],
    ['a figure that is not known', [figure('warm-verify-image', Number.NaN), ...rows.slice(1)]],
  ])('is refused with %s', (_, given) => {
    expect(() => findMeasured(report(given), 'verify-image')).toThrow('has no figure warm-verify-image');
  });
});

test('a month of watching is alarms, the metrics that have values, and the dashboard', () => {
  const bill = billWatching(ROUND);
  expect(bill.lines.map(({ dollars }) => dollars)).toEqual([20, 30, 30, 5]);
  expect(totalOf(bill)).toBe(85);
});
