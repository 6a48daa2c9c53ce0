const ID = '00000000-0000-0000-0000-000000000001';

/** An event of a queue with one message. @param receives how often it was received; the first time by default */
export function toQueueEvent(body: string, receives = 1): object {
  const record = {
    messageId: ID,
    receiptHandle: 'receipt',
    body,
    attributes: { ApproximateReceiveCount: String(receives) },
    messageAttributes: {},
    eventSource: 'aws:sqs',
  };
  return { Records: [record] };
}

/** What a consumer answers when it is through with the message. */
export const DONE = { batchItemFailures: [] };
/** What it answers when the message has to come again. */
export const AGAIN = { batchItemFailures: [{ itemIdentifier: ID }] };
