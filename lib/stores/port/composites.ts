import { toPlaceFailure } from '../../base/errors/evaluate-candidate.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { readClock, startDeadline, untilAborted } from '../../platform/time/deadline.ts';
import type { SignatureKind, SignatureStore, StoreEntry } from './signature-store.ts';

/** Reads each store to its end before the next: the mirror first, then what it mirrors. */
export function createFallbackStore(stores: readonly SignatureStore[]): SignatureStore {
  return {
    description: stores.map(({ description }) => description).join(', then '),
    async *fetchSignatures(query, signal) {
      for (const store of stores) {
        signal.throwIfAborted();
        yield* guardStore(store).fetchSignatures(query, signal);
      }
    },
  };
}

/**
 * The store, whose faults are its own: whoever chooses what it holds must not end the decision, or hide what another
 * store holds, by whatever they make its reader throw.
 */
function guardStore(store: SignatureStore): SignatureStore {
  const { description } = store;
  return {
    description,
    async *fetchSignatures(query, signal) {
      try {
        yield* store.fetchSignatures(query, signal);
      } catch (thrown) {
        signal.throwIfAborted();
        yield { kind: 'failed', store: description, location: description, error: toPlaceFailure(description, thrown) };
      }
    },
  };
}

/** The stores of an image's signatures, by kind. No store holds a kind that is missing. */
type StoresByKind = Readonly<Partial<Record<SignatureKind, SignatureStore>>>;

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

/** Milliseconds that one verification may wait for signatures, all stores together. */
export const VERIFICATION_TIMEOUT_MS = 20_000;

/**
 * The time that is left of a budget, which starts with the first call. Several stores that are read one after the other
 * for one verification share it.
 *
 * @returns milliseconds
 */
export function createSharedTime(totalMs: number = VERIFICATION_TIMEOUT_MS): () => number {
  let endsAt: number | undefined;
  return () => {
    endsAt ??= readClock() + totalMs;
    return Math.max(0, Math.ceil(endsAt - readClock()));
  };
}

interface Step {
  readonly reading: Reading;
  readonly result: IteratorResult<StoreEntry, unknown>;
}

interface Reading {
  readonly store: SignatureStore;
  readonly iterator: AsyncIterator<StoreEntry, unknown>;
}

/**
 * Reads all stores at once and yields entries as they arrive. A store is asked for its next signature only after its
 * last one was consumed. When the consumer stops or time is up, pending reads are aborted and awaited.
 */
export function createParallelStore(
  stores: readonly SignatureStore[],
  { timeoutMs: allowed = VERIFICATION_TIMEOUT_MS }: { readonly timeoutMs?: number | (() => number) | undefined } = {},
): SignatureStore {
  return {
    description: stores.map(({ description }) => description).join(', '),
    async *fetchSignatures(query, signal) {
      signal.throwIfAborted();
      const timeoutMs = typeof allowed === 'number' ? allowed : allowed();
      let timeout: StoreError | undefined;
      // Made when it is needed: an error has a stack to be made.
      const toTimeout = (): StoreError => (timeout ??= timeoutError(timeoutMs));
      const deadline = startDeadline(signal, timeoutMs, toTimeout);
      const pending = new Map<Reading, Promise<Step>>();
      const readings = stores.map((store): Reading => {
        const iterator = guardStore(store).fetchSignatures(query, deadline.signal)[Symbol.asyncIterator]();
        return { store, iterator };
      });
      try {
        for (const reading of readings) pending.set(reading, takeStep(reading));
        while (pending.size > 0) {
          const step = await nextStep(pending, deadline.signal, () => timeout);
          if (step === undefined) {
            for (const { store } of pending.keys()) yield toTimedOut(store, toTimeout());
            return;
          }
          pending.delete(step.reading);
          if (step.result.done === true) continue;
          yield step.result.value;
          pending.set(step.reading, takeStep(step.reading));
        }
      } finally {
        if (pending.size > 0) deadline.abort(toTimeout());
        deadline.clear();
        await Promise.allSettled(pending.values());
        await Promise.allSettled(readings.map(async ({ iterator }) => await iterator.return?.()));
      }
    },
  };
}

/** The first pending step to finish; undefined when time is up. @throws the caller's abort reason. */
async function nextStep(
  pending: ReadonlyMap<Reading, Promise<Step>>,
  signal: AbortSignal,
  timeout: () => StoreError | undefined,
): Promise<Step | undefined> {
  try {
    return await untilAborted(Promise.race(pending.values()), signal);
  } catch (error) {
    if (signal.aborted && signal.reason === timeout()) return undefined;
    signal.throwIfAborted();
    throw error;
  }
}

async function takeStep(reading: Reading): Promise<Step> {
  return { reading, result: await reading.iterator.next() };
}

function toTimedOut({ description }: SignatureStore, error: StoreError): StoreEntry {
  return { kind: 'failed', store: description, location: description, error };
}

function timeoutError(timeoutMs: number): StoreError {
  return new StoreError('TimedOut', `the stores were not read to their end within ${timeoutMs} ms`);
}
