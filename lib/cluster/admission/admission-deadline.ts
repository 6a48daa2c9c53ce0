import { readClock, startDeadline } from '../../platform/time/deadline.ts';

/** Milliseconds that an API server waits by default, and at most (`timeoutSeconds` of the webhook). */
const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_TIMEOUT_MS = 30_000;
/** Milliseconds kept for sending the answer: a fifth of the timeout, and at most this. */
const MAX_MARGIN_MS = 1000;
/** Milliseconds that API Gateway and the function allow at most. */
const MAX_BUDGET_MS = 28_000;

/** Thrown when the deadline of an answer has passed. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';

  constructor(budgetMs: number) {
    super(`no verdict within the ${Math.round(budgetMs)} ms that the API server allows`);
  }
}

/** The deadline of one answer. */
export interface AdmissionClock {
  readonly signal: AbortSignal;
  /** Milliseconds that signature stores may still take; the rest is for writing the record. */
  readonly remainingMs: () => number;
  /** The promise's result, or {@link DeadlineError} once the deadline has passed. */
  readonly within: <T>(promise: Promise<T>) => Promise<T>;
  readonly stop: () => void;
}

/** The share of the remaining time that is kept for writing the record. */
const RECORDING_SHARE = 0.1;

/**
 * Starts the deadline of one answer.
 *
 * @param timeout as API servers send it, Go's `10s`; the default for anything else
 * @param receivedAt when the request arrived, in milliseconds since 1970: a cold start has used up some of the time
 * @param parent the deadline of the invocation, which ends the answer too
 */
export function startAdmissionClock(
  timeout: string | undefined,
  receivedAt: number,
  now: Date,
  parent: AbortSignal,
): AdmissionClock {
  const budgetMs = toBudgetMs(timeout, receivedAt, now.getTime());
  const started = readClock();
  const deadline = startDeadline(parent, budgetMs, () => new DeadlineError(budgetMs));
  return {
    signal: deadline.signal,
    remainingMs: () => (budgetMs - (readClock() - started)) * (1 - RECORDING_SHARE),
    within: (promise) => deadline.within(promise),
    stop: () => deadline.clear(),
  };
}

/** Milliseconds until the answer must be ready. */
function toBudgetMs(timeout: string | undefined, receivedAt: number, now: number): number {
  const timeoutMs = Math.min(parseGoDuration(timeout ?? '') ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS);
  const margin = Math.min(timeoutMs / 5, MAX_MARGIN_MS);
  return Math.max(0, Math.min(timeoutMs - margin - toElapsed(receivedAt, now), MAX_BUDGET_MS));
}

/** A request from the future, or older than any timeout, means that two clocks differ: then no time has passed. */
function toElapsed(receivedAt: number, now: number): number {
  const elapsed = now - receivedAt;
  return elapsed >= 0 && elapsed <= MAX_TIMEOUT_MS ? elapsed : 0;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Reads Go's `time.Duration` in the units of a timeout, in milliseconds. */
function parseGoDuration(text: string): number | undefined {
  if (!/^(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ms|s|m|h))+$/.test(text)) return undefined;
  const parts = text.matchAll(/([0-9.]{1,19})(ms|s|m|h)/g);
  return [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0);
}
