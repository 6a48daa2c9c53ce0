import { readAwsSettings, readProxy } from '../../lib/platform/lambda/environment.ts';
import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openLightObjectStore } from '../../lib/platform/objects/open-light-object-store.ts';
import { createSqsLightConsumer, createSqsLightQueue } from '../../lib/platform/queues/sqs-light-queue.ts';
import { openSecretSource } from '../../lib/platform/secrets/secret-source.ts';
import { parseWebhookCredentials } from '../../lib/platform/secrets/webhook-credentials.ts';
import { openIdentities } from '../../lib/push/receive/open-identities.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createHandler } from './handler.ts';

const { objects, profiles, pushQueueUrl, pushDeadLetterUrl, webhooks, edge } = readConfiguration(process.env, {
  needed: ['SIGNET_PUSH_QUEUE_URL', 'SIGNET_PUSH_DEAD_LETTER_URL'],
  optional: ['SIGNET_WEBHOOKS', 'SIGNET_EDGE'],
});
const now = (): Date => new Date();
const aws = readAwsSettings(process.env);
const store = await openLightObjectStore(objects, () => aws);

const telemetry = createTelemetry('receive-push');
const handle = createHandler({
  trust: createTrustSource(store, profiles, now),
  webhooks: openSecretSource(webhooks, { parse: parseWebhookCredentials }),
  verifyIdentity: openIdentities(readProxy(process.env)),
  pushQueue: createSqsLightQueue({ ...aws, queueUrl: pushQueueUrl }),
  sendDead: createSqsLightConsumer({ ...aws, queueUrl: pushQueueUrl, deadLetterUrl: pushDeadLetterUrl }).sendDead,
  telemetry,
});

export const handler =
  edge === undefined
    ? handle
    : (await import('../../lib/platform/lambda/edge.ts')).onlyThroughEdge(handle, { location: edge, telemetry });
