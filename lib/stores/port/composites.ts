import type { StoreError } from '../../base/errors/store-error.ts';
import type { SignatureKind, SignatureStore } from './signature-store.ts';

/** Reads each store to its end before the next: the mirror first, then what it mirrors. */
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

/** The stores of an image's signatures, by kind. No store holds a kind that is missing. */
export type StoresByKind = Readonly<Partial<Record<SignatureKind, SignatureStore>>>;

const KINDS: readonly SignatureKind[] = ['openpgp', 'sigstore'];

/** Reads the signatures that image policies need. Only the stores of the kinds in the query are contacted. */
export function createPolicyStore(stores: StoresByKind): SignatureStore {
  const of = (kinds: readonly SignatureKind[]): SignatureStore =>
    createFallbackStore(kinds.flatMap((kind) => stores[kind] ?? []));
  const { description } = of(KINDS);
  return {
    description,
    fetchSignatures: (query, signal) => of(query.kinds ?? KINDS).fetchSignatures(query, signal),
  };
}

/**
 * Limits how many digests are read from a store at once. Further queries wait in order of arrival. A query counts until
 * its consumer stops reading; what the consumer does afterwards with the signatures does not count.
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

/** A store that cannot or may not be read. It stays in the evidence as failed, never as absent. */
export function createFailingStore(description: string, error: StoreError): SignatureStore {
  return {
    description,
    async *fetchSignatures(_query, signal) {
      signal.throwIfAborted();
      yield { kind: 'failed', store: description, location: description, error };
    },
  };
}

/** A store that is known to hold nothing. Every signature is absent, and nothing is contacted. */
export function createEmptyStore(description: string): SignatureStore {
  return {
    description,
    async *fetchSignatures(_query, signal) {
      signal.throwIfAborted();
      yield { kind: 'absent', store: description, location: description };
    },
  };
}
