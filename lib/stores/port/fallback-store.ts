import type { SignatureStore } from './signature-store.ts';

/** Reads each store to its end before the next is asked: the mirror first, then what it mirrors. */
export function createFallbackStore(stores: readonly SignatureStore[]): SignatureStore {
  return {
    description: stores.map(({ description }) => description).join(', then '),
    async *fetchSignatures(query, signal) {
      for (const store of stores) {
        signal.throwIfAborted();
        yield* store.fetchSignatures(query, signal);
      }
    },
  };
}
