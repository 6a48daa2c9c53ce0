import { DeleteMessageCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';

/** A record as Lambda hands it over. */
export function toRecord(body: string, change: Partial<SQSRecord> = {}): SQSRecord {
  return {
    messageId: 'message-1',
    receiptHandle: 'receipt-1',
    body,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: '0',
      SenderId: 'sender',
      ApproximateFirstReceiveTimestamp: '0',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:work',
    awsRegion: 'us-east-1',
    ...change,
  };
}

/** Receives what the queue has, waiting for up to `waitSeconds`. */
export async function receiveMessages(
  client: SQSClient,
  queueUrl: string,
  waitSeconds = 0,
): Promise<readonly Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: 10,
    WaitTimeSeconds: waitSeconds,
    MessageAttributeNames: ['All'],
    MessageSystemAttributeNames: ['ApproximateReceiveCount'],
  });
  return (await client.send(command)).Messages ?? [];
}

/** Does what Lambda does with one batch: hands it over, and removes what is not named as failed. */
export async function pollOnce(
  client: SQSClient,
  queueUrl: string,
  handle: (event: SQSEvent) => Promise<SQSBatchResponse>,
): Promise<number> {
  const records = (await receiveMessages(client, queueUrl, 2)).map((message) => {
    const record = toRecord(message.Body ?? '', {
      messageId: message.MessageId ?? '',
      receiptHandle: message.ReceiptHandle ?? '',
    });
    const count = message.Attributes?.ApproximateReceiveCount ?? '1';
    return { ...record, attributes: { ...record.attributes, ApproximateReceiveCount: count } };
  });
  const { batchItemFailures } = await handle({ Records: records });
  const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  for (const { messageId, receiptHandle } of records) {
    if (failed.has(messageId)) continue;
    await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle }));
  }
  return records.length;
}
