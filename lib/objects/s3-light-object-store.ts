import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../errors/store-error.ts';
import { type HeldObject, type PutAnswer, WRITE_MARK, writeConditionally } from './conditional-write.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';
import type { S3Credentials } from './s3-client.ts';
import { isConditionRefused, isConflict, isNoSuchKey, type S3Fault, toS3StoreError } from './s3-failure.ts';
import { type S3Request, S3RequestError, type S3Response, sendS3Request } from './s3-light-request.ts';
import { describeS3Location, type S3Location, toBucketKey } from './s3-location.ts';
import { toObjectUrl } from './s3-object-url.ts';

export interface S3LightObjectStoreOptions extends S3Location {
  readonly region: string;
  readonly credentials: S3Credentials;
  /** URL of an S3-compatible server, asked by path. */
  readonly endpoint?: string | undefined;
  /** Milliseconds for one request, its body included. */
  readonly requestTimeoutMs?: number | undefined;
}

const REQUEST_TIMEOUT_MS = 5000;
const MAX_TRIES = 3;
const PAUSE_MS = 40;
/** Bytes read of an answer that has nothing to say. */
const MAX_EMPTY_BYTES = 64 * 1024;
const MARK_HEADER = `x-amz-meta-${WRITE_MARK}`;

/**
 * Objects of an S3 bucket without the AWS SDK, whose loading alone would be most of a function's cold start. It reads
 * and writes single objects; `listObjects` is `NotAllowed`.
 */
export function createS3LightObjectStore(options: S3LightObjectStoreOptions): ObjectStore {
  const description = describeS3Location(options);
  const send = createSender(options);
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

type Send = (request: S3Request) => Promise<S3Response>;

/** Sends again what got no answer or one of the server's own faults. The error tells how often. */
function createSender({ region, credentials, requestTimeoutMs = REQUEST_TIMEOUT_MS }: S3LightObjectStoreOptions): Send {
  const signing = { region, credentials, timeoutMs: requestTimeoutMs };
  return async (request) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await sendS3Request(request, signing);
      } catch (error) {
        if (!(error instanceof S3RequestError)) throw error;
        if (tries === MAX_TRIES || !isPassing(error.fault)) throw new FailedRequest(error.fault, tries);
        await delay(Math.random() * PAUSE_MS * 2 ** tries);
      }
    }
  };
}

class FailedRequest extends S3RequestError {
  readonly tries: number;

  constructor(fault: S3Fault, tries: number) {
    super(fault);
    this.tries = tries;
  }
}

function isPassing({ status }: S3Fault): boolean {
  return status === undefined || status === 429 || status >= 500;
}

async function readObject(send: Send, key: string, url: URL, limitBytes: number): Promise<StoredObject | undefined> {
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

function writeObject(send: Send, write: Write): Promise<boolean> {
  return writeConditionally({ ...write, put: () => putObject(send, write), readHeld: () => readHeld(send, write) });
}

async function putObject(send: Send, { url, bytes, etag, mark }: Write): Promise<PutAnswer> {
  const headers = {
    [MARK_HEADER]: mark,
    'x-amz-checksum-sha256': toChecksum(bytes),
    ...(etag === undefined ? { 'if-none-match': '*' } : { 'if-match': etag }),
  };
  try {
    await send({ method: 'PUT', url, headers, body: bytes, limitBytes: MAX_EMPTY_BYTES });
    return { kind: 'written' };
  } catch (error) {
    if (!(error instanceof FailedRequest)) throw error;
    if (isConflict(error.fault)) return { kind: 'conflict' };
    if (isConditionRefused(error.fault)) return { kind: 'refused', wasRepeated: error.tries > 1 };
    throw error;
  }
}

/** A HEAD's 404 has no code, but the bucket has just answered: it is the key that is missing. */
async function readHeld(send: Send, { key, url }: Write): Promise<HeldObject | undefined> {
  try {
    const response = await send({ method: 'HEAD', url, headers: {}, limitBytes: Number.MAX_SAFE_INTEGER });
    return { etag: toEtag(key, response), mark: readHeader(response, MARK_HEADER) };
  } catch (error) {
    if (error instanceof S3RequestError && error.fault.status === 404) return undefined;
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
    if (error instanceof S3RequestError && isNoSuchKey(error.fault)) return undefined;
    throw error;
  }
}

async function report<Result>(doing: string, operation: () => Promise<Result>): Promise<Result> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof S3RequestError) throw toS3StoreError(error.fault, doing);
    throw error;
  }
}

function readHeader({ headers }: S3Response, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

function toEtag(key: string, { headers }: S3Response): string {
  if (headers.etag === undefined) throw new StoreError('BodyInvalid', `reading ${key}: the answer has no ETag`);
  return headers.etag;
}

function toChecksum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}
