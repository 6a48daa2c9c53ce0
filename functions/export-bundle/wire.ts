import { openBundleLinks } from '../../lib/bundle/service/bundle-links.ts';
import { readAwsSettings } from '../../lib/platform/lambda/environment.ts';
import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import { createSqsLightConsumer, createSqsLightQueue } from '../../lib/platform/queues/sqs-light-queue.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createHandler } from './handler.ts';

const { objects, profiles, exportQueueUrl, exportDeadLetterUrl, exportReceives } = readConfiguration(process.env, {
  needed: ['SIGNET_EXPORT_QUEUE_URL', 'SIGNET_EXPORT_DEAD_LETTER_URL', 'SIGNET_EXPORT_RECEIVES'],
});
const now = (): Date => new Date();
const store = await openObjectStore(objects);
const aws = readAwsSettings(process.env);

export const handler = createHandler({
  trust: createTrustSource(store, profiles, now),
  objects: store,
  exportQueue: createSqsLightQueue({ ...aws, queueUrl: exportQueueUrl }),
  links: openBundleLinks(objects, () => readAwsSettings(process.env), now),
  telemetry: createTelemetry('export-bundle'),
  now,
  maxReceives: exportReceives,
  ...createSqsLightConsumer({ ...aws, queueUrl: exportQueueUrl, deadLetterUrl: exportDeadLetterUrl }),
});
