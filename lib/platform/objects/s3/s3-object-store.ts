import { randomUUID } from 'node:crypto';
import { addAbortSignal, Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { StoreError } from '../../../base/errors/store-error.ts';
import { isConditionRefused, isConflict, isNoSuchKey } from '../../aws/aws-fault.ts';
import { type HeldObject, type PutAnswer, WRITE_MARK, writeConditionally } from '../port/conditional-write.ts';
import type { ObjectStore, StoredObject } from '../port/object-store.ts';
import { countAttempts, runS3Operation, type S3Target, toS3Fault } from './s3-client.ts';
import { listS3Objects } from './s3-listing.ts';
import { describeS3Location, toBucketKey } from './s3-location.ts';

interface S3ObjectStoreOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** Keys are below it; no final slash. By default the whole bucket. */
  readonly prefix?: string | undefined;
  /** Milliseconds for one operation, retries and body included; for a listing, for one page. */
  readonly operationTimeoutMs?: number | undefined;
}

const OPERATION_TIMEOUT_MS = 60_000;

/**
 * Objects of an S3 bucket. Encryption and versioning are the bucket's to set. The server has to honour `If-None-Match`
 * and `If-Match`: S3 does, and some servers that call themselves compatible do not.
 */
export function createS3ObjectStore(options: S3ObjectStoreOptions): ObjectStore {
  const { client, bucket, prefix = '', operationTimeoutMs: timeoutMs = OPERATION_TIMEOUT_MS } = options;
  const target: S3Target = { client, bucket, prefix, timeoutMs };
  return {
    description: describeS3Location(target),
    readObject: async (key, limit) => readObject(target, toBucketKey(target, key), limit),
    createObject: async (key, bytes) => writeObject(target, toBucketKey(target, key), bytes, undefined),
    replaceObject: async (key, bytes, etag) => writeObject(target, toBucketKey(target, key), bytes, etag),
    deleteObject: async (key) => deleteObject(target, toBucketKey(target, key)),
    listObjects: (keyPrefix, start) => listS3Objects(target, keyPrefix, start),
  };
}

function readObject(target: S3Target, key: string, limit: number): Promise<StoredObject | undefined> {
  return runS3Operation(`reading ${key}`, target.timeoutMs, async (abortSignal) => {
    const output = await getObject(target, key, abortSignal);
    if (output === undefined) return undefined;
    const bytes = await readS3Body(key, output, limit, abortSignal);
    return { bytes, etag: toEtag(key, output) };
  });
}

async function getObject(
  { client, bucket }: S3Target,
  key: string,
  abortSignal: AbortSignal,
): Promise<GetObjectCommandOutput | undefined> {
  try {
    return await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal });
  } catch (error) {
    if (isNoSuchKey(toS3Fault(error))) return undefined;
    throw error;
  }
}

function writeObject(target: S3Target, key: string, bytes: Uint8Array, etag: string | undefined): Promise<boolean> {
  const mark = randomUUID();
  return runS3Operation(`writing ${key}`, target.timeoutMs, (abortSignal) =>
    writeConditionally({
      key,
      etag,
      mark,
      put: () => putObject(target, { key, bytes, etag, mark }, abortSignal),
      readHeld: () => readHeld(target, key),
    }),
  );
}

interface Put {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly etag: string | undefined;
  readonly mark: string;
}

async function putObject({ client, bucket }: S3Target, put: Put, abortSignal: AbortSignal): Promise<PutAnswer> {
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: put.key,
    Body: put.bytes,
    ChecksumAlgorithm: 'SHA256',
    Metadata: { [WRITE_MARK]: put.mark },
    ...(put.etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: put.etag }),
  });
  try {
    await client.send(command, { abortSignal });
    return { kind: 'written' };
  } catch (error) {
    const fault = toS3Fault(error);
    if (isConflict(fault)) return { kind: 'conflict' };
    if (isConditionRefused(fault)) return { kind: 'refused', wasRepeated: countAttempts(error) > 1 };
    throw error;
  }
}

/** An operation of its own, whose end releases the body, which is not read. A HEAD cannot distinguish the 404s. */
function readHeld(target: S3Target, key: string): Promise<HeldObject | undefined> {
  return runS3Operation(`reading ${key}`, target.timeoutMs, async (abortSignal) => {
    const output = await getObject(target, key, abortSignal);
    return output === undefined ? undefined : { etag: toEtag(key, output), mark: output.Metadata?.[WRITE_MARK] };
  });
}

function deleteObject({ client, bucket, timeoutMs }: S3Target, key: string): Promise<void> {
  return runS3Operation(`deleting ${key}`, timeoutMs, async (abortSignal) => {
    try {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), { abortSignal });
    } catch (error) {
      if (!isNoSuchKey(toS3Fault(error))) throw error;
    }
  });
}

function toEtag(key: string, { ETag: etag }: GetObjectCommandOutput): string {
  if (etag === undefined) throw new StoreError('BodyInvalid', `reading ${key}: the answer has no ETag`);
  return etag;
}

/**
 * The bytes of an object, as many as its length says, its checksum compared by the SDK. What claims to be longer than
 * `limit` is not read at all, what turns out longer is cut off. @throws StoreError `LimitExceeded` or `BodyInvalid`.
 */
async function readS3Body(
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
