import type { StoreError } from '../../base/errors/store-error.ts';
import type { SignatureStore } from './signature-store.ts';

/** A store that cannot or may not be read: it stays in the evidence, as failed and never as absent. */
export function createFailingStore(description: string, error: StoreError): SignatureStore {
  return {
    description,
    async *fetchSignatures(_query, signal) {
      signal.throwIfAborted();
      yield { kind: 'failed', store: description, location: description, error };
    },
  };
}
