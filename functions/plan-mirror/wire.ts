import { createTrustSource } from '../../lib/decide/trust-source.ts';
import { createHttpClient } from '../../lib/http/http-client.ts';
import { openObjectStore } from '../../lib/objects/open-object-store.ts';
import { createSqsClient } from '../../lib/queue/sqs-client.ts';
import { createSqsQueue } from '../../lib/queue/sqs-queue.ts';
import { createEcrManifests } from '../../lib/registry/ecr-manifests.ts';
import { createProfileRegistries } from '../../lib/registry/profile-registries.ts';
import { parsePullSecret } from '../../lib/registry/pull-secret.ts';
import { readProxy } from '../../lib/runtime/environment.ts';
import { readConfiguration } from '../../lib/runtime/read-configuration.ts';
import { createTelemetry } from '../../lib/runtime/telemetry.ts';
import { openSecret } from '../../lib/secrets/read-secret.ts';
import { createSecretSource } from '../../lib/secrets/secret-source.ts';
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
