import { createCloudFrontInvalidation } from '../../lib/mirror/audit/cloudfront-invalidation.ts';
import { readAwsSettings } from '../../lib/platform/lambda/environment.ts';
import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import { createSqsLightQueue } from '../../lib/platform/queues/sqs-light-queue.ts';
import { createSigning } from '../../lib/push/reverify/signing.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createHandler } from './handler.ts';

const { objects, profiles, pushQueueUrl, distribution, signingKey } = readConfiguration(process.env, {
  needed: ['SIGNET_PUSH_QUEUE_URL'],
  optional: ['SIGNET_DISTRIBUTION', 'SIGNET_SIGNING_KEY'],
});
/** A run comes because the trust changed: what was read before is not asked. */
const ALWAYS = 0;
const now = (): Date => new Date();
const store = await openObjectStore(objects);

export const handler = createHandler({
  objects: store,
  trust: createTrustSource(store, profiles, now, ALWAYS),
  pushQueue: createSqsLightQueue({ ...readAwsSettings(process.env), queueUrl: pushQueueUrl }),
  invalidation:
    distribution === undefined
      ? undefined
      : createCloudFrontInvalidation({ ...readAwsSettings(process.env), distributionId: distribution, now }),
  signing: createSigning(signingKey, () => readAwsSettings(process.env)),
  telemetry: createTelemetry('reverify'),
  now,
});
