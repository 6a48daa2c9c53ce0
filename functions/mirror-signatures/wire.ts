import { readAwsSettings, readProxy } from '../../lib/platform/lambda/environment.ts';
import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import { createSqsLightConsumer } from '../../lib/platform/queues/sqs-light-queue.ts';
import { createUpstreamStores } from '../../lib/stores/open/open-stores.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createHandler } from './handler.ts';

const { objects, profiles, mirrorQueueUrl, mirrorDeadLetterUrl, mirrorReceives } = readConfiguration(process.env, {
  needed: ['SIGNET_MIRROR_QUEUE_URL', 'SIGNET_MIRROR_DEAD_LETTER_URL', 'SIGNET_MIRROR_RECEIVES'],
});
const now = (): Date => new Date();
const store = await openObjectStore(objects);

export const handler = createHandler({
  trust: createTrustSource(store, profiles, now),
  objects: store,
  upstream: createUpstreamStores({ proxy: readProxy(process.env) }),
  telemetry: createTelemetry('mirror-signatures'),
  now,
  maxReceives: mirrorReceives,
  ...createSqsLightConsumer({
    ...readAwsSettings(process.env),
    queueUrl: mirrorQueueUrl,
    deadLetterUrl: mirrorDeadLetterUrl,
  }),
});
