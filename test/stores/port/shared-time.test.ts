import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { createParallelStore, createSharedTime } from '../../../lib/stores/port/parallel-store.ts';
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

test('time begins with the first question, and runs out for all', async () => {
  const timeoutMs = createSharedTime(100);
  await delay(120);
  expect(timeoutMs()).toBe(100);
  await delay(120);
  expect(timeoutMs()).toBe(0);
});

test('stores that are read one after the other end together, each as one that failed', async () => {
  const timeoutMs = createSharedTime(200);
  const stores = [1, 2, 3].map(() => createParallelStore([hanging], { timeoutMs }));
  const start = performance.now();
  for (const store of stores) {
    const entries = await Array.fromAsync(store.fetchSignatures(query, new AbortController().signal));
    expect(entries).toMatchObject([{ kind: 'failed', store: 'hanging', error: { code: 'TimedOut' } }]);
  }
  expect(performance.now() - start).toBeLessThan(400);
});
