import { createHttpClient } from '../../lib/platform/http/http-client.ts';
import { readAwsSettings, readProxy } from '../../lib/platform/lambda/environment.ts';
import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import { createSqsLightQueue } from '../../lib/platform/queues/sqs-light-queue.ts';
import { openEcrByRole } from '../../lib/registry/profile/profile-registries.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { openRegistries } from '../../lib/verdict/records/open-evidence.ts';
import { evaluateGraphSettings } from './evaluate-graph-settings.ts';
import { createHandler } from './handler.ts';

const configuration = readConfiguration(process.env, {
  needed: ['SIGNET_MIRROR_QUEUE_URL'],
  optional: ['SIGNET_GRAPHS', 'SIGNET_GRAPH_CHANNELS', 'SIGNET_GRAPH_ARCHITECTURES', 'SIGNET_PULL_SECRET'],
  listFaults: (settings) => evaluateGraphSettings(settings).faults,
});
const { profiles, mirrorQueueUrl, pullSecret } = configuration;
const now = (): Date => new Date();
const objects = await openObjectStore(configuration.objects);
const proxy = readProxy(process.env);

export const handler = createHandler({
  graphs: evaluateGraphSettings(configuration).graphs,
  trust: createTrustSource(objects, profiles, now),
  objects,
  openClient: ({ allowPrivateAddresses, ca }) => createHttpClient({ allowPrivateAddresses, ca, proxy }),
  registries: openRegistries({ proxy, pullSecret, openEcr: openEcrByRole(() => readAwsSettings(process.env)) }),
  mirrorQueue: createSqsLightQueue({ ...readAwsSettings(process.env), queueUrl: mirrorQueueUrl }),
  telemetry: createTelemetry('plan-mirror'),
  now,
});
