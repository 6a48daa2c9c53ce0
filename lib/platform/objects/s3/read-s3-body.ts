import { addAbortSignal, Readable } from 'node:stream';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { StoreError } from '../../../base/errors/store-error.ts';

/**
 * The bytes of an object, as many as its length says, its checksum compared by the SDK. What claims to be longer than
 * `limit` is not read at all, what turns out longer is cut off. @throws StoreError `LimitExceeded` or `BodyInvalid`.
 */
export async function readS3Body(
  key: string,
  { Body: body, ContentLength: length }: GetObjectCommandOutput,
  limit: number,
  abortSignal: AbortSignal,
): Promise<Uint8Array> {
  if (!(body instanceof Readable)) throw new StoreError('BodyInvalid', `reading ${key}: the answer has no body`);
  if (length !== undefined && length > limit) {
    body.destroy();
    throw new StoreError('LimitExceeded', `${key} has ${length} bytes; at most ${limit} are read`);
  }
  const bytes = await readAtMost(key, addAbortSignal(abortSignal, body), limit);
  if (length !== undefined && bytes.length !== length) {
    throw new StoreError('BodyInvalid', `${key} ended after ${bytes.length} of ${length} bytes`);
  }
  return bytes;
}

async function readAtMost(key: string, body: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  try {
    for await (const chunk of body) {
      total += chunk.length;
      if (total > limit) throw new StoreError('LimitExceeded', `${key} has more than ${limit} bytes`);
      chunks.push(chunk);
    }
  } catch (cause) {
    // The SDK has no class for it.
    if (!(cause instanceof Error) || !cause.message.startsWith('Checksum mismatch')) throw cause;
    throw new StoreError('BodyInvalid', `${key} does not match its checksum`, { cause });
  }
  return Buffer.concat(chunks);
}
