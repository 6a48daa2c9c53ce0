import { randomUUID } from 'node:crypto';
import { StoreError } from '../../../base/errors/store-error.ts';
import { isConditionRefused, isConflict } from '../../aws/aws-fault.ts';
import { AwsRequestError, type SendSigned } from '../../aws/signed-request.ts';
import { type HeldObject, type PutAnswer, WRITE_MARK, writeConditionally } from '../port/conditional-write.ts';
import type { ObjectStore } from '../port/object-store.ts';
import {
  openS3Light,
  readHeader,
  report,
  type S3LightOptions,
  toChecksum,
  toEtag,
  unlessNoSuchKey,
} from './s3-light-reader.ts';

/** Bytes read of an answer that has nothing to say. */
const MAX_EMPTY_BYTES = 64 * 1024;
const MARK_HEADER = `x-amz-meta-${WRITE_MARK}`;

/**
 * Objects of an S3 bucket without the AWS SDK, whose loading alone would be most of a function's cold start. It reads
 * and writes single objects; `listObjects` is `NotAllowed`.
 */
export function createS3LightObjectStore(options: S3LightOptions): ObjectStore {
  const { reader, send, toUrl } = openS3Light(options);
  const write = (key: string, bytes: Uint8Array, etag: string | undefined) =>
    report(`writing ${key}`, () => writeObject(send, { key, url: toUrl(key), bytes, etag, mark: randomUUID() }));
  return {
    ...reader,
    createObject: (key, bytes) => write(key, bytes, undefined),
    replaceObject: write,
    deleteObject: (key) =>
      report(`deleting ${key}`, async () => {
        await unlessNoSuchKey(send({ method: 'DELETE', url: toUrl(key), headers: {}, limitBytes: MAX_EMPTY_BYTES }));
      }),
    listObjects: () => refuseListing(reader.description),
  };
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
