import { createHttpClient } from '../../lib/platform/http/http-client.ts';
import { readProxy } from '../../lib/platform/lambda/environment.ts';
import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import { createSqsClient, createSqsQueue } from '../../lib/platform/queues/sqs-client.ts';
import { createSecretSource, openSecret } from '../../lib/platform/secrets/secret-source.ts';
import { parsePullSecret } from '../../lib/registry/client/pull-secret.ts';
import { createEcrManifests } from '../../lib/registry/profile/ecr-manifests.ts';
import { createProfileRegistries } from '../../lib/registry/profile/profile-registries.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { evaluateGraphSettings } from './evaluate-graph-settings.ts';
import { createHandler } from './handler.ts';

const configuration = readConfiguration(process.env, {
  needed: ['SIGNET_MIRROR_QUEUE_URL'],
  optional: ['SIGNET_GRAPHS', 'SIGNET_GRAPH_CHANNELS', 'SIGNET_GRAPH_ARCHITECTURES', 'SIGNET_PULL_SECRET'],
  listFaults: (settings) => evaluateGraphSettings(settings).faults,
});
const { objects, profiles, mirrorQueueUrl, pullSecret } = configuration;
const now = (): Date => new Date();
const store = await openObjectStore(objects);
const proxy = readProxy(process.env);

export const handler = createHandler({
  graphs: evaluateGraphSettings(configuration).graphs,
  trust: createTrustSource(store, profiles, now),
  objects: store,
  openClient: ({ allowPrivateAddresses, ca }) => createHttpClient({ allowPrivateAddresses, ca, proxy }),
  registries: createProfileRegistries({
    proxy,
    ecr: createEcrManifests(),
    pullSecret:
      pullSecret === undefined
        ? undefined
        : createSecretSource({ readText: openSecret(pullSecret), parse: parsePullSecret, now }),
  }),
  mirrorQueue: createSqsQueue({ client: createSqsClient(), queueUrl: mirrorQueueUrl }),
  telemetry: createTelemetry('plan-mirror'),
  now,
});
