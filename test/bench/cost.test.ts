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
import { dollarsOfMonth, listQuotas, type Quota, reachedAt } from '../../bench/cost/months.ts';
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

describe('months and quotas', () => {
  const months = {
    ...ASSUMPTIONS.months,
    readsPerDay: 1000,
    verifiesPerDay: 0,
    reviewsPerDay: 0,
    peak: 86_400,
    pushMilliseconds: 998,
    pushesPerInvocation: 10,
    putsPerPush: 4,
  };
  const assumptions: Assumptions = { ...ROUND, lambda: { ...ROUND.lambda, coldShare: 0, slowdown: 0.5 }, months };
  const called = {
    receivePush: FUNCTION,
    verifyPushed: { ...FUNCTION, warmMilliseconds: 2 },
    verifyImage: FUNCTION,
    reviewAdmission: FUNCTION,
  };
  const find = (name: string): Quota => {
    const quota = listQuotas(called, assumptions).find((candidate) => candidate.name.startsWith(name));
    if (quota === undefined) throw new Error(`there is no quota ${name}`);
    return quota;
  };

  test('a month of nothing costs nothing, and each push and cluster adds as much as the first', () => {
    const dollars = (pushesPerDay: number, clusters: number): number =>
      dollarsOfMonth({ pushesPerDay, clusters }, called, assumptions);
    expect(dollars(0, 0)).toBe(0);
    expect(dollars(200, 300)).toBeCloseTo(200 * dollars(1, 0) + 300 * dollars(0, 1), 6);
    // 30,000 reads: 3 × 13 for the requests, 0.03 GB × 17, and 3,000 GETs × 0.5 per thousand.
    expect(dollars(0, 1)).toBeCloseTo(39 + 0.51 + 1.5, 6);
  });

  test('a quota is reached where its use is its limit', () => {
    const uses = listQuotas(called, ASSUMPTIONS).flatMap((quota) => {
      const { pushesPerDay, clusters } = reachedAt(quota);
      return [
        ...(pushesPerDay === undefined ? [] : [quota.use({ pushesPerDay, clusters: 0 }) / quota.limit]),
        ...(clusters === undefined ? [] : [quota.use({ pushesPerDay: 0, clusters }) / quota.limit]),
      ];
    });
    expect(uses.length).toBeGreaterThan(7);
    expect(uses.map((use) => use.toFixed(6))).toStrictEqual(uses.map(() => '1.000000'));
  });

  test('the busiest second, in the head', () => {
    // One a day, 86,400 times as many in the busiest second: one a second, of 1 s each, ten to an invocation.
    expect(find('invocations of verify-pushed').use({ pushesPerDay: 1, clusters: 0 })).toBeCloseTo(0.1, 6);
    expect(find('writes').use({ pushesPerDay: 3, clusters: 7 })).toBeCloseTo(12, 6);
    expect(find('requests a second to the CDN').use({ pushesPerDay: 3, clusters: 7 })).toBeCloseTo(7000, 6);
  });
});
