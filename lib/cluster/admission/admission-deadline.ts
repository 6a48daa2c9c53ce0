import { untilAborted } from '../../platform/time/deadline.ts';
import { DeadlineError } from './answer-failure.ts';

/** Milliseconds that an API server waits unless the webhook says otherwise, and at most (`timeoutSeconds`). */
export const DEFAULT_TIMEOUT_MS = 10_000;
export const MAX_TIMEOUT_MS = 30_000;
/** Milliseconds that are kept for the way back: a fifth of the time, and no more than this. */
export const MAX_MARGIN_MS = 1000;
/** Milliseconds that API Gateway and a function leave at most. */
const MAX_BUDGET_MS = 28_000;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Milliseconds in which an answer has to be ready.
 *
 * @param timeout as API servers write it, Go's `10s`; what cannot be read is {@link DEFAULT_TIMEOUT_MS}
 * @param receivedAt when the request came in, in milliseconds since 1970: a cold start has taken from it
 */
export function toBudgetMs(timeout: string | undefined, receivedAt: number, now: number): number {
  const timeoutMs = Math.min(parseGoDuration(timeout ?? '') ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS);
  const margin = Math.min(timeoutMs / 5, MAX_MARGIN_MS);
  return Math.max(0, Math.min(timeoutMs - margin - toElapsed(receivedAt, now), MAX_BUDGET_MS));
}

/** Nobody waits any more for what came in longer ago than that: two clocks that disagree. */
function toElapsed(receivedAt: number, now: number): number {
  const elapsed = now - receivedAt;
  return elapsed >= 0 && elapsed <= MAX_TIMEOUT_MS ? elapsed : 0;
}

/** Go's `time.Duration` in the units that a timeout has, in milliseconds. */
function parseGoDuration(text: string): number | undefined {
  if (!/^(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ms|s|m|h))+$/.test(text)) return undefined;
  const parts = text.matchAll(/([0-9.]+)(ms|s|m|h)/g);
  return [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0);
}

/** The time of one answer. */
export interface AdmissionClock {
  readonly signal: AbortSignal;
  /** Milliseconds that stores may still take: some is left to write down what they said. */
  readonly remainingMs: () => number;
  /** The promise's outcome, or {@link DeadlineError} as soon as time is up. */
  readonly within: <T>(promise: Promise<T>) => Promise<T>;
  readonly stop: () => void;
}

/** The share of the time that is left for what comes after the stores. */
const RECORDING_SHARE = 0.1;

export function startAdmissionClock(timeout: string | undefined, receivedAt: number, now: Date): AdmissionClock {
  const budgetMs = toBudgetMs(timeout, receivedAt, now.getTime());
  const started = performance.now();
  const controller = new AbortController();
  const { signal } = controller;
  const timer = setTimeout(() => controller.abort(new DeadlineError(budgetMs)), budgetMs);
  return {
    signal,
    remainingMs: () => (budgetMs - (performance.now() - started)) * (1 - RECORDING_SHARE),
    within: (promise) => untilAborted(promise, signal),
    stop: () => clearTimeout(timer),
  };
}
