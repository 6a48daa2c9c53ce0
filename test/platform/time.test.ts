import { describe, expect, test } from 'vitest';
import { retry } from '../../lib/platform/time/retries.ts';

const failing = (failures: number, tried: number[]) => async (attempt: number) => {
  tried.push(attempt);
  if (attempt <= failures) throw new Error(`failure ${attempt}`);
  return 'done';
};

describe('retry', () => {
  test.each([
    ['succeeds at once', 0, 3, 'done', [1]],
    ['succeeds at the last attempt', 2, 3, 'done', [1, 2, 3]],
    ['throws what the last attempt threw', 9, 3, 'failure 3', [1, 2, 3]],
    ['throws at once what is not repeated', 9, 1, 'failure 1', [1]],
  ])('%s', async (_, failures, attempts, expected, tries) => {
    const tried: number[] = [];
    const result = retry(failing(failures, tried), { attempts, toPauseMs: () => 0 });
    const said = await result.catch((error: unknown) => (error instanceof Error ? error.message : error));
    expect([said, tried]).toEqual([expected, tries]);
  });

  test('a failure without a pause is final', async () => {
    const tried: number[] = [];
    const toPauseMs = (_: unknown, attempt: number) => (attempt < 2 ? 0 : undefined);
    await expect(retry(failing(9, tried), { attempts: 9, toPauseMs })).rejects.toThrow('failure 2');
    expect(tried).toEqual([1, 2]);
  });

  test('a pause ends with the signal’s reason', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped');
    const waiting = retry(failing(9, []), { attempts: 9, toPauseMs: () => 60_000, signal: stop.signal });
    setTimeout(() => stop.abort(reason), 5);
    await expect(waiting).rejects.toBe(reason);
  });
});
