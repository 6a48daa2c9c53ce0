import { createTrustSource } from '../../lib/decide/trust-source.ts';
import { parseWebhookCredentials } from '../../lib/events/webhook-credentials.ts';
import { openLightObjectStore } from '../../lib/objects/open-light-object-store.ts';
import { createSqsClient } from '../../lib/queue/sqs-client.ts';
import { createSqsConsumer } from '../../lib/queue/sqs-consumer.ts';
import { createSqsQueue } from '../../lib/queue/sqs-queue.ts';
import { readAwsSettings } from '../../lib/runtime/environment.ts';
import { readConfiguration } from '../../lib/runtime/read-configuration.ts';
import { createTelemetry } from '../../lib/runtime/telemetry.ts';
import { openSecret } from '../../lib/secrets/read-secret.ts';
import { createSecretSource } from '../../lib/secrets/secret-source.ts';
import { createHandler } from './handler.ts';

const { objects, profiles, pushQueueUrl, pushDeadLetterUrl, webhooks } = readConfiguration(process.env, {
  needed: ['SIGNET_PUSH_QUEUE_URL', 'SIGNET_PUSH_DEAD_LETTER_URL'],
  optional: ['SIGNET_WEBHOOKS'],
});
const now = (): Date => new Date();
const store = await openLightObjectStore(objects, () => readAwsSettings(process.env));
const client = createSqsClient();

export const handler = createHandler({
  trust: createTrustSource(store, profiles, now),
  webhooks:
    webhooks === undefined
      ? undefined
      : createSecretSource({ readText: openSecret(webhooks), parse: parseWebhookCredentials, now }),
  pushQueue: createSqsQueue({ client, queueUrl: pushQueueUrl }),
  sendDead: createSqsConsumer({ client, queueUrl: pushQueueUrl, deadLetterUrl: pushDeadLetterUrl }).sendDead,
  telemetry: createTelemetry('receive-push'),
});
