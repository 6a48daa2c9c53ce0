import {
  createCloudFrontClient,
  createCloudFrontInvalidation,
} from '../../lib/mirror/audit/cloudfront-invalidation.ts';
import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import { createSqsClient, createSqsQueue } from '../../lib/platform/queues/sqs-client.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createHandler } from './handler.ts';

const { objects, profiles, pushQueueUrl, distribution } = readConfiguration(process.env, {
  needed: ['SIGNET_PUSH_QUEUE_URL'],
  optional: ['SIGNET_DISTRIBUTION'],
});
/** A run comes because the trust changed: what was read before is not asked. */
const ALWAYS = 0;
const now = (): Date => new Date();
const store = await openObjectStore(objects);

export const handler = createHandler({
  objects: store,
  trust: createTrustSource(store, profiles, now, ALWAYS),
  pushQueue: createSqsQueue({ client: createSqsClient(), queueUrl: pushQueueUrl }),
  invalidation:
    distribution === undefined
      ? undefined
      : createCloudFrontInvalidation({ client: createCloudFrontClient(), distributionId: distribution, now }),
  telemetry: createTelemetry('reverify'),
  now,
});
