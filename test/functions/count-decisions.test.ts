import { expect, test } from 'vitest';
import { countDecisions, MAX_COUNTED_PAGES } from '../../functions/read-records/count-decisions.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { countRequests, fillIndex, manyRecord } from '../verdict/records/decision-store.ts';

const objects = createMemoryObjectStore();
const COUNT = 60_000;
await fillIndex(objects, COUNT, 900);
const now = new Date(manyRecord(COUNT - 1).firstDecidedAt);

test('decisions are counted by day and outcome, newest first', async () => {
  const { since, days, scannedUntil } = await countDecisions(objects, 3, now);
  const expected = new Map<string, Record<string, number>>();
  for (let index = COUNT - 1; index >= 0; index -= 1) {
    const { verdict, firstDecidedAt } = manyRecord(index);
    const day = firstDecidedAt.slice(0, 10);
    if (day < since) break;
    const row = expected.get(day) ?? { accepted: 0, rejected: 0, indeterminate: 0, forced: 0 };
    row[verdict.outcome] = (row[verdict.outcome] ?? 0) + 1;
    row['forced'] = (row['forced'] ?? 0) + (verdict.forced ? 1 : 0);
    expected.set(day, row);
  }
  expect(scannedUntil).toBeUndefined();
  expect(days).toEqual(Array.from(expected, ([day, row]) => ({ day, ...row })));
  expect(days).toHaveLength(3);
});

test('too many are not counted to the end, and that is said', async () => {
  const counted = countRequests(objects);
  const { days, scannedUntil } = await countDecisions(counted.objects, 90, now);
  const sum = days.reduce((total, one) => total + one.accepted + one.rejected + one.indeterminate, 0);
  expect(sum).toBeGreaterThan(10_000);
  expect(sum).toBeLessThan(COUNT);
  expect(scannedUntil?.slice(0, 10)).toBe(days.at(-1)?.day);
  expect(counted.requests.count).toBeLessThanOrEqual(MAX_COUNTED_PAGES * 5);
});

test('an index of nothing has no days', async () => {
  expect(await countDecisions(createMemoryObjectStore(), 1, now)).toEqual({
    since: now.toISOString().slice(0, 10),
    days: [],
    isIncomplete: true,
  });
});
