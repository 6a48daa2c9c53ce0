import { readAwsSettings } from '../../lib/platform/lambda/environment.ts';
import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openLightObjectStore } from '../../lib/platform/objects/open-light-object-store.ts';
import { createSqsClient, createSqsQueue } from '../../lib/platform/queues/sqs-client.ts';
import { createSqsConsumer } from '../../lib/platform/queues/sqs-consumer.ts';
import { openSecretSource } from '../../lib/platform/secrets/secret-source.ts';
import { parseWebhookCredentials } from '../../lib/platform/secrets/webhook-credentials.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
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
  webhooks: openSecretSource(webhooks, { parse: parseWebhookCredentials }),
  pushQueue: createSqsQueue({ client, queueUrl: pushQueueUrl }),
  sendDead: createSqsConsumer({ client, queueUrl: pushQueueUrl, deadLetterUrl: pushDeadLetterUrl }).sendDead,
  telemetry: createTelemetry('receive-push'),
});
