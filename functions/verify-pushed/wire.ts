import { openBus } from '../../lib/platform/bus/aws-bus.ts';
import { readAwsSettings, readProxy } from '../../lib/platform/lambda/environment.ts';
import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openLightObjectStore } from '../../lib/platform/objects/open-light-object-store.ts';
import { createSqsClient, createSqsQueue } from '../../lib/platform/queues/sqs-client.ts';
import { createSqsConsumer } from '../../lib/platform/queues/sqs-consumer.ts';
import { createSecretSource, openSecret } from '../../lib/platform/secrets/secret-source.ts';
import { parsePullSecret } from '../../lib/registry/client/pull-secret.ts';
import { createEcrManifests } from '../../lib/registry/profile/ecr-manifests.ts';
import { createProfileRegistries } from '../../lib/registry/profile/profile-registries.ts';
import { createUpstreamStores, openMirror } from '../../lib/stores/open/open-stores.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createAcceptances } from '../../lib/verdict/records/acceptances.ts';
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
const { objects, profiles, pullSecret, pushQueueUrl, pushDeadLetterUrl } = configuration;
const now = (): Date => new Date();
const store = await openLightObjectStore(objects, () => readAwsSettings(process.env));
const client = createSqsClient();
const proxy = readProxy(process.env);

const registries = createProfileRegistries({
  proxy,
  ecr: createEcrManifests(),
  pullSecret:
    pullSecret === undefined
      ? undefined
      : createSecretSource({ readText: openSecret(pullSecret), parse: parsePullSecret, now }),
});

export const handler = createHandler({
  trust: createTrustSource(store, profiles, now),
  objects: store,
  acceptances: createAcceptances(store),
  mirror: openMirror(store),
  upstream: createUpstreamStores({ proxy, registries }),
  registries,
  mirrorQueue: createSqsQueue({ client, queueUrl: configuration.mirrorQueueUrl }),
  bus: openBus(configuration.eventBus, configuration.verdictTopic),
  maxReceives: configuration.pushReceives,
  telemetry: createTelemetry('verify-pushed'),
  now,
  ...createSqsConsumer({ client, queueUrl: pushQueueUrl, deadLetterUrl: pushDeadLetterUrl }),
});
