import type { Context } from 'aws-lambda';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Deadline, startDeadline } from '../time/deadline.ts';
import { describeError, type Telemetry } from './telemetry.ts';

/** The part of Lambda's context that a deadline is made from. */
export type InvocationContext = Pick<Context, 'getRemainingTimeInMillis'>;

/**
 * Starts the one deadline of an invocation. Everything that the invocation does receives its signal: reading trust,
 * signature stores, registries, records and the mirror.
 *
 * @param reserveMs milliseconds before its end at which the work stops: for an answer, a dead letter, a line of the log
 * @param limitMs milliseconds of the work, however long the function may run
 */
export function startInvocation(
  context: InvocationContext,
  reserveMs: number,
  limitMs: number = Number.MAX_SAFE_INTEGER,
): Deadline {
  const milliseconds = Math.max(0, Math.min(limitMs, context.getRemainingTimeInMillis() - reserveMs));
  return startDeadline(
    undefined,
    milliseconds,
    () => new StoreError('TimedOut', `the invocation was not done within ${milliseconds} ms`),
  );
}

/** Milliseconds before its end at which a function of an event stops, to log what it did. */
const EVENT_RESERVE_MS = 10_000;

export interface EventOptions {
  readonly telemetry: Telemetry;
  /** The log line of a failure; undefined where the function logs its failures itself. */
  readonly failure?: string | undefined;
  readonly reserveMs?: number | undefined;
}

/** Handles the event of a schedule, of the bucket or of EventBridge. */
export type EventHandler<Event, Result> = (event: Event, context: InvocationContext) => Promise<Result>;

/**
 * Wraps a function without a caller that waits: one deadline, a log line for a failure, and the counts. A failure is thrown,
 * so that Lambda repeats the event.
 */
export function wrapEvent<Event, Result>(
  handle: (event: Event, signal: AbortSignal, context: InvocationContext) => Promise<Result>,
  { telemetry, failure, reserveMs = EVENT_RESERVE_MS }: EventOptions,
): EventHandler<Event, Result> {
  return async (event, context) => {
    const deadline = startInvocation(context, reserveMs);
    try {
      return await handle(event, deadline.signal, context);
    } catch (error) {
      if (failure !== undefined) telemetry.log('error', failure, { error: describeError(error) });
      throw error;
    } finally {
      deadline.clear();
      telemetry.flush();
    }
  };
}
