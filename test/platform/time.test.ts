import { describe, expect, test } from 'vitest';
import { expireDeadline, startDeadline } from '../../lib/platform/time/deadline.ts';
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

describe('a deadline', () => {
  const never = new Promise<never>(() => undefined);
  const over = new Error('over');

  test.each([
    ['its time', undefined, 5],
    ['the caller’s signal', AbortSignal.abort(over), 60_000],
    ['the caller’s signal, later', 'later', 60_000],
  ] as const)(
    'is over with %s, for its signal and for who waits, whoever asked first',
    async (_, parent, milliseconds) => {
      const caller = new AbortController();
      const signal = parent === 'later' ? caller.signal : parent;
      const deadline = startDeadline(signal, milliseconds, () => over);
      const waiting = deadline.within(never);
      setTimeout(() => caller.abort(over), 5);
      await expect(waiting).rejects.toBe(over);
      await expect(deadline.within(never)).rejects.toBe(over);
      expect(deadline.signal.reason).toBe(over);
      deadline.clear();
    },
  );

  test('gives what comes before its end, and ends nothing once it is cleared', async () => {
    const deadline = startDeadline(undefined, 5, () => over);
    expect(await deadline.within(Promise.resolve('done'))).toBe('done');
    await expect(deadline.within(Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    deadline.clear();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(deadline.signal.aborted).toBe(false);
  });

  test('is over without its timer when a signal below it is asked, although nobody had asked for its own', () => {
    const outer = startDeadline(undefined, 0, () => over);
    const inner = startDeadline(outer.signal, 60_000, () => new Error('never'));
    expect([expireDeadline(inner.signal), inner.signal.reason]).toEqual([true, over]);
    outer.clear();
    inner.clear();
  });
});
