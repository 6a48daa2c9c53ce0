import type { SQSRecord } from 'aws-lambda';
import type { BatchOptions } from './process-batch.ts';

/** Name of the message attribute that says why a message is dead. */
export const REASON_ATTRIBUTE = 'reason';
/** Characters of a reason that are kept. */
export const MAX_REASON_CHARACTERS = 1024;
/** Seconds that SQS hides a message at most. */
const MAX_DELAY_SECONDS = 12 * 60 * 60;

export interface ConsumedQueue {
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
}

/** What a consumer does to single messages of SQS, for `processBatch`. All of it throws StoreError. */
export interface SqsConsumer extends Pick<BatchOptions<unknown>, 'delayMessage'> {
  readonly sendDead: (message: Pick<SQSRecord, 'messageId' | 'body'>, reason: string) => Promise<void>;
}

/** A request to SQS, in the words of its API. */
export type ConsumerCall =
  | {
      readonly action: 'ChangeMessageVisibility';
      readonly input: {
        readonly QueueUrl: string;
        readonly ReceiptHandle: string;
        readonly VisibilityTimeout: number;
      };
    }
  | {
      readonly action: 'SendMessage';
      readonly input: {
        readonly QueueUrl: string;
        readonly MessageBody: string;
        readonly MessageAttributes: Record<string, { readonly DataType: string; readonly StringValue: string }>;
      };
    };

/** A consumer that asks SQS by the SDK or without. @param call throws StoreError, which says what was being done */
export function createConsumer(
  { queueUrl, deadLetterUrl }: ConsumedQueue,
  call: (doing: string, request: ConsumerCall) => Promise<void>,
): SqsConsumer {
  return {
    delayMessage: (record, delaySeconds) =>
      call(`delaying message ${record.messageId}`, {
        action: 'ChangeMessageVisibility',
        input: {
          QueueUrl: queueUrl,
          ReceiptHandle: record.receiptHandle,
          VisibilityTimeout: toVisibility(delaySeconds),
        },
      }),
    sendDead: ({ messageId, body }, reason) =>
      call(`sending message ${messageId} to the dead-letter queue`, {
        action: 'SendMessage',
        input: {
          QueueUrl: deadLetterUrl,
          MessageBody: body,
          MessageAttributes: { [REASON_ATTRIBUTE]: { DataType: 'String', StringValue: toAttribute(reason) } },
        },
      }),
  };
}

/** At least a second: the embedded SQS of one machine fails on 0, and a retry at once is none. */
function toVisibility(seconds: number): number {
  return Number.isFinite(seconds) ? Math.min(Math.max(1, Math.ceil(seconds)), MAX_DELAY_SECONDS) : MAX_DELAY_SECONDS;
}

/** SQS refuses control characters, lone surrogates and empty values: a message must not fail for its reason's sake. */
function toAttribute(reason: string): string {
  const text = reason
    .toWellFormed()
    .replaceAll(/[\p{Cc}\ufffe\uffff]+/gu, ' ')
    .trim();
  if (text === '') return 'no reason given';
  const characters = Array.from(text);
  return characters.length > MAX_REASON_CHARACTERS
    ? `${characters.slice(0, MAX_REASON_CHARACTERS - 1).join('')}…`
    : text;
}
