import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { isJsonObject } from '../../base/documents/json-value.ts';
import { type BatchOptions, type MessageOutcome, processBatch, type QueueMessage } from '../queues/process-batch.ts';
import { type InvocationContext, runInvocation, startInvocation, toCorrelationId } from './invocation.ts';
import { describeError, type Telemetry, withLogContext } from './telemetry.ts';

/** What a function does to the messages of its queue. */
export type QueueConsumer = Pick<BatchOptions<unknown>, 'delayMessage' | 'sendDead' | 'maxReceives'>;

export interface QueueOptions<Body> extends QueueConsumer, Pick<BatchOptions<Body>, 'schema' | 'concurrency'> {
  readonly telemetry: Telemetry;
  /** The log line of an exception. */
  readonly failure: string;
}

/** What Lambda calls. */
export type QueueHandler = (event: SQSEvent, context: InvocationContext) => Promise<SQSBatchResponse>;

/** Milliseconds before its end at which a function stops its messages, to delay them or to send dead letters. */
const RESERVE_MS = 10_000;

/**
 * Wraps every function of a queue: one deadline for the batch, each message on its own, dead letters with their reason,
 * a log line for each exception, and the counts. At the deadline a message that is being handled is tried again later,
 * and one that is not begun stays in the queue.
 */
export function wrapQueue<Body>(
  handle: (message: QueueMessage<Body>, signal: AbortSignal) => Promise<MessageOutcome>,
  { telemetry, failure, ...options }: QueueOptions<Body>,
): QueueHandler {
  const run: QueueHandler = async (event, context) => {
    const deadline = startInvocation(context, RESERVE_MS);
    try {
      return await processBatch(event, handle, {
        ...options,
        signal: deadline.signal,
        runMessage: (record, work) => withLogContext({ correlationId: findCause(record) }, work),
        logFailure: ({ messageId }, error) => {
          telemetry.count('MessageFailed');
          telemetry.log('error', failure, { messageId, error: describeError(error) });
        },
      });
    } finally {
      deadline.clear();
      telemetry.flush();
    }
  };
  return (event, context) => runInvocation(context, undefined, () => run(event, context));
}

/** What caused a message, as its sender says; else the message itself. */
function findCause({ body, messageId }: SQSRecord): string {
  try {
    const message: unknown = JSON.parse(body);
    return (isJsonObject(message) ? toCorrelationId(message['correlationId']) : undefined) ?? messageId;
  } catch {
    return messageId;
  }
}
