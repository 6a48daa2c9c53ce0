import { openBus } from '../../lib/platform/bus/aws-bus.ts';
import { readAwsSettings, readProxy } from '../../lib/platform/lambda/environment.ts';
import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openLightObjectStore } from '../../lib/platform/objects/open-light-object-store.ts';
import { createSqsLightConsumer, createSqsLightQueue } from '../../lib/platform/queues/sqs-light-queue.ts';
import { openEcrByRole } from '../../lib/registry/profile/profile-registries.ts';
import { openEvidence } from '../../lib/verdict/records/open-evidence.ts';
import { createHandler } from './handler.ts';

const configuration = readConfiguration(process.env, {
  needed: [
    'SIGNET_PUSH_QUEUE_URL',
    'SIGNET_PUSH_DEAD_LETTER_URL',
    'SIGNET_PUSH_RECEIVES',
    'SIGNET_MIRROR_QUEUE_URL',
    'SIGNET_EVENT_BUS',
  ],
  optional: ['SIGNET_VERDICT_TOPIC', 'SIGNET_PULL_SECRET'],
});
const { pushQueueUrl, pushDeadLetterUrl } = configuration;
const aws = readAwsSettings(process.env);
const objects = await openLightObjectStore(configuration.objects, () => aws);
const openEcr = openEcrByRole(() => aws);

export const handler = createHandler({
  ...openEvidence({ ...configuration, objects, proxy: readProxy(process.env), openEcr }),
  mirrorQueue: createSqsLightQueue({ ...aws, queueUrl: configuration.mirrorQueueUrl }),
  bus: openBus(configuration.eventBus, configuration.verdictTopic, aws),
  maxReceives: configuration.pushReceives,
  telemetry: createTelemetry('verify-pushed'),
  ...createSqsLightConsumer({ ...aws, queueUrl: pushQueueUrl, deadLetterUrl: pushDeadLetterUrl }),
});
