import { ChangeMessageVisibilityCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import type { BatchOptions } from './process-batch.ts';
import { reportSqs } from './sqs-client.ts';

/** Name of the message attribute that says why a message is dead. */
export const REASON_ATTRIBUTE = 'reason';
/** Characters of a reason that are kept. */
export const MAX_REASON_CHARACTERS = 1024;
/** Seconds that SQS hides a message at most. */
const MAX_DELAY_SECONDS = 12 * 60 * 60;

export interface SqsConsumerOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
}

/** What a consumer does to single messages of SQS, for `processBatch`. All of it throws StoreError. */
export interface SqsConsumer extends Pick<BatchOptions<unknown>, 'delayMessage'> {
  readonly sendDead: (message: Pick<SQSRecord, 'messageId' | 'body'>, reason: string) => Promise<void>;
}

export function createSqsConsumer({ client, queueUrl, deadLetterUrl }: SqsConsumerOptions): SqsConsumer {
  return {
    delayMessage: (record, delaySeconds) =>
      reportSqs(`delaying message ${record.messageId}`, async () => {
        const command = new ChangeMessageVisibilityCommand({
          QueueUrl: queueUrl,
          ReceiptHandle: record.receiptHandle,
          VisibilityTimeout: toVisibility(delaySeconds),
        });
        await client.send(command);
      }),
    sendDead: ({ messageId, body }, reason) =>
      reportSqs(`sending message ${messageId} to the dead-letter queue`, async () => {
        const attribute = { DataType: 'String', StringValue: toAttribute(reason) };
        const command = new SendMessageCommand({
          QueueUrl: deadLetterUrl,
          MessageBody: body,
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
