import { CloudFrontClient } from '@aws-sdk/client-cloudfront';

export interface CloudFrontClientOptions {
  /** The SDK's own search (environment, profile) unless told; it picks the partition, for the service has no regions. */
  readonly region?: string | undefined;
  /** URL of a compatible server. */
  readonly endpoint?: string | undefined;
  /** The SDK's own search (environment, profile, role) unless told. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  readonly requestTimeoutMs?: number | undefined;
  /** Tries of one request, the first included. */
  readonly maxAttempts?: number | undefined;
}

const CONNECTION_TIMEOUT_MS = 2000;
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_ATTEMPTS = 5;

/** The SDK's client with time-outs, which it does not have by itself. */
export function createCloudFrontClient(options: CloudFrontClientOptions = {}): CloudFrontClient {
  const { region, endpoint, credentials } = options;
  return new CloudFrontClient({
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
