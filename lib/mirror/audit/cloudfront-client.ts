import { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { type SdkOptions, toSdkSettings } from '../../platform/aws/aws-settings.ts';

const LIMITS = { requestTimeoutMs: 10_000, maxAttempts: 5 };

/** The SDK's client with time-outs. The region picks the partition, for the service has no regions. */
export function createCloudFrontClient(options: SdkOptions = {}): CloudFrontClient {
  return new CloudFrontClient(toSdkSettings(options, LIMITS));
}
