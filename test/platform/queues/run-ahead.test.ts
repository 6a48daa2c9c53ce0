import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { runAhead, type Turn } from '../../../lib/platform/queues/run-bounded.ts';

const ITEMS = Array.from({ length: 30 }, (_, at) => at);

/** Counts what is under way; each action waits as often as it is told, and computes in between. */
function createCounted(waits: number) {
  const seen = { waiting: 0, mostWaiting: 0, underWay: 0, mostUnderWay: 0, begun: 0 };
  async function action(item: number, { leave, resume }: Turn): Promise<number> {
    seen.begun += 1;
    seen.underWay += 1;
    seen.mostUnderWay = Math.max(seen.mostUnderWay, seen.underWay);
    for (let wait = 0; wait < waits; wait++) {
      resume();
      seen.waiting += 1;
      seen.mostWaiting = Math.max(seen.mostWaiting, seen.waiting);
      // Later ones end first.
      for (let turn = 0; turn < 40 - item; turn++) await turnOfLoop();
      seen.waiting -= 1;
      leave();
      await turnOfLoop();
    }
    seen.underWay -= 1;
    return item * 2;
  }
  return { action, seen };
}

describe('actions that compute between their waits', () => {
  test.each([1, 3, 8])('%i wait at a time, and the results are in order', async (concurrency) => {
    const { action, seen } = createCounted(1);
    expect(await runAhead(ITEMS, concurrency, action)).toEqual(ITEMS.map((item) => item * 2));
    expect(seen).toMatchObject({ mostWaiting: concurrency, waiting: 0, underWay: 0, begun: ITEMS.length });
  });

  test.each([1, 3, 8])('%i that wait again, and never more than twice as many', async (concurrency) => {
    const { action, seen } = createCounted(4);
    expect(await runAhead(ITEMS, concurrency, action)).toEqual(ITEMS.map((item) => item * 2));
    expect(seen.mostUnderWay).toBeLessThanOrEqual(2 * concurrency);
    expect(seen.begun).toBe(ITEMS.length);
  });

  test('the next action begins before one that leaves goes on', async () => {
    const order: string[] = [];
    await runAhead(['a', 'b'], 1, async (item, { leave }) => {
      order.push(`${item} begins`);
      await turnOfLoop();
      leave();
      order.push(`${item} computes`);
    });
    expect(order).toEqual(['a begins', 'b begins', 'a computes', 'b computes']);
  });

  test('what the first one sends leaves before the second begins', async () => {
    const order: string[] = [];
    await runAhead(['a', 'b'], 2, async (item) => {
      order.push(`${item} begins`);
      process.nextTick(() => order.push(`${item} is sent`));
      await turnOfLoop();
    });
    expect(order).toEqual(['a begins', 'a is sent', 'b begins', 'b is sent']);
  });
});

describe('ends', () => {
  test('of nothing', async () => {
    expect(await runAhead([], 4, () => Promise.reject(new Error('called')))).toEqual([]);
  });

  test('one at a time where a number says none', async () => {
    const { action, seen } = createCounted(1);
    await runAhead([1, 2, 3], 0, action);
    expect(seen).toMatchObject({ mostWaiting: 1, begun: 3 });
  });

  test('with the first failure, and nothing begins after it', async () => {
    const begun: number[] = [];
    const failing = runAhead(ITEMS, 2, async (item) => {
      begun.push(item);
      await turnOfLoop();
      if (item === 3) throw new Error(`${item} failed`);
    });
    await expect(failing).rejects.toThrow('3 failed');
    const known = begun.length;
    for (let turn = 0; turn < 20; turn++) await turnOfLoop();
    expect(begun).toHaveLength(known);
    expect(known).toBeLessThanOrEqual(6);
  });
});
