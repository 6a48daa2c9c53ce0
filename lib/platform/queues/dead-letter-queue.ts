import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { formatUnixTime, MAX_UNIX_TIME } from '../../base/documents/unix-time.ts';
import { MAX_BATCH_MESSAGES } from './batching-queue.ts';
import { reportSqs } from './sqs-client.ts';
import { REASON_ATTRIBUTE } from './sqs-consumer.ts';

interface ReadOptions {
  /** Only letters sent before are looked for; newer ones may come along, and do not keep the reading going. */
  readonly sentBefore: Date;
  /** Seconds after which a letter is visible again should this process die. */
  readonly hideSeconds: number;
}

/** A queue of dead letters, for the people who look after it. Every operation throws StoreError. */
export interface DeadLetterQueue {
  /** Name of the queue. */
  readonly name: string;
  /** About how many letters there are, those included that are hidden because someone reads them. */
  countLetters(): Promise<number>;
  /**
   * Every letter once, in batches of up to ten, until the queue has no more. They are hidden meanwhile and made visible
   * again at the end, an early one too, but for those that were removed.
   */
  readLetters(options: ReadOptions): AsyncGenerator<readonly DeadLetter[]>;
  removeLetter(letter: DeadLetter): Promise<void>;
}

/** Batches in a row without a letter that was looked for, after which the queue counts as seen. */
const MAX_IDLE_BATCHES = 50;
/** A wait asks every server of the queue; without one SQS may overlook messages. */
const WAIT_SECONDS = 1;
/** The embedded SQS of one machine fails on 0. */
const RELEASE_SECONDS = 1;

export function createDeadLetterQueue(options: {
  readonly client: SQSClient;
  readonly queueUrl: string;
}): DeadLetterQueue {
  const { client, queueUrl } = options;
  const name = queueUrl.split('/').at(-1) ?? '';
  const held = new Map<string, string>();

  async function receive({ hideSeconds }: ReadOptions): Promise<readonly DeadLetter[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: MAX_BATCH_MESSAGES,
      WaitTimeSeconds: WAIT_SECONDS,
      VisibilityTimeout: hideSeconds,
      MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount'],
      MessageAttributeNames: ['All'],
    });
    const { Messages: messages = [] } = await reportSqs(`reading queue ${name}`, () => client.send(command));
    for (const message of messages) hold(message);
    return messages.map(toDeadLetter);
  }

  function hold({ MessageId: id, ReceiptHandle: handle }: Message): void {
    if (id !== undefined && handle !== undefined) held.set(id, handle);
  }

  return {
    name,
    async countLetters() {
      const command = new GetQueueAttributesCommand({
        QueueUrl: queueUrl,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      });
      const { Attributes: counts } = await reportSqs(`counting queue ${name}`, () => client.send(command));
      const { ApproximateNumberOfMessages: visible, ApproximateNumberOfMessagesNotVisible: hidden } = counts ?? {};
      return Number(visible ?? 0) + Number(hidden ?? 0);
    },
    async *readLetters(reading) {
      const seen = new Set<string>();
      try {
        for (let idle = 0; idle < MAX_IDLE_BATCHES;) {
          const letters = await receive(reading);
          if (letters.length === 0) return;
          // One that was hidden for too short a time comes again.
          const fresh = letters.filter(({ id }) => !seen.has(id));
          for (const { id } of fresh) seen.add(id);
          idle = fresh.some(({ sentAt }) => new Date(sentAt) < reading.sentBefore) ? 0 : idle + 1;
          if (fresh.length > 0) yield fresh;
        }
      } finally {
        await release(client, queueUrl, [...held.values()]);
        held.clear();
      }
    },
    async removeLetter({ id }) {
      const command = new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: held.get(id) });
      await reportSqs(`removing message ${id} from queue ${name}`, () => client.send(command));
      held.delete(id);
    },
  };
}

/** What is not released becomes visible by itself, a little later: no failure is worth hiding another. */
async function release(client: SQSClient, queueUrl: string, handles: readonly string[]): Promise<void> {
  for (let start = 0; start < handles.length; start += MAX_BATCH_MESSAGES) {
    const entries = handles
      .slice(start, start + MAX_BATCH_MESSAGES)
      .map((handle, index) => ({ Id: String(index), ReceiptHandle: handle, VisibilityTimeout: RELEASE_SECONDS }));
    const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries: entries });
    try {
      await client.send(command);
    } catch {
      return;
    }
  }
}

/** A message that a consumer gave up. */
export interface DeadLetter {
  /** Given by the queue when the message was put there. */
  readonly id: string;
  /** ISO 8601, by the queue's clock. */
  readonly sentAt: string;
  /** How often the queue of dead letters has handed it out, this time included. */
  readonly receiveCount: number;
  /** Undefined when it was not a consumer that gave it up. */
  readonly reason: string | undefined;
  readonly body: string;
}

/** What SQS says of a received message. Strings are others' text. */
function toDeadLetter({ MessageId: id, Body: body, Attributes, MessageAttributes }: Message): DeadLetter {
  const read = (name: string): string | undefined => MessageAttributes?.[name]?.StringValue;
  // EventBridge's reason for an event that it could not deliver.
  const undelivered = [read('ERROR_CODE'), read('ERROR_MESSAGE')].filter((part) => part !== undefined).join(': ');
  return {
    id: id ?? '',
    sentAt: formatUnixTime(toTime(toCount(Attributes?.SentTimestamp) / 1000)),
    receiveCount: toCount(Attributes?.ApproximateReceiveCount),
    reason: read(REASON_ATTRIBUTE) ?? (undelivered || undefined),
    body: body ?? '',
  };
}

/** Seconds; 1970 for what is no time, so that such a letter counts as an old one. */
function toTime(seconds: number): number {
  return seconds <= MAX_UNIX_TIME ? seconds : 0;
}

function toCount(text: string | undefined): number {
  const count = Number(text);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}
