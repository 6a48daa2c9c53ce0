import type { Message } from '@aws-sdk/client-sqs';
import { formatUnixTime, MAX_UNIX_TIME } from '../../base/documents/unix-time.ts';
import { REASON_ATTRIBUTE } from './sqs-consumer.ts';

/** A message that was given up. */
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
export function toDeadLetter({ MessageId: id, Body: body, Attributes, MessageAttributes }: Message): DeadLetter {
  const read = (name: string): string | undefined => MessageAttributes?.[name]?.StringValue;
  // EventBridge says so why it could not deliver an event.
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
