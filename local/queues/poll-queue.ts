import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import type { QueueHandler } from '../../lib/platform/lambda/queue-stack.ts';
import { describeError, type Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import { createLocalContext } from '../local-context.ts';

export interface QueuePoller {
  /** Takes no more messages, and finishes those under way. */
  readonly close: () => Promise<void>;
}

interface PollerOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly functionName: string;
  readonly handler: QueueHandler;
  /** Milliseconds that the function has for one batch. */
  readonly timeoutMs: number;
  readonly telemetry: Telemetry;
  /** Seconds that a receive waits for a message. */
  readonly waitSeconds?: number | undefined;
}

const BATCH = 10;
const WAIT_SECONDS = 10;
const PAUSE_MS = 1000;

/** Does what Lambda's event source mapping does: hands batches to a function, and removes what did not fail. */
export function pollQueue(options: PollerOptions): QueuePoller {
  const stop = new AbortController();
  const polling = poll(options, stop.signal);
  return {
    close: async () => {
      stop.abort();
      await polling;
    },
  };
}

async function poll(options: PollerOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const messages = await receive(options, signal);
      if (messages.length > 0) await deliver(messages, options);
    } catch (error) {
      if (signal.aborted) return;
      options.telemetry.log('error', 'polling failed', { queue: options.functionName, error: describeError(error) });
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

async function receive(
  { client, queueUrl, waitSeconds = WAIT_SECONDS }: PollerOptions,
  abortSignal: AbortSignal,
): Promise<readonly Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: BATCH,
    WaitTimeSeconds: waitSeconds,
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['All'],
  });
  const { Messages: messages = [] } = await client.send(command, { abortSignal });
  return messages;
}

async function deliver(
  messages: readonly Message[],
  { client, queueUrl, functionName, handler, timeoutMs }: PollerOptions,
): Promise<void> {
  const records = messages.map((message) => toRecord(message, queueUrl));
  const { batchItemFailures } = await handler({ Records: records }, createLocalContext(functionName, timeoutMs));
  const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  const done = records.filter(({ messageId }) => !failed.has(messageId));
  if (done.length === 0) return;
  const entries = done.map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle }));
  await client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
}

function toRecord(message: Message, queueUrl: string): SQSRecord {
  const { Attributes: attributes = {} } = message;
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: {
      ApproximateReceiveCount: attributes.ApproximateReceiveCount ?? '1',
      SentTimestamp: attributes.SentTimestamp ?? '',
      SenderId: attributes.SenderId ?? '',
      ApproximateFirstReceiveTimestamp: attributes.ApproximateFirstReceiveTimestamp ?? '',
    },
    messageAttributes: {},
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:local:000000000000:${queueUrl.split('/').at(-1) ?? ''}`,
    awsRegion: 'local',
  };
}
