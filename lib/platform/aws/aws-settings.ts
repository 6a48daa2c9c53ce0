import type { EndpointSettings } from './endpoints.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Left out where there is none, as libraries require. */
  readonly sessionToken?: string;
}

/** A function's region, and its credentials, which are valid as long as its environment. */
export interface AwsSettings {
  readonly region: string;
  readonly credentials: AwsCredentials;
  /** Undefined: those of AWS for the region. */
  readonly endpoints?: EndpointSettings | undefined;
}

/** Time-outs of a client of the AWS SDK for one small request, in milliseconds; by itself it has none. */
export const SDK_TIMEOUTS = {
  connectionTimeout: 2000,
  requestTimeout: 5000,
  // Without this the SDK only warns.
  throwOnRequestTimeout: true,
} as const;

export interface SdkOptions {
  /** By default the SDK searches the environment and its profile. */
  readonly region?: string | undefined;
  /** URL of a compatible server. */
  readonly endpoint?: string | undefined;
  /** By default the SDK searches the environment, its profile and the role. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  readonly requestTimeoutMs?: number | undefined;
  /** Tries of one request, the first included. */
  readonly maxAttempts?: number | undefined;
}

/** The settings of a client of the AWS SDK. An absent one is left out, so that the SDK searches for it. */
export function toSdkSettings(
  { region, endpoint, credentials, ...given }: SdkOptions,
  { requestTimeoutMs, maxAttempts }: { readonly requestTimeoutMs: number; readonly maxAttempts: number },
) {
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: given.maxAttempts ?? maxAttempts,
    requestHandler: { ...SDK_TIMEOUTS, requestTimeout: given.requestTimeoutMs ?? requestTimeoutMs },
  };
}
