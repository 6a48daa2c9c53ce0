import { createTrustSource } from '../../lib/decide/trust-source.ts';
import { createCloudFrontClient } from '../../lib/mirror/cloudfront-client.ts';
import { createCloudFrontInvalidation } from '../../lib/mirror/cloudfront-invalidation.ts';
import { openObjectStore } from '../../lib/objects/open-object-store.ts';
import { createSqsClient } from '../../lib/queue/sqs-client.ts';
import { createSqsQueue } from '../../lib/queue/sqs-queue.ts';
import { readConfiguration } from '../../lib/runtime/read-configuration.ts';
import { createTelemetry } from '../../lib/runtime/telemetry.ts';
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
