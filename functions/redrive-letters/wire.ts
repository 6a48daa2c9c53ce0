import { readEndpoints } from '../../lib/platform/aws/endpoints.ts';
import { QUEUE_SETTINGS, readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { createDeadLetterQueue } from '../../lib/platform/queues/dead-letter-queue.ts';
import { createSqsClient, createSqsQueue } from '../../lib/platform/queues/sqs-client.ts';
import { createHandler, type RedrivableQueue } from './handler.ts';

const configuration = readConfiguration(process.env, { needed: QUEUE_SETTINGS });
const client = createSqsClient({ endpoints: readEndpoints(process.env) });

function open(name: string, queueUrl: string, deadLetterUrl: string): RedrivableQueue {
  return {
    name,
    queue: createSqsQueue({ client, queueUrl }),
    openDead: () => createDeadLetterQueue({ client, queueUrl: deadLetterUrl }),
  };
}

export const handler = createHandler({
  queues: [
    open('push', configuration.pushQueueUrl, configuration.pushDeadLetterUrl),
    open('mirror', configuration.mirrorQueueUrl, configuration.mirrorDeadLetterUrl),
    open('export', configuration.exportQueueUrl, configuration.exportDeadLetterUrl),
  ],
  telemetry: createTelemetry('redrive-letters'),
  now: () => new Date(),
});
