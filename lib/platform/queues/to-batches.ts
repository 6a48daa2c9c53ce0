import { StoreError } from '../../base/errors/store-error.ts';

/** SQS takes so many messages in one request. */
export const MAX_BATCH_MESSAGES = 10;
/** Bytes of bodies in one request, and so of one body. */
export const MAX_BATCH_BYTES = 256 * 1024;

/**
 * The bodies in batches that one request may carry, in their order.
 *
 * @throws StoreError `LimitExceeded` for a body that no request may carry, `BodyInvalid` for an empty one
 */
export function toBatches(bodies: readonly string[]): readonly (readonly string[])[] {
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
