import { hash } from 'node:crypto';
import { CloudFrontClient, CloudFrontServiceException, CreateInvalidationCommand } from '@aws-sdk/client-cloudfront';
import { StoreError, type StoreErrorCode } from '../../base/errors/store-error.ts';
import { type SdkOptions, toSdkSettings } from '../../platform/aws/aws-settings.ts';
import type { Invalidation } from './invalidation.ts';

interface CloudFrontInvalidationOptions {
  readonly client: CloudFrontClient;
  readonly distributionId: string;
  readonly now: () => Date;
}

/** Drops copies from a CloudFront distribution. Without paths no request is sent. */
export function createCloudFrontInvalidation(options: CloudFrontInvalidationOptions): Invalidation {
  const { client, distributionId, now } = options;
  return {
    async invalidate(paths) {
      if (paths.length === 0) return;
      const command = new CreateInvalidationCommand({
        DistributionId: distributionId,
        InvalidationBatch: {
          CallerReference: toCallerReference(paths, now()),
          Paths: { Quantity: paths.length, Items: [...paths] },
        },
      });
      try {
        await client.send(command);
      } catch (cause) {
        throw toFailure(distributionId, cause);
      }
    },
  };
}

/**
 * The same for all tries of one request, so that CloudFront executes it once. It contains the time in milliseconds, because
 * CloudFront ignores a known reference, and the same index may change twice.
 */
function toCallerReference(paths: readonly string[], now: Date): string {
  return `signet-${hash('sha256', [now.toISOString(), ...paths].join('\n'), 'hex')}`;
}

function toFailure(distributionId: string, cause: unknown): StoreError {
  const reason = cause instanceof Error ? `${cause.name} ${cause.message}` : String(cause);
  return new StoreError(toCode(cause), `invalidating paths of distribution ${distributionId} failed: ${reason}`, {
    cause,
  });
}

function toCode(cause: unknown): StoreErrorCode {
  if (!(cause instanceof CloudFrontServiceException)) {
    return cause instanceof Error && cause.name === 'TimeoutError' ? 'TimedOut' : 'ConnectionFailed';
  }
  const status = cause.$metadata.httpStatusCode;
  if (status === 401 || status === 403) return 'NotAllowed';
  const isBusy = cause.name === 'TooManyInvalidationsInProgress' || cause.name === 'Throttling';
  return isBusy || (status !== undefined && status >= 500) ? 'Unavailable' : 'StatusUnexpected';
}

const LIMITS = { requestTimeoutMs: 10_000, maxAttempts: 5 };

/** The SDK's client with time-outs. The region picks the partition, for the service has no regions. */
export function createCloudFrontClient(options: SdkOptions = {}): CloudFrontClient {
  return new CloudFrontClient(toSdkSettings(options, LIMITS));
}
