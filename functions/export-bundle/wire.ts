import { createTrustSource } from '../../lib/decide/trust-source.ts';
import { openBundleLinks } from '../../lib/export/open-bundle-links.ts';
import { openObjectStore } from '../../lib/objects/open-object-store.ts';
import { createSqsClient } from '../../lib/queue/sqs-client.ts';
import { createSqsConsumer } from '../../lib/queue/sqs-consumer.ts';
import { createSqsQueue } from '../../lib/queue/sqs-queue.ts';
import { readAwsSettings } from '../../lib/runtime/environment.ts';
import { readConfiguration } from '../../lib/runtime/read-configuration.ts';
import { createTelemetry } from '../../lib/runtime/telemetry.ts';
import { createHandler } from './handler.ts';

const { objects, profiles, exportQueueUrl, exportDeadLetterUrl, exportReceives } = readConfiguration(process.env, {
  needed: ['SIGNET_EXPORT_QUEUE_URL', 'SIGNET_EXPORT_DEAD_LETTER_URL', 'SIGNET_EXPORT_RECEIVES'],
});
const now = (): Date => new Date();
const store = await openObjectStore(objects);
const client = createSqsClient();

export const handler = createHandler({
  trust: createTrustSource(store, profiles, now),
  objects: store,
  exportQueue: createSqsQueue({ client, queueUrl: exportQueueUrl }),
  links: openBundleLinks(objects, () => readAwsSettings(process.env), now),
  telemetry: createTelemetry('export-bundle'),
  now,
  maxReceives: exportReceives,
  ...createSqsConsumer({ client, queueUrl: exportQueueUrl, deadLetterUrl: exportDeadLetterUrl }),
});
