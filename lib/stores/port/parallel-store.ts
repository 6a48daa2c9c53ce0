import { StoreError } from '../../base/errors/store-error.ts';
import { startDeadline, untilAborted } from '../../platform/time/deadline.ts';
import type { SignatureStore, StoreEntry } from './signature-store.ts';

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
    endsAt ??= performance.now() + totalMs;
    return Math.max(0, Math.ceil(endsAt - performance.now()));
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
      const timeout = timeoutError(timeoutMs);
      const deadline = startDeadline(signal, timeoutMs, () => timeout);
      const pending = new Map<Reading, Promise<Step>>();
      const readings = stores.map((store): Reading => {
        const iterator = store.fetchSignatures(query, deadline.signal)[Symbol.asyncIterator]();
        return { store, iterator };
      });
      try {
        for (const reading of readings) pending.set(reading, takeStep(reading));
        while (pending.size > 0) {
          const step = await nextStep(pending, deadline.signal, timeout);
          if (step === undefined) {
            for (const { store } of pending.keys()) yield toTimedOut(store, timeout);
            return;
          }
          pending.delete(step.reading);
          if (step.result.done === true) continue;
          yield step.result.value;
          pending.set(step.reading, takeStep(step.reading));
        }
      } finally {
        deadline.abort(timeout);
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
  timeout: StoreError,
): Promise<Step | undefined> {
  try {
    return await untilAborted(Promise.race(pending.values()), signal);
  } catch (error) {
    if (signal.aborted && signal.reason === timeout) return undefined;
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
