import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import * as v from 'valibot';
import { toFaults } from '../../base/documents/schema.ts';
import { runBounded } from './run-bounded.ts';

/** What became of one message. `dead`: it can never succeed. A `retry` at the last receive is dead too. */
export type MessageOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly delaySeconds: number; readonly reason: string }
  | { readonly kind: 'dead'; readonly reason: string };

export interface QueueMessage<Body> {
  readonly id: string;
  readonly body: Body;
  /** How often the queue has handed it out, this time included. */
  readonly receiveCount: number;
}

type HandleMessage<Body> = (message: QueueMessage<Body>, signal: AbortSignal) => Promise<MessageOutcome>;

export interface BatchOptions<Body> {
  /** What a body has to be, as JSON; another is dead. */
  readonly schema: v.GenericSchema<unknown, Body>;
  /** The receive at which a message that fails becomes a dead letter, counted from 1. */
  readonly maxReceives: number;
  /** Hides the message for so many seconds, so that it is not handed out at once again. */
  readonly delayMessage: (record: SQSRecord, delaySeconds: number) => Promise<void>;
  /** Puts the message into the dead-letter queue with its reason. */
  readonly sendDead: (record: SQSRecord, reason: string) => Promise<void>;
  /** Receives every exception; the message is then tried again, or dead. */
  readonly logFailure: (record: SQSRecord, error: unknown) => void;
  /** Runs all that is done for one message; at once, if not given. */
  readonly runMessage?: ((record: SQSRecord, work: () => Promise<boolean>) => Promise<boolean>) | undefined;
  /** Messages handled at the same time; 1 by default. */
  readonly concurrency?: number | undefined;
  /** The deadline of the whole batch. */
  readonly signal: AbortSignal;
}

/**
 * Handles each message of a batch on its own and answers which the queue has to hand out again. Never throws: an
 * exception concerns its message alone, and counts as a retry. A message is acknowledged only when it is done or when
 * the dead-letter queue has it, even when something else fails. After the deadline none is begun: the queue hands it out again, and
 * it is no dead letter, because nothing was tried.
 */
export async function processBatch<Body>(
  event: SQSEvent,
  handle: HandleMessage<Body>,
  options: BatchOptions<Body>,
): Promise<SQSBatchResponse> {
  const settle = async (record: SQSRecord): Promise<boolean> => {
    try {
      options.signal.throwIfAborted();
      return await settleMessage(record, await decideMessage(record, handle, options), options);
    } catch (error) {
      options.logFailure(record, error);
      return false;
    }
  };
  const { concurrency = 1, runMessage = (_, work) => work() } = options;
  const isDone = await runBounded(event.Records, concurrency, (record) => runMessage(record, () => settle(record)));
  const failed = event.Records.filter((_, index) => isDone[index] !== true);
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

async function decideMessage<Body>(
  record: SQSRecord,
  handle: HandleMessage<Body>,
  { schema, maxReceives, logFailure, signal }: BatchOptions<Body>,
): Promise<MessageOutcome> {
  const json = parseJson(record.body);
  if (json === undefined) return { kind: 'dead', reason: 'the body is not JSON' };
  const parsed = v.safeParse(schema, json);
  if (!parsed.success) return { kind: 'dead', reason: `the body is not valid: ${describeIssues(parsed.issues)}` };
  const receiveCount = toReceiveCount(record);
  try {
    const message = { id: record.messageId, body: parsed.output, receiveCount };
    const outcome = await handle(message, signal);
    return limitReceives(outcome, receiveCount, maxReceives);
  } catch (error) {
    logFailure(record, error);
    const retry = { kind: 'retry', delaySeconds: toRetryDelay(receiveCount), reason: toFailureReason(error) } as const;
    return limitReceives(retry, receiveCount, maxReceives);
  }
}

/** Gives up here and not by the queue's own redrive, which keeps no reason. */
function limitReceives(outcome: MessageOutcome, receiveCount: number, maxReceives: number): MessageOutcome {
  if (outcome.kind !== 'retry' || receiveCount < maxReceives) return outcome;
  return { kind: 'dead', reason: `after ${receiveCount} receives: ${outcome.reason}` };
}

/** True when the message may be removed from the queue. */
async function settleMessage<Body>(
  record: SQSRecord,
  outcome: MessageOutcome,
  { delayMessage, sendDead }: BatchOptions<Body>,
): Promise<boolean> {
  switch (outcome.kind) {
    case 'done':
      return true;
    case 'retry':
      await delayMessage(record, outcome.delaySeconds);
      return false;
    case 'dead':
      await sendDead(record, outcome.reason);
      return true;
    default:
      throw new TypeError(`unknown outcome ${JSON.stringify(outcome satisfies never)}`);
  }
}

/** Undefined, which no JSON text is, for what is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function describeIssues(issues: readonly v.BaseIssue<unknown>[]): string {
  return toFaults(issues)
    .map(({ path, message }) => [...path, message].join(': '))
    .join('; ');
}

function toReceiveCount({ attributes }: SQSRecord): number {
  const count = Number(attributes.ApproximateReceiveCount);
  return Number.isSafeInteger(count) && count > 0 ? count : 1;
}

/** Characters of a reason made of an error: enough for a sentence, as the log has the rest. */
export const MAX_FAILURE_CHARACTERS = 300;

/** The reason of a dead letter that an exception ended: name, code and message, in one short line. */
export function toFailureReason(error: unknown): string {
  const text = error instanceof Error ? `${nameError(error)}: ${error.message}` : String(error);
  const characters = Array.from(text.replaceAll(/\s+/gu, ' ').trim());
  return characters.length > MAX_FAILURE_CHARACTERS
    ? `${characters.slice(0, MAX_FAILURE_CHARACTERS - 1).join('')}…`
    : characters.join('');
}

function nameError(error: Error): string {
  const { name } = error;
  return 'code' in error && typeof error.code === 'string' ? `${name} ${error.code}` : name;
}

const FIRST_DELAY_SECONDS = 15;
/** Seconds between two tries, at most. */
const MAX_RETRY_DELAY_SECONDS = 15 * 60;

/** Seconds until the next try: doubled each time the message was received, counted from 1. */
export function toRetryDelay(receiveCount: number): number {
  return Math.min(FIRST_DELAY_SECONDS * 2 ** Math.max(0, receiveCount - 1), MAX_RETRY_DELAY_SECONDS);
}
