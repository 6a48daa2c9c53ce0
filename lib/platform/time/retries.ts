import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../../base/errors/store-error.ts';

/** When an attempt that failed is repeated. */
export interface RetryOptions {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  /** Milliseconds before the next attempt; undefined when another attempt would fail too. */
  readonly toPauseMs: (error: unknown, attempt: number) => number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Repeats an operation that fails. Attempts are counted from 1.
 *
 * @throws what the last attempt threw; the signal's reason when it aborts during a pause
 */
export async function retry<T>(
  operation: (attempt: number) => Promise<T>,
  { attempts, toPauseMs, signal }: RetryOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await operation(attempt);
    } catch (error) {
      const pauseMs = attempt < attempts ? toPauseMs(error, attempt) : undefined;
      if (pauseMs === undefined) throw error;
      await pause(pauseMs, signal);
    }
  }
}

/** Milliseconds between nothing and `baseMs` doubled for each attempt, at random: callers that collided do not again. */
export function toRandomPause(baseMs: number, attempt: number): number {
  return Math.random() * baseMs * 2 ** attempt;
}

/** Milliseconds before the second and the third attempt of {@link retryRequest}. */
export const RETRY_DELAYS_MS = [200, 600] as const;
/** Milliseconds that a server may ask to wait. Beyond, the caller gets the error, which says how long. */
const MAX_WAIT_MS = 2000;

/** Repeats a request to a server that could not be reached or was not ready. No other failure is repeated. */
export async function retryRequest<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const attempts = RETRY_DELAYS_MS.length + 1;
  return await retry(request, { attempts, toPauseMs: toRequestPause, signal });
}

function toRequestPause(error: unknown, attempt: number): number | undefined {
  const usualMs = RETRY_DELAYS_MS[attempt - 1] ?? MAX_WAIT_MS;
  if (!(error instanceof StoreError)) return undefined;
  if (error.code === 'ConnectionFailed') return usualMs;
  if (error.code !== 'Unavailable') return undefined;
  const wantedMs = Math.max((error.retryAfterSeconds ?? 0) * 1000, usualMs);
  return wantedMs <= MAX_WAIT_MS ? wantedMs : undefined;
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** `Retry-After` in its form of seconds; undefined for a date, which would need the server's clock. */
export function toRetryAfterSeconds(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,9}$/.test(text.trim()) ? Number(text) : undefined;
}
