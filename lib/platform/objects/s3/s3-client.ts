import { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { StoreError } from '../../../base/errors/store-error.ts';
import { type AwsFault, toAwsStoreError } from '../../aws/aws-fault.ts';
import type { AwsCredentials } from '../../aws/aws-settings.ts';
import { fileErrorCode } from '../../files/file-error.ts';
import type { S3Location } from './s3-location.ts';

export interface S3ClientOptions {
  /** By default the SDK searches the environment and its profile. */
  readonly region?: string | undefined;
  /** URL of an S3-compatible server, asked by path (`<endpoint>/<bucket>/<key>`). */
  readonly endpoint?: string | undefined;
  /** By default the SDK searches the environment, its profile and the role. */
  readonly credentials?: AwsCredentials | undefined;
  readonly connectionTimeoutMs?: number | undefined;
  readonly requestTimeoutMs?: number | undefined;
  /** Tries of one request, the first included. */
  readonly maxAttempts?: number | undefined;
  readonly maxSockets?: number | undefined;
}

const S3_CONNECTION_TIMEOUT_MS = 2000;
/** Milliseconds until a request is answered; also those that a socket may be silent. */
const S3_REQUEST_TIMEOUT_MS = 15_000;
const MAX_ATTEMPTS = 3;
const MAX_SOCKETS = 64;

/** The SDK's client with time-outs, which it does not have by itself. Checksums are made and checked on both ways. */
export function createS3Client(options: S3ClientOptions = {}): S3Client {
  const { region, endpoint, credentials } = options;
  const requestTimeout = options.requestTimeoutMs ?? S3_REQUEST_TIMEOUT_MS;
  const maxSockets = options.maxSockets ?? MAX_SOCKETS;
  return new S3Client({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(credentials === undefined ? {} : { credentials }),
    // A bucket says in which region it is.
    followRegionRedirects: true,
    maxAttempts: options.maxAttempts ?? MAX_ATTEMPTS,
    requestChecksumCalculation: 'WHEN_SUPPORTED',
    responseChecksumValidation: 'WHEN_SUPPORTED',
    requestHandler: {
      connectionTimeout: options.connectionTimeoutMs ?? S3_CONNECTION_TIMEOUT_MS,
      requestTimeout,
      // Without this the SDK only warns.
      throwOnRequestTimeout: true,
      socketTimeout: requestTimeout,
      httpAgent: { keepAlive: true, maxSockets },
      httpsAgent: { keepAlive: true, maxSockets },
    },
  });
}

/** A bucket and how long an operation on it may take. */
export interface S3Target extends S3Location {
  readonly client: S3Client;
  readonly timeoutMs: number;
}

/**
 * Runs one operation of a store with a time limit over all its tries and its whole body. Whatever ends it early also
 * ends its requests: a body that is not read to the end would keep its socket. @throws StoreError alone.
 */
export async function runS3Operation<Result>(
  doing: string,
  timeoutMs: number,
  operation: (abortSignal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  try {
    return await operation(controller.signal);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    if (controller.signal.aborted) {
      throw new StoreError('TimedOut', `${doing} was not done within ${timeoutMs} ms`, { cause: error });
    }
    throw toAwsStoreError(toS3Fault(error), doing);
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}

/** What the SDK threw, as {@link AwsFault}. */
export function toS3Fault(error: unknown): AwsFault {
  if (error instanceof S3ServiceException) {
    return { status: error.$metadata.httpStatusCode, code: error.name, message: error.message, cause: error };
  }
  if (!(error instanceof Error)) return { message: String(error), cause: error };
  const code = fileErrorCode(error) ?? (error.name === 'Error' ? undefined : error.name);
  return { status: findStatus(error), code, message: error.message, cause: error };
}

/** How often the SDK sent the request that failed so. */
export function countAttempts(error: unknown): number {
  return error instanceof S3ServiceException ? (error.$metadata.attempts ?? 1) : 1;
}

/** An answer that the SDK could not read is no service exception, but carries the status. */
function findStatus(error: Error): number | undefined {
  if (!('$metadata' in error) || typeof error.$metadata !== 'object' || error.$metadata === null) return undefined;
  const metadata = error.$metadata;
  return 'httpStatusCode' in metadata && typeof metadata.httpStatusCode === 'number'
    ? metadata.httpStatusCode
    : undefined;
}
