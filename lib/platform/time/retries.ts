import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../../base/errors/store-error.ts';

/** Milliseconds before the second and the third attempt. */
export const RETRY_DELAYS_MS = [200, 600] as const;
/** A registry that asks for more patience is left to the caller, who is told how much. */
const MAX_WAIT_MS = 2000;

/** Repeats what failed for want of a connection or of a registry that was ready, and nothing else. */
export async function withRetries<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (const usualDelay of RETRY_DELAYS_MS) {
    try {
      return await attempt();
    } catch (error) {
      const wait = toWait(error, usualDelay);
      if (wait === undefined) throw error;
      await pause(wait, signal);
    }
  }
  return await attempt();
}

function toWait(error: unknown, usualDelay: number): number | undefined {
  if (!(error instanceof StoreError)) return undefined;
  if (error.code === 'ConnectionFailed') return usualDelay;
  if (error.code !== 'Unavailable') return undefined;
  const wanted = Math.max((error.retryAfterSeconds ?? 0) * 1000, usualDelay);
  return wanted <= MAX_WAIT_MS ? wanted : undefined;
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(milliseconds, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** `Retry-After` in its form of seconds; undefined for a date, which would need the peer's clock. */
export function toRetryAfterSeconds(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,9}$/.test(text.trim()) ? Number(text) : undefined;
}
