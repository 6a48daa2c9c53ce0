import type { SignatureStore } from './signature-store.ts';

/**
 * The store, read for so many digests at a time; who comes later waits, first come first served. A reader counts until
 * it has what it wants, not while it keeps it: the next is asked about meanwhile.
 */
export function createLimitedStore(store: SignatureStore, limit: number): SignatureStore {
  let free = limit;
  const waiting: (() => void)[] = [];
  const acquire = async (signal: AbortSignal): Promise<void> => {
    if (free > 0) {
      free -= 1;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    await promise;
    if (!signal.aborted) return;
    release();
    signal.throwIfAborted();
  };
  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return {
    description: store.description,
    async *fetchSignatures(query, signal) {
      await acquire(signal);
      try {
        yield* store.fetchSignatures(query, signal);
      } finally {
        release();
      }
    },
  };
}
