import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { z } from 'zod';
import { runBounded } from './run-bounded.ts';

/** What became of one message. `dead`: it can never succeed. */
export type MessageOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly delaySeconds: number }
  | { readonly kind: 'dead'; readonly reason: string };

export interface QueueMessage<Body> {
  readonly id: string;
  readonly body: Body;
  /** How often the queue has handed it out, this time included. */
  readonly receiveCount: number;
}

export interface BatchOptions<Body> {
  /** What a body has to be, as JSON; another is dead. */
  readonly schema: z.ZodType<Body>;
  /** Hides the message for so many seconds, so that it is not handed out at once again. */
  readonly delayMessage: (record: SQSRecord, delaySeconds: number) => Promise<void>;
  /** Puts the message into the dead-letter queue with its reason. */
  readonly sendDead: (record: SQSRecord, reason: string) => Promise<void>;
  /** Told of every exception; the message is then handed out again. */
  readonly logFailure: (record: SQSRecord, error: unknown) => void;
  /** Messages under way at a time; 1 unless told. */
  readonly concurrency?: number | undefined;
}

/**
 * Handles each message of a batch on its own and answers which the queue has to hand out again. Never throws: an
 * exception concerns its message alone. A dead message is acknowledged only once the dead-letter queue has it.
 */
export async function processBatch<Body>(
  event: SQSEvent,
  handle: (message: QueueMessage<Body>) => Promise<MessageOutcome>,
  options: BatchOptions<Body>,
): Promise<SQSBatchResponse> {
  const isDone = await runBounded(event.Records, options.concurrency ?? 1, async (record) => {
    try {
      return await settleMessage(record, await decideMessage(record, handle, options), options);
    } catch (error) {
      options.logFailure(record, error);
      return false;
    }
  });
  const failed = event.Records.filter((_, index) => isDone[index] !== true);
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

async function decideMessage<Body>(
  record: SQSRecord,
  handle: (message: QueueMessage<Body>) => Promise<MessageOutcome>,
  { schema }: BatchOptions<Body>,
): Promise<MessageOutcome> {
  const json = parseJson(record.body);
  if (json === undefined) return { kind: 'dead', reason: 'the body is not JSON' };
  const parsed = schema.safeParse(json);
  if (!parsed.success) return { kind: 'dead', reason: `the body is not valid: ${describeIssues(parsed.error)}` };
  return handle({ id: record.messageId, body: parsed.data, receiveCount: toReceiveCount(record) });
}

/** True when the message may be removed from the queue. */
async function settleMessage<Body>(
  record: SQSRecord,
  outcome: MessageOutcome,
  { delayMessage, sendDead }: BatchOptions<Body>,
): Promise<boolean> {
  switch (outcome.kind) {
    case 'done':
      return true;
    case 'retry':
      await delayMessage(record, outcome.delaySeconds);
      return false;
    case 'dead':
      await sendDead(record, outcome.reason);
      return true;
    default:
      throw new TypeError(`unknown outcome ${JSON.stringify(outcome satisfies never)}`);
  }
}

/** Undefined, which no JSON text is, for what is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function describeIssues({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => [...path, message].join(': ')).join('; ');
}

function toReceiveCount({ attributes }: SQSRecord): number {
  const count = Number(attributes.ApproximateReceiveCount);
  return Number.isSafeInteger(count) && count > 0 ? count : 1;
}
