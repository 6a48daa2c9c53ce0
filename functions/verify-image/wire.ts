import { createTrustSource } from '../../lib/decide/trust-source.ts';
import { openLightObjectStore } from '../../lib/objects/open-light-object-store.ts';
import { createSqsClient } from '../../lib/queue/sqs-client.ts';
import { createSqsQueue } from '../../lib/queue/sqs-queue.ts';
import { createAcceptances } from '../../lib/records/acceptances.ts';
import { readAwsSettings, readProxy } from '../../lib/runtime/environment.ts';
import { readConfiguration } from '../../lib/runtime/read-configuration.ts';
import { createTelemetry } from '../../lib/runtime/telemetry.ts';
import { openMirror } from '../../lib/signatures/open-mirror.ts';
import { createUpstreamStores } from '../../lib/signatures/upstream-stores.ts';
import { createHandler } from './handler.ts';

const { objects, profiles, mirrorQueueUrl } = readConfiguration(process.env, { needed: ['SIGNET_MIRROR_QUEUE_URL'] });
const now = (): Date => new Date();
const store = openLightObjectStore(objects, () => readAwsSettings(process.env));

export const handler = createHandler({
  trust: createTrustSource(store, profiles, now),
  objects: store,
  acceptances: createAcceptances(store),
  mirror: openMirror(store),
  upstream: createUpstreamStores({ proxy: readProxy(process.env) }),
  mirrorQueue: createSqsQueue({ client: createSqsClient(), queueUrl: mirrorQueueUrl }),
  telemetry: createTelemetry('verify-image'),
  now,
});
