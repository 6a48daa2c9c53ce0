import {
  ChangeMessageVisibilityCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { StoreError, type StoreErrorCode } from '../../base/errors/store-error.ts';
import { type SdkOptions, toSdkSettings } from '../aws/aws-settings.ts';
import type { EndpointSettings } from '../aws/endpoints.ts';
import { createBatchingQueue } from './batching-queue.ts';
import type { Queue } from './queue.ts';
import { type ConsumedQueue, createConsumer, type SqsConsumer } from './sqs-consumer.ts';

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

interface SqsConsumerOptions extends ConsumedQueue {
  readonly client: SQSClient;
}

/** As a consumer of `createConsumer`. */
export function createSqsConsumer({ client, ...queue }: SqsConsumerOptions): SqsConsumer {
  return createConsumer(queue, (doing, { action, input }) =>
    reportSqs(doing, async () => {
      if (action === 'SendMessage') await client.send(new SendMessageCommand(input));
      else await client.send(new ChangeMessageVisibilityCommand(input));
    }),
  );
}
