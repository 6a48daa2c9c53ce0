import { createTrustSource } from '../../lib/decide/trust-source.ts';
import { openObjectStore } from '../../lib/objects/open-object-store.ts';
import { createSqsClient } from '../../lib/queue/sqs-client.ts';
import { createSqsConsumer } from '../../lib/queue/sqs-consumer.ts';
import { readProxy } from '../../lib/runtime/environment.ts';
import { readConfiguration } from '../../lib/runtime/read-configuration.ts';
import { createTelemetry } from '../../lib/runtime/telemetry.ts';
import { createUpstreamStores } from '../../lib/signatures/upstream-stores.ts';
import { createHandler } from './handler.ts';

const { objects, profiles, mirrorQueueUrl, mirrorDeadLetterUrl, mirrorReceives } = readConfiguration(process.env, {
  needed: ['SIGNET_MIRROR_QUEUE_URL', 'SIGNET_MIRROR_DEAD_LETTER_URL', 'SIGNET_MIRROR_RECEIVES'],
});
const now = (): Date => new Date();
const store = await openObjectStore(objects);
const client = createSqsClient();

export const handler = createHandler({
  trust: createTrustSource(store, profiles, now),
  objects: store,
  upstream: createUpstreamStores({ proxy: readProxy(process.env) }),
  telemetry: createTelemetry('mirror-signatures'),
  now,
  maxReceives: mirrorReceives,
  ...createSqsConsumer({ client, queueUrl: mirrorQueueUrl, deadLetterUrl: mirrorDeadLetterUrl }),
});
