import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { createBatchingQueue } from './batching-queue.ts';
import type { Queue } from './queue.ts';

export interface SqsQueueOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
}

/** A queue of SQS. A failure says how many messages were not sent; those that were stay sent. */
export function createSqsQueue({ client, queueUrl }: SqsQueueOptions): Queue {
  return createBatchingQueue(queueUrl, (entries) =>
    client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: [...entries] })),
  );
}
