import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { createParallelStore, createSharedTime } from '../../../lib/stores/port/composites.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';

const query = { digest: parseDigest(`sha256:${'a1'.repeat(32)}`) };
const hanging: SignatureStore = {
  description: 'hanging',
  async *fetchSignatures(_, signal) {
    yield* [];
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  },
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'hrtime', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('time begins with the first question, and runs out for all', async () => {
  const timeoutMs = createSharedTime(100);
  vi.advanceTimersByTime(120);
  expect(timeoutMs()).toBe(100);
  vi.advanceTimersByTime(60);
  expect(timeoutMs()).toBe(40);
  vi.advanceTimersByTime(60);
  expect(timeoutMs()).toBe(0);
});

test('stores that are read one after the other end together, each as one that failed', async () => {
  const timeoutMs = createSharedTime(200);
  const stores = [1, 2, 3].map(() => createParallelStore([hanging], { timeoutMs }));
  const start = performance.now();
  const reading = (async () => {
    const read = [];
    for (const store of stores) {
      read.push(await Array.fromAsync(store.fetchSignatures(query, new AbortController().signal)));
    }
    return { read, took: performance.now() - start };
  })();
  await vi.advanceTimersByTimeAsync(1000);
  // A timer of 0 takes 1 ms.
  const failed = { kind: 'failed', store: 'hanging', error: { code: 'TimedOut' } };
  expect(await reading).toMatchObject({ read: [[failed], [failed], [failed]], took: 202 });
});
