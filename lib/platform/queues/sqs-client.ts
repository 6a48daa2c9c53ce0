import { SQSClient } from '@aws-sdk/client-sqs';
import { type SdkOptions, toSdkSettings } from '../aws/sdk-settings.ts';

/** A request has longer than the longest poll, 20 s. */
const LIMITS = { requestTimeoutMs: 25_000, maxAttempts: 3 };

/** The SDK's client with time-outs. With an endpoint, queue URLs have to be below it. */
export function createSqsClient(options: SdkOptions = {}): SQSClient {
  return new SQSClient(toSdkSettings(options, LIMITS));
}
