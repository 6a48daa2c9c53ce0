import { readEndpoints } from '../../lib/platform/aws/endpoints.ts';
import { QUEUE_SETTINGS, readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createHandler } from './handler.ts';
import type { WatchedQueue } from './read-overview.ts';

const configuration = readConfiguration(process.env, { needed: QUEUE_SETTINGS });
const { profiles } = configuration;
const now = (): Date => new Date();
const objects = await openObjectStore(configuration.objects);

/** Only the overview looks at queues: what reads them is loaded then. */
function watch(name: WatchedQueue['name'], queueUrl: string, deadLetterUrl: string): WatchedQueue {
  return {
    name,
    open: async () => {
      const { createSqsClient } = await import('../../lib/platform/queues/sqs-client.ts');
      const { createDeadLetterQueue } = await import('../../lib/platform/queues/dead-letter-queue.ts');
      const client = createSqsClient({ endpoints: readEndpoints(process.env) });
      return {
        queue: createDeadLetterQueue({ client, queueUrl }),
        dead: createDeadLetterQueue({ client, queueUrl: deadLetterUrl }),
      };
    },
  };
}

export const handler = createHandler({
  trust: createTrustSource(objects, profiles, now),
  objects,
  queues: [
    watch('push', configuration.pushQueueUrl, configuration.pushDeadLetterUrl),
    watch('mirror', configuration.mirrorQueueUrl, configuration.mirrorDeadLetterUrl),
    watch('export', configuration.exportQueueUrl, configuration.exportDeadLetterUrl),
  ],
  telemetry: createTelemetry('read-records'),
  now,
});
