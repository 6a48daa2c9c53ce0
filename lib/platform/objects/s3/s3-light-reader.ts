import { hash } from 'node:crypto';
import { StoreError } from '../../../base/errors/store-error.ts';
import { isNoSuchKey, toAwsStoreError } from '../../aws/aws-fault.ts';
import type { AwsSettings } from '../../aws/aws-settings.ts';
import {
  AwsRequestError,
  createSignedSender,
  openAgent,
  type SendSigned,
  type SignedResponse,
} from '../../aws/signed-request.ts';
import type { ObjectReader, StoredObject } from '../port/object-store.ts';
import { describeS3Location, type S3Location, toBucketKey, toObjectUrl } from './s3-location.ts';

export interface S3LightOptions extends S3Location, AwsSettings {
  /** URL of an S3-compatible server, asked by path. */
  readonly endpoint?: string | undefined;
  /** Milliseconds for one request, its body included. */
  readonly requestTimeoutMs?: number | undefined;
}

const REQUEST_TIMEOUT_MS = 5000;
/** An S3 bucket without the AWS SDK, opened for reading: a function that writes nothing starts without what writes. */
export function createS3LightReader(options: S3LightOptions): ObjectReader {
  return openS3Light(options).reader;
}

interface OpenedS3Light {
  readonly reader: ObjectReader;
  readonly send: SendSigned;
  readonly toUrl: (key: string) => URL;
}

/** The reader, and what its requests are sent with. */
export function openS3Light(options: S3LightOptions): OpenedS3Light {
  const { region, credentials, requestTimeoutMs: timeoutMs = REQUEST_TIMEOUT_MS } = options;
  const send = createSignedSender({ service: 's3', region, credentials, timeoutMs });
  const toUrl = (key: string): URL => toObjectUrl(options, toBucketKey(options, key));
  // Every answer reads an object.
  openAgent(toObjectUrl(options, ''));
  const reader: ObjectReader = {
    description: describeS3Location(options),
    readObject: (key, limit) => report(`reading ${key}`, () => readObject(send, key, toUrl(key), limit)),
  };
  return { reader, send, toUrl };
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

/** Undefined for an answer that the key is not there. */
export async function unlessNoSuchKey<Result>(operation: Promise<Result>): Promise<Result | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (error instanceof AwsRequestError && isNoSuchKey(error.fault)) return undefined;
    throw error;
  }
}

/** @throws StoreError for a request that S3 refused, or that got no answer */
export async function report<Result>(doing: string, operation: () => Promise<Result>): Promise<Result> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof AwsRequestError) throw toAwsStoreError(error.fault, doing);
    throw error;
  }
}

/** Undefined for a header that is missing, or there several times. */
export function readHeader({ headers }: SignedResponse, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** @throws StoreError `BodyInvalid` */
export function toEtag(key: string, { headers }: SignedResponse): string {
  if (headers.etag === undefined) throw new StoreError('BodyInvalid', `reading ${key}: the answer has no ETag`);
  return headers.etag;
}

/** SHA-256 in base64, as S3 writes checksums. */
export function toChecksum(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'base64');
}
