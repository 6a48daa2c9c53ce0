import { readAwsSettings, readProxy } from '../../lib/platform/lambda/environment.ts';
import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openLightObjectStore } from '../../lib/platform/objects/open-light-object-store.ts';
import { createSqsLightQueue } from '../../lib/platform/queues/sqs-light-queue.ts';
import { openEcrByRole } from '../../lib/registry/profile/profile-registries.ts';
import { openEvidence } from '../../lib/verdict/records/open-evidence.ts';
import { createHandler } from './handler.ts';

const configuration = readConfiguration(process.env, {
  needed: ['SIGNET_MIRROR_QUEUE_URL'],
  optional: ['SIGNET_PULL_SECRET'],
});
const objects = await openLightObjectStore(configuration.objects, () => readAwsSettings(process.env));
const openEcr = openEcrByRole(() => readAwsSettings(process.env));

export const handler = createHandler({
  ...openEvidence({ ...configuration, objects, proxy: readProxy(process.env), openEcr }),
  mirrorQueue: createSqsLightQueue({ ...readAwsSettings(process.env), queueUrl: configuration.mirrorQueueUrl }),
  telemetry: createTelemetry('verify-image'),
});
