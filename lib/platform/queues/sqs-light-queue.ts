import * as v from 'valibot';
import { StoreError } from '../../base/errors/store-error.ts';
import { toAwsStoreError } from '../aws/aws-fault.ts';
import type { AwsSettings } from '../aws/aws-settings.ts';
import { toQueueEndpoint } from '../aws/endpoints.ts';
import { AwsRequestError, createSignedSender, type SignedResponse } from '../aws/signed-request.ts';
import { type BatchEntry, createBatchingQueue, type SentBatch } from './batching-queue.ts';
import type { Queue } from './queue.ts';
import { type ConsumedQueue, createConsumer, type SqsConsumer } from './sqs-consumer.ts';

interface LightOptions extends AwsSettings {
  /** Milliseconds for one request, its body included. */
  readonly requestTimeoutMs?: number | undefined;
}

export interface SqsLightQueueOptions extends LightOptions {
  /** Its host is the one that is asked, unless the environment names another. */
  readonly queueUrl: string;
}

const REQUEST_TIMEOUT_MS = 5000;
const MAX_ANSWER_BYTES = 64 * 1024;

const Answer = v.looseObject({
  Successful: v.optional(v.array(v.looseObject({ Id: v.string() }))),
  Failed: v.optional(
    v.array(
      v.looseObject({
        Id: v.string(),
        SenderFault: v.optional(v.boolean()),
        Code: v.optional(v.string()),
        Message: v.optional(v.string()),
      }),
    ),
  ),
});

/**
 * A queue of SQS without the AWS SDK, whose loading alone would be much of a function's cold start. It only sends.
 * Failures are those of `createSqsQueue`.
 */
export function createSqsLightQueue(options: SqsLightQueueOptions): Queue {
  const { queueUrl } = options;
  const url = toQueueEndpoint(queueUrl, options);
  const call = createCaller(options);
  return createBatchingQueue(queueUrl, async (entries: readonly BatchEntry[]) =>
    parseAnswer(await call('sending', url, 'SendMessageBatch', { QueueUrl: queueUrl, Entries: entries })),
  );
}

/** A consumer without the AWS SDK. */
export function createSqsLightConsumer({ queueUrl, deadLetterUrl, ...options }: LightConsumerOptions): SqsConsumer {
  const call = createCaller(options);
  return createConsumer({ queueUrl, deadLetterUrl }, async (doing, { action, input }) => {
    await call(doing, toQueueEndpoint(input.QueueUrl, options), action, input);
  });
}

interface LightConsumerOptions extends LightOptions, ConsumedQueue {}

type Call = (doing: string, url: URL, action: string, input: object) => Promise<SignedResponse>;

function createCaller(options: LightOptions): Call {
  const { region, credentials, requestTimeoutMs: timeoutMs = REQUEST_TIMEOUT_MS } = options;
  const send = createSignedSender({ service: 'sqs', region, credentials, timeoutMs });
  return async (doing, url, action, input) => {
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${action}` };
    const body = Buffer.from(JSON.stringify(input));
    try {
      return await send({ method: 'POST', url, headers, body, limitBytes: MAX_ANSWER_BYTES });
    } catch (error) {
      if (error instanceof AwsRequestError) throw toAwsStoreError(error.fault, doing);
      throw error;
    }
  };
}

function parseAnswer({ bytes }: SignedResponse): SentBatch {
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new StoreError('BodyInvalid', 'SQS did not answer in JSON', { cause });
  }
  const answer = v.safeParse(Answer, content);
  if (!answer.success) throw new StoreError('BodyInvalid', 'SQS answered something else than a batch');
  return answer.output;
}
