import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { createObjectReleaseStore } from '../../../lib/stores/numbered-stores.ts';
import { createFailingStore, createFallbackStore, createParallelStore } from '../../../lib/stores/port/composites.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import { DIGEST, readEntries, readFirst, signatureOf, summarise } from '../signature-store-contract.ts';

const failing = createFailingStore('broken', new StoreError('ConnectionFailed', 'gone'));

function holding(description: string, ...texts: readonly string[]) {
  return createMemorySignatureStore(new Map([[DIGEST, texts.map(signatureOf)]]), { description });
}

/** Answers only when aborted, and tells when it let go. */
function createHangingStore(): SignatureStore & { readonly released: () => boolean } {
  let isReleased = false;
  return {
    description: 'hanging',
    released: () => isReleased,
    fetchSignatures: (_query, signal) => ({
      [Symbol.asyncIterator]: () => ({
        async next() {
          const { promise, reject } = Promise.withResolvers<never>();
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          try {
            return await promise;
          } finally {
            isReleased = true;
          }
        },
      }),
    }),
  };
}

describe('fallback', () => {
  test('reads the first to its end, then the second', async () => {
    const store = createFallbackStore([holding('a', '1', '2'), holding('b', '3')]);
    expect(summarise(await readEntries(store))).toEqual(['1', '2', 'absent', '3', 'absent']);
    expect(store.description).toBe('a, then b');
  });

  test('goes on after a failure', async () => {
    const store = createFallbackStore([failing, holding('b', '3')]);
    expect(summarise(await readEntries(store))).toEqual(['ConnectionFailed', '3', 'absent']);
  });

  test('does not ask the second when the consumer stops in the first', async () => {
    const second = holding('b', '3');
    const store = createFallbackStore([holding('a', '1'), second]);
    await readFirst(store);
    expect(second.contacts).toEqual([]);
  });

  test('of nothing yields nothing', async () => {
    expect(await readEntries(createFallbackStore([]))).toEqual([]);
  });
});

describe('parallel', () => {
  test('yields what every store has', async () => {
    const store = createParallelStore([holding('a', '1', '2'), failing, holding('b', '3')]);
    expect(summarise(await readEntries(store)).toSorted()).toEqual(
      ['1', '2', '3', 'ConnectionFailed', 'absent', 'absent'].toSorted(),
    );
  });

  test('does not wait for a slow store before it yields, and lets go of it when the consumer stops', async () => {
    const hanging = createHangingStore();
    const store = createParallelStore([hanging, holding('a', '1')]);
    expect((await readFirst(store))?.kind).toBe('signature');
    expect(hanging.released()).toBe(true);
  });

  test('asks a store for its next signature only after the last one was consumed', async () => {
    const fast = holding('a', '1', '2', '3');
    const store = createParallelStore([fast]);
    await readFirst(store);
    expect(fast.contacts.length).toBe(1);
  });

  test('tells TimedOut for each store that was still being read', async () => {
    const hanging = createHangingStore();
    const store = createParallelStore([holding('a', '1'), hanging, createHangingStore()], { timeoutMs: 200 });
    const entries = await readEntries(store);
    expect(summarise(entries)).toEqual(['1', 'absent', 'TimedOut', 'TimedOut']);
    expect(entries.at(-1)?.store).toBe('hanging');
    expect(hanging.released()).toBe(true);
  });

  test("an abort lets go of every store and rejects with the caller's reason", async () => {
    const hanging = createHangingStore();
    const controller = new AbortController();
    const reason = new Error('enough');
    const reading = readEntries(createParallelStore([hanging]), DIGEST, controller.signal);
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
    expect(hanging.released()).toBe(true);
  });

  test('a composite of composites times out as a whole', async () => {
    const inner = createParallelStore([createHangingStore()], { timeoutMs: 10_000 });
    const entries = await readEntries(createParallelStore([inner], { timeoutMs: 200 }));
    expect(summarise(entries)).toEqual(['TimedOut']);
  });

  test('a fault of a store that is no StoreError is its failure, and no answer: others are read on', async () => {
    const fault = new TypeError('a bug');
    const objects = createMemoryObjectStore();
    const faulty = createObjectReleaseStore({ ...objects, readObject: () => Promise.reject(fault) });
    const hanging = createHangingStore();
    const [first, ...others] = await readEntries(createParallelStore([faulty, hanging], { timeoutMs: 50 }));
    expect(first).toMatchObject({ kind: 'failed', error: { code: 'Unavailable', cause: fault } });
    expect(others).toMatchObject([{ kind: 'failed', error: { code: 'TimedOut' } }]);
    expect(hanging.released()).toBe(true);
  });

  test('of nothing yields nothing', async () => {
    expect(await readEntries(createParallelStore([]))).toEqual([]);
  });
});

test('an object store that never answers: TimedOut, and an abort is not held up by it', async () => {
  const objects = { ...createMemoryObjectStore(), readObject: () => new Promise<never>(() => undefined) };
  const store = createObjectReleaseStore(objects, { storeTimeoutMs: 200 });
  expect(summarise(await readEntries(store))).toEqual(['TimedOut']);
  const controller = new AbortController();
  const reason = new Error('enough');
  const reading = readEntries(createObjectReleaseStore(objects), DIGEST, controller.signal);
  controller.abort(reason);
  await expect(reading).rejects.toBe(reason);
});

test('an object store is read at its root when the prefix is empty', async () => {
  const objects = createMemoryObjectStore();
  await readEntries(createObjectReleaseStore(objects, { prefix: '' }));
  expect(objects.reads).toEqual([`sha256=${'a1'.repeat(32)}/signature-1`]);
});
