import { hash, randomUUID } from 'node:crypto';
import { StoreError } from '../../../base/errors/store-error.ts';
import { isConditionRefused, isConflict, isNoSuchKey, toAwsStoreError } from '../../aws/aws-fault.ts';
import type { AwsSettings } from '../../aws/aws-settings.ts';
import { AwsRequestError, createSignedSender, type SendSigned, type SignedResponse } from '../../aws/signed-request.ts';
import { type HeldObject, type PutAnswer, WRITE_MARK, writeConditionally } from '../port/conditional-write.ts';
import type { ObjectStore, StoredObject } from '../port/object-store.ts';
import { describeS3Location, type S3Location, toBucketKey, toObjectUrl } from './s3-location.ts';

export interface S3LightObjectStoreOptions extends S3Location, AwsSettings {
  /** URL of an S3-compatible server, asked by path. */
  readonly endpoint?: string | undefined;
  /** Milliseconds for one request, its body included. */
  readonly requestTimeoutMs?: number | undefined;
}

const REQUEST_TIMEOUT_MS = 5000;
/** Bytes read of an answer that has nothing to say. */
const MAX_EMPTY_BYTES = 64 * 1024;
const MARK_HEADER = `x-amz-meta-${WRITE_MARK}`;

/**
 * Objects of an S3 bucket without the AWS SDK, whose loading alone would be most of a function's cold start. It reads
 * and writes single objects; `listObjects` is `NotAllowed`.
 */
export function createS3LightObjectStore(options: S3LightObjectStoreOptions): ObjectStore {
  const description = describeS3Location(options);
  const { region, credentials, requestTimeoutMs: timeoutMs = REQUEST_TIMEOUT_MS } = options;
  const send = createSignedSender({ service: 's3', region, credentials, timeoutMs });
  const toUrl = (key: string) => toObjectUrl(options, toBucketKey(options, key));
  const write = (key: string, bytes: Uint8Array, etag: string | undefined) =>
    report(`writing ${key}`, () => writeObject(send, { key, url: toUrl(key), bytes, etag, mark: randomUUID() }));
  return {
    description,
    readObject: (key, limit) => report(`reading ${key}`, () => readObject(send, key, toUrl(key), limit)),
    createObject: (key, bytes) => write(key, bytes, undefined),
    replaceObject: write,
    deleteObject: (key) =>
      report(`deleting ${key}`, async () => {
        await unlessNoSuchKey(send({ method: 'DELETE', url: toUrl(key), headers: {}, limitBytes: MAX_EMPTY_BYTES }));
      }),
    listObjects: () => refuseListing(description),
  };
}

async function readObject(
  send: SendSigned,
  key: string,
  url: URL,
  limitBytes: number,
): Promise<StoredObject | undefined> {
  const headers = { 'x-amz-checksum-mode': 'ENABLED' };
  const response = await unlessNoSuchKey(send({ method: 'GET', url, headers, limitBytes }));
  if (response === undefined) return undefined;
  const { bytes } = response;
  const checksum = readHeader(response, 'x-amz-checksum-sha256');
  // With a dash it is one of an upload in parts, over their checksums.
  if (checksum !== undefined && !checksum.includes('-') && checksum !== toChecksum(bytes)) {
    throw new StoreError('BodyInvalid', `reading ${key}: the bytes do not match their checksum`);
  }
  return { bytes, etag: toEtag(key, response) };
}

interface Write {
  readonly key: string;
  readonly url: URL;
  readonly bytes: Uint8Array;
  readonly etag: string | undefined;
  readonly mark: string;
}

function writeObject(send: SendSigned, write: Write): Promise<boolean> {
  return writeConditionally({ ...write, put: () => putObject(send, write), readHeld: () => readHeld(send, write) });
}

async function putObject(send: SendSigned, { url, bytes, etag, mark }: Write): Promise<PutAnswer> {
  const headers = {
    [MARK_HEADER]: mark,
    'x-amz-checksum-sha256': toChecksum(bytes),
    ...(etag === undefined ? { 'if-none-match': '*' } : { 'if-match': etag }),
  };
  try {
    await send({ method: 'PUT', url, headers, body: bytes, limitBytes: MAX_EMPTY_BYTES });
    return { kind: 'written' };
  } catch (error) {
    if (!(error instanceof AwsRequestError)) throw error;
    if (isConflict(error.fault)) return { kind: 'conflict' };
    if (isConditionRefused(error.fault)) return { kind: 'refused', wasRepeated: error.tries > 1 };
    throw error;
  }
}

/** A HEAD's 404 has no code, but the bucket has just answered: it is the key that is missing. */
async function readHeld(send: SendSigned, { key, url }: Write): Promise<HeldObject | undefined> {
  try {
    const response = await send({ method: 'HEAD', url, headers: {}, limitBytes: Number.MAX_SAFE_INTEGER });
    return { etag: toEtag(key, response), mark: readHeader(response, MARK_HEADER) };
  } catch (error) {
    if (error instanceof AwsRequestError && error.fault.status === 404) return undefined;
    throw error;
  }
}

function refuseListing(description: string): AsyncIterable<never> {
  const error = new StoreError('NotAllowed', `${description} is opened for single objects: it lists nothing`);
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}

async function unlessNoSuchKey<Result>(operation: Promise<Result>): Promise<Result | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (error instanceof AwsRequestError && isNoSuchKey(error.fault)) return undefined;
    throw error;
  }
}

async function report<Result>(doing: string, operation: () => Promise<Result>): Promise<Result> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof AwsRequestError) throw toAwsStoreError(error.fault, doing);
    throw error;
  }
}

function readHeader({ headers }: SignedResponse, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

function toEtag(key: string, { headers }: SignedResponse): string {
  if (headers.etag === undefined) throw new StoreError('BodyInvalid', `reading ${key}: the answer has no ETag`);
  return headers.etag;
}

function toChecksum(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'base64');
}
