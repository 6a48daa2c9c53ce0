import {
  ChangeMessageVisibilityCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { StoreError, type StoreErrorCode } from '../../base/errors/store-error.ts';
import { type SdkOptions, toSdkSettings } from '../aws/aws-settings.ts';
import type { EndpointSettings } from '../aws/endpoints.ts';
import { createBatchingQueue } from './batching-queue.ts';
import type { BatchOptions } from './process-batch.ts';
import type { Queue } from './queue.ts';

/** A request has longer than the longest poll, 20 s. */
const LIMITS = { requestTimeoutMs: 25_000, maxAttempts: 3 };

export interface SqsClientOptions extends SdkOptions {
  /** Where the environment leads requests to. */
  readonly endpoints?: EndpointSettings | undefined;
}

/**
 * The SDK's client with time-outs. With an endpoint, queue URLs must be below it. By itself the SDK asks the host of a
 * queue's URL, even where the environment names another endpoint.
 */
export function createSqsClient({ endpoints, ...options }: SqsClientOptions = {}): SQSClient {
  const isLed = endpoints?.urls.sqs !== undefined || endpoints?.useFips === true || endpoints?.useDualStack === true;
  return new SQSClient({ ...toSdkSettings(options, LIMITS), useQueueUrlAsEndpoint: !isLed });
}

interface SqsQueueOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
}

/** A queue of SQS. A failure says how many messages were not sent; those that were stay sent. */
export function createSqsQueue({ client, queueUrl }: SqsQueueOptions): Queue {
  return createBatchingQueue(queueUrl, (entries) =>
    client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: [...entries] })),
  );
}

/**
 * Runs a request to SQS, and reports a failure in one line.
 *
 * @throws StoreError `NotFound` for no such queue, `AccessDenied`, `TimedOut`, else `ConnectionFailed`
 */
export async function reportSqs<Result>(doing: string, operation: () => Promise<Result>): Promise<Result> {
  try {
    return await operation();
  } catch (cause) {
    throw new StoreError(toCode(cause), `${doing} failed: ${explain(cause)}`, { cause });
  }
}

function toCode(cause: unknown): StoreErrorCode {
  if (!(cause instanceof Error)) return 'ConnectionFailed';
  const { name } = cause;
  if (name.endsWith('QueueDoesNotExist') || name.endsWith('NonExistentQueue')) return 'NotFound';
  if (name === 'CredentialsProviderError' || /AccessDenied(?:Exception)?$/.test(name)) return 'AccessDenied';
  if ([401, 403].includes(readStatus(cause) ?? 0)) return 'AccessDenied';
  return name === 'TimeoutError' ? 'TimedOut' : 'ConnectionFailed';
}

function readStatus(error: Error): number | undefined {
  const metadata: unknown = Reflect.get(error, '$metadata');
  const status: unknown =
    typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'httpStatusCode') : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** Errors of several addresses of a host have no message of their own. */
function explain(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  return (cause.message || code).replaceAll(/\s+/gu, ' ').trim();
}

/** Name of the message attribute that says why a message is dead. */
export const REASON_ATTRIBUTE = 'reason';
/** Characters of a reason that are kept. */
export const MAX_REASON_CHARACTERS = 1024;
/** Seconds that SQS hides a message at most. */
const MAX_DELAY_SECONDS = 12 * 60 * 60;

interface SqsConsumerOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
}

/** What a consumer does to single messages of SQS, for `processBatch`. All of it throws StoreError. */
interface SqsConsumer extends Pick<BatchOptions<unknown>, 'delayMessage'> {
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
