export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** What a function has of AWS: its region, and credentials that last as long as its environment. */
export interface AwsSettings {
  readonly region: string;
  readonly credentials: AwsCredentials;
}

/** The same without a member that is not there, as libraries want it. */
export function toGivenCredentials({ accessKeyId, secretAccessKey, sessionToken }: AwsCredentials): {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
} {
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

/** Time-outs of a client of the AWS SDK for one small request, in milliseconds; by itself it has none. */
export const SDK_TIMEOUTS = {
  connectionTimeout: 2000,
  requestTimeout: 5000,
  // Without this the SDK only warns.
  throwOnRequestTimeout: true,
} as const;

export interface SdkOptions {
  /** The SDK's own search (environment, profile) unless told. */
  readonly region?: string | undefined;
  /** URL of a compatible server. */
  readonly endpoint?: string | undefined;
  /** The SDK's own search (environment, profile, role) unless told. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  readonly requestTimeoutMs?: number | undefined;
  /** Tries of one request, the first included. */
  readonly maxAttempts?: number | undefined;
}

/** The settings of a client of the AWS SDK: what is not told is left out, so that the SDK looks for it. */
export function toSdkSettings(
  { region, endpoint, credentials, ...told }: SdkOptions,
  { requestTimeoutMs, maxAttempts }: { readonly requestTimeoutMs: number; readonly maxAttempts: number },
) {
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: told.maxAttempts ?? maxAttempts,
    requestHandler: { ...SDK_TIMEOUTS, requestTimeout: told.requestTimeoutMs ?? requestTimeoutMs },
  };
}
