import type { Context } from 'aws-lambda';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Deadline, startDeadline } from '../time/deadline.ts';
import { describeError, type Telemetry, withLogContext } from './telemetry.ts';

/** The part of Lambda's context that deadlines and log lines are made from. */
export type InvocationContext = Pick<Context, 'getRemainingTimeInMillis'> & Partial<Pick<Context, 'awsRequestId'>>;

let isCold = true;

/** Runs an invocation, whose log lines all name it. @param causeId of the event; without one, Lambda's request ID */
export function runInvocation<Result>(
  { awsRequestId: requestId }: InvocationContext,
  causeId: string | undefined,
  work: () => Result,
): Result {
  const coldStart = isCold;
  isCold = false;
  return withLogContext({ requestId, coldStart, correlationId: causeId ?? requestId }, work);
}

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
  const run = async (event: Event, context: InvocationContext): Promise<Result> => {
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
  return (event, context) => runInvocation(context, findEventId(event), () => run(event, context));
}

/** The `id` of an event of EventBridge, or the request that wrote the object of an event of S3. */
function findEventId(event: unknown): string | undefined {
  const records = read(event, 'Records');
  const id =
    read(event, 'id') ?? read(read(Array.isArray(records) ? records[0] : undefined, 'responseElements'), S3_REQUEST);
  return toCorrelationId(id);
}

const S3_REQUEST = 'x-amz-request-id';

/** A member of whatever this is. */
function read(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

/** What connects lines is short and plain, whoever named it; anything else connects none. */
export function toCorrelationId(id: unknown): string | undefined {
  return typeof id === 'string' && CORRELATION_ID.test(id) ? id : undefined;
}

const CORRELATION_ID = /^[\w.=:+/-]{1,128}$/;
