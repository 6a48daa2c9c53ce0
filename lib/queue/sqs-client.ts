import { SQSClient } from '@aws-sdk/client-sqs';

export interface SqsClientOptions {
  /** The SDK's own search (environment, profile) unless told. */
  readonly region?: string | undefined;
  /** URL of an SQS-compatible server; queue URLs then have to be below it. */
  readonly endpoint?: string | undefined;
  /** The SDK's own search (environment, profile, role) unless told. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  readonly requestTimeoutMs?: number | undefined;
  /** Tries of one request, the first included. */
  readonly maxAttempts?: number | undefined;
}

const CONNECTION_TIMEOUT_MS = 2000;
/** Milliseconds until a request is answered: longer than the longest poll, 20 s. */
const REQUEST_TIMEOUT_MS = 25_000;
const MAX_ATTEMPTS = 3;

/** The SDK's client with time-outs, which it does not have by itself. */
export function createSqsClient(options: SqsClientOptions = {}): SQSClient {
  const { region, endpoint, credentials } = options;
  return new SQSClient({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: options.maxAttempts ?? MAX_ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
      // Without this the SDK only warns.
      throwOnRequestTimeout: true,
    },
  });
}
