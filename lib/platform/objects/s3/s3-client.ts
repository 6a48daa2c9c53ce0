import { S3Client } from '@aws-sdk/client-s3';
import { type AwsCredentials, toGivenCredentials } from '../../aws/aws-settings.ts';

export interface S3ClientOptions {
  /** The SDK's own search (environment, profile) unless told. */
  readonly region?: string | undefined;
  /** URL of an S3-compatible server, asked by path (`<endpoint>/<bucket>/<key>`). */
  readonly endpoint?: string | undefined;
  /** The SDK's own search (environment, profile, role) unless told. */
  readonly credentials?: AwsCredentials | undefined;
  readonly connectionTimeoutMs?: number | undefined;
  readonly requestTimeoutMs?: number | undefined;
  /** Tries of one request, the first included. */
  readonly maxAttempts?: number | undefined;
  readonly maxSockets?: number | undefined;
}

export const S3_CONNECTION_TIMEOUT_MS = 2000;
/** Milliseconds until a request is answered; also those that a socket may be silent. */
export const S3_REQUEST_TIMEOUT_MS = 15_000;
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
    ...(credentials === undefined ? {} : { credentials: toGivenCredentials(credentials) }),
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
