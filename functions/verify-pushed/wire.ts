import { createProfileAttachments } from '../../lib/attachments/profile-attachments.ts';
import { openBus } from '../../lib/bus/open-bus.ts';
import { createTrustSource } from '../../lib/decide/trust-source.ts';
import { openLightObjectStore } from '../../lib/objects/open-light-object-store.ts';
import { createSqsClient } from '../../lib/queue/sqs-client.ts';
import { createSqsConsumer } from '../../lib/queue/sqs-consumer.ts';
import { createSqsQueue } from '../../lib/queue/sqs-queue.ts';
import { createAcceptances } from '../../lib/records/acceptances.ts';
import { createEcrManifests } from '../../lib/registry/ecr-manifests.ts';
import { createProfileRegistries } from '../../lib/registry/profile-registries.ts';
import { parsePullSecret } from '../../lib/registry/pull-secret.ts';
import { readAwsSettings, readProxy } from '../../lib/runtime/environment.ts';
import { readConfiguration } from '../../lib/runtime/read-configuration.ts';
import { createTelemetry } from '../../lib/runtime/telemetry.ts';
import { openSecret } from '../../lib/secrets/read-secret.ts';
import { createSecretSource } from '../../lib/secrets/secret-source.ts';
import { openMirror } from '../../lib/signatures/open-mirror.ts';
import { createUpstreamStores } from '../../lib/signatures/upstream-stores.ts';
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
  upstream: createUpstreamStores({ proxy, attachments: createProfileAttachments(registries) }),
  registries,
  mirrorQueue: createSqsQueue({ client, queueUrl: configuration.mirrorQueueUrl }),
  bus: openBus(configuration.eventBus, configuration.verdictTopic),
  maxReceives: configuration.pushReceives,
  telemetry: createTelemetry('verify-pushed'),
  now,
  ...createSqsConsumer({ client, queueUrl: pushQueueUrl, deadLetterUrl: pushDeadLetterUrl }),
});
