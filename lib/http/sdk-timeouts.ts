/** Time-outs of a client of the AWS SDK for one small request, in milliseconds; by itself it has none. */
export const SDK_TIMEOUTS = {
  connectionTimeout: 2000,
  requestTimeout: 5000,
  // Without this the SDK only warns.
  throwOnRequestTimeout: true,
} as const;
