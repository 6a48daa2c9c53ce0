import { StoreError } from '../../base/errors/store-error.ts';
import { retry, toRandomPause } from '../time/retries.ts';
import type { Queue } from './queue.ts';

/** One message of a batch, as SQS names its members. */
export interface BatchEntry {
  readonly Id: string;
  readonly MessageBody: string;
}

/** What SQS says of a batch that it took at least in part. */
export interface SentBatch {
  readonly Successful?: readonly { readonly Id?: string | undefined }[] | undefined;
  readonly Failed?:
    | readonly {
        readonly Id?: string | undefined;
        readonly SenderFault?: boolean | undefined;
        readonly Code?: string | undefined;
        readonly Message?: string | undefined;
      }[]
    | undefined;
}

/** Sends one batch, trying again by itself what got no answer. */
type SendBatch = (entries: readonly BatchEntry[]) => Promise<SentBatch>;

/** Times that a batch's messages are sent when SQS takes only some of them. */
const MAX_ROUNDS = 4;
const PAUSE_MS = 50;

/** A queue that is sent batches. A failure says how many messages were not sent; those that were stay sent. */
export function createBatchingQueue(queueUrl: string, send: SendBatch): Queue {
  const description = `queue ${queueUrl.split('/').at(-1) ?? ''}`;
  return {
    description,
    async sendMessages(bodies) {
      const failures: BatchFailure[] = [];
      for (const batch of toBatches(bodies)) {
        const failure = await sendBatch(send, batch);
        if (failure !== undefined) failures.push(failure);
      }
      const [first] = failures;
      if (first === undefined) return;
      const unsent = failures.reduce((sum, failure) => sum + failure.unsent, 0);
      throw new StoreError(
        'ConnectionFailed',
        `${description}: ${unsent} of ${bodies.length} messages were not sent: ${first.reason}`,
        { cause: first.cause },
      );
    },
  };
}

interface BatchFailure {
  readonly unsent: number;
  readonly reason: string;
  readonly cause?: unknown;
}

/** Sends a batch, then what SQS did not take of it. A message that is the sender's fault is not sent again. */
async function sendBatch(send: SendBatch, batch: readonly string[]): Promise<BatchFailure | undefined> {
  let left = batch;
  let refused = 0;
  let reason = '';
  const sendLeft = async (): Promise<void> => {
    const answer = await sendOnce(send, left);
    reason = answer.reason ?? reason;
    refused += answer.refused;
    left = answer.retryable;
    if (left.length > 0) throw new PartlySent();
  };
  const toPauseMs = (error: unknown, attempt: number): number | undefined =>
    error instanceof PartlySent ? toRandomPause(PAUSE_MS, attempt + 1) : undefined;
  try {
    await retry(sendLeft, { attempts: MAX_ROUNDS, toPauseMs });
  } catch (cause) {
    const unsent = left.length + refused;
    if (cause instanceof PartlySent) return { unsent, reason };
    return { unsent, reason: cause instanceof Error ? cause.message : String(cause), cause };
  }
  return refused === 0 ? undefined : { unsent: refused, reason };
}

class PartlySent extends Error {}

interface BatchAnswer {
  readonly retryable: readonly string[];
  readonly refused: number;
  readonly reason: string | undefined;
}

async function sendOnce(send: SendBatch, bodies: readonly string[]): Promise<BatchAnswer> {
  const entries = bodies.map((body, index) => ({ Id: String(index), MessageBody: body }));
  const { Successful: sent = [], Failed: failed = [] } = await send(entries);
  const sentIds = new Set(sent.map(({ Id: id }) => id));
  const refusedIds = new Set(failed.filter(({ SenderFault: isOurs }) => isOurs === true).map(({ Id: id }) => id));
  const [first] = failed;
  return {
    // What the answer does not name counts as not sent: twice is better than never.
    retryable: bodies.filter((_, index) => !sentIds.has(String(index)) && !refusedIds.has(String(index))),
    refused: refusedIds.size,
    reason: first === undefined ? undefined : `${first.Code ?? 'no code'} ${first.Message ?? ''}`.trim(),
  };
}

/** SQS takes so many messages in one request. */
export const MAX_BATCH_MESSAGES = 10;
/** Bytes of bodies in one request, and so of one body. */
export const MAX_BATCH_BYTES = 256 * 1024;

/**
 * The bodies in batches that one request may carry, in their order.
 *
 * @throws StoreError `LimitExceeded` for a body that no request may carry, `BodyInvalid` for an empty one
 */
function toBatches(bodies: readonly string[]): readonly (readonly string[])[] {
  const batches: string[][] = [];
  let batch: string[] = [];
  let batchBytes = 0;
  for (const body of bodies) {
    const bytes = measureBody(body);
    if (batch.length === MAX_BATCH_MESSAGES || (batch.length > 0 && batchBytes + bytes > MAX_BATCH_BYTES)) {
      batches.push(batch);
      batch = [];
      batchBytes = 0;
    }
    batch.push(body);
    batchBytes += bytes;
  }
  return batch.length === 0 ? batches : [...batches, batch];
}

function measureBody(body: string): number {
  const bytes = Buffer.byteLength(body);
  if (bytes > MAX_BATCH_BYTES) {
    throw new StoreError('LimitExceeded', `a message has ${bytes} bytes; at most ${MAX_BATCH_BYTES} are sent`);
  }
  if (bytes === 0) throw new StoreError('BodyInvalid', 'a message has no body');
  return bytes;
}
