import { ChangeMessageVisibilityCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { StoreError } from '../errors/store-error.ts';
import type { BatchOptions } from './process-batch.ts';

/** Name of the message attribute that says why a message is dead. */
export const REASON_ATTRIBUTE = 'reason';
/** Characters of a reason that are kept. */
export const MAX_REASON_CHARACTERS = 1024;
/** Seconds that SQS hides a message at most. */
export const MAX_DELAY_SECONDS = 12 * 60 * 60;

export interface SqsConsumerOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
}

/** What a consumer does to single messages of SQS, for `processBatch`. @throws StoreError `ConnectionFailed`. */
export function createSqsConsumer({
  client,
  queueUrl,
  deadLetterUrl,
}: SqsConsumerOptions): Pick<BatchOptions<unknown>, 'delayMessage' | 'sendDead'> {
  return {
    delayMessage: (record, delaySeconds) =>
      report(`delaying message ${record.messageId}`, async () => {
        const command = new ChangeMessageVisibilityCommand({
          QueueUrl: queueUrl,
          ReceiptHandle: record.receiptHandle,
          VisibilityTimeout: toVisibility(delaySeconds),
        });
        await client.send(command);
      }),
    sendDead: (record, reason) =>
      report(`sending message ${record.messageId} to the dead-letter queue`, async () => {
        const attribute = { DataType: 'String', StringValue: toAttribute(reason) };
        const command = new SendMessageCommand({
          QueueUrl: deadLetterUrl,
          MessageBody: record.body,
          MessageAttributes: { [REASON_ATTRIBUTE]: attribute },
        });
        await client.send(command);
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

async function report(doing: string, operation: () => Promise<void>): Promise<void> {
  try {
    await operation();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError('ConnectionFailed', `${doing} failed: ${why}`, { cause });
  }
}
