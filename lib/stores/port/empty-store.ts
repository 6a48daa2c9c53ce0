import type { SignatureStore } from './signature-store.ts';

/** A store that is known to hold nothing: every signature is absent, and nothing is contacted. */
export function createEmptyStore(description: string): SignatureStore {
  return {
    description,
    async *fetchSignatures(_query, signal) {
      signal.throwIfAborted();
      yield { kind: 'absent', store: description, location: description };
    },
  };
}
