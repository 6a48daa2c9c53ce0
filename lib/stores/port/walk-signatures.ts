import { StoreError, type StoreErrorCode } from '../../base/errors/store-error.ts';
import { startDeadline, untilAborted } from '../../platform/time/deadline.ts';
import { STORE_TIMEOUT_MS, type StoreEntry } from './signature-store.ts';

/** The signatures of one digest in a store that numbers them from 1: `…/signature-1`, `…/signature-2`, … */
export interface NumberedSignatures {
  /** The store's description. */
  readonly store: string;
  readonly last: number;
  /** After the last one: end, or fail because the store may hold more than is read. */
  readonly overflow: 'end' | 'failed';
  toLocation(index: number): string;
  /** Undefined where there is none. @throws StoreError, or the signal's reason. */
  readSignature(index: number, signal: AbortSignal): Promise<Uint8Array | undefined>;
  readonly timeoutMs?: number | undefined;
}

/** Faults of one signature. After any other fault the store is not read further. */
const PASSING_FAULTS: ReadonlySet<StoreErrorCode> = new Set(['BodyInvalid', 'LimitExceeded', 'StatusUnexpected']);

/**
 * Reads one signature at a time, on demand, up to the first that is absent. An empty one is skipped, and a faulty one is
 * reported and skipped, as the cluster-version operator does. If signatures are empty and none is absent, the store has
 * failed: it did not say what it holds.
 */
export async function* walkSignatures(walk: NumberedSignatures, signal: AbortSignal): AsyncIterable<StoreEntry> {
  const { store, last, timeoutMs = STORE_TIMEOUT_MS } = walk;
  const deadline = startDeadline(
    signal,
    timeoutMs,
    () => new StoreError('TimedOut', `${store} was not read to its end within ${timeoutMs} ms`),
  );
  let location = walk.toLocation(1);
  let empty = 0;
  try {
    for (let index = 1; index <= last; index += 1) {
      location = walk.toLocation(index);
      const entry = await readEntry(walk, index, location, deadline.signal, signal);
      if (entry === undefined) {
        empty += 1;
        continue;
      }
      yield entry;
      if (entry.kind === 'absent') return;
      if (entry.kind === 'failed' && !isPassing(entry.error)) return;
    }
    if (walk.overflow === 'failed') yield { kind: 'failed', store, location, error: overflowError(walk) };
    else if (empty > 0) yield { kind: 'failed', store, location, error: emptyError(walk, empty) };
  } finally {
    deadline.clear();
  }
}

/** A store that sent `Retry-After` is not read further. */
function isPassing({ code, retryAfterSeconds }: StoreError): boolean {
  return PASSING_FAULTS.has(code) && retryAfterSeconds === undefined;
}

async function readEntry(
  walk: NumberedSignatures,
  index: number,
  location: string,
  signal: AbortSignal,
  callerSignal: AbortSignal,
): Promise<StoreEntry | undefined> {
  const { store } = walk;
  try {
    signal.throwIfAborted();
    const untrustedBytes = await untilAborted(walk.readSignature(index, signal), signal);
    if (untrustedBytes === undefined) return { kind: 'absent', store, location };
    return untrustedBytes.length === 0 ? undefined : { kind: 'signature', store, location, untrustedBytes };
  } catch (error) {
    callerSignal.throwIfAborted();
    if (!(error instanceof StoreError)) throw error;
    return { kind: 'failed', store, location, error };
  }
}

function emptyError({ last }: NumberedSignatures, empty: number): StoreError {
  return new StoreError('BodyInvalid', `${empty} of ${last} signatures are empty, and no index is reported absent`);
}

function overflowError({ last }: NumberedSignatures): StoreError {
  return new StoreError('LimitExceeded', `the store has ${last} signatures or more; no further one is read`);
}
