import { Server } from 'node:net';
import { startFauxqs } from 'fauxqs';
import { createSqsClient } from '../lib/queue/sqs-client.ts';

/** The embedded SQS: queues that survive a restart. */
export interface LocalQueues {
  readonly client: ReturnType<typeof createSqsClient>;
  readonly mirror: LocalQueue;
  readonly close: () => Promise<void>;
}

export interface LocalQueue {
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
}

/** Times that a message is handed out before it is dead. */
const MAX_RECEIVES = 5;
const VISIBILITY_SECONDS = 60;
const REGION = 'us-east-1';

export async function startQueues(dataDirectory: string): Promise<LocalQueues> {
  const server = await onLoopback(() =>
    startFauxqs({ port: 0, logger: false, dataDir: dataDirectory, defaultRegion: REGION }),
  );
  const endpoint = `http://127.0.0.1:${server.port}`;
  const toUrl = (name: string): string => `${endpoint}/000000000000/${name}`;
  // Creating a queue that is there already would empty it.
  const queueArn = server.inspectQueue('mirror-dead')?.arn ?? server.createQueue('mirror-dead').queueArn;
  if (server.inspectQueue('mirror') === undefined) {
    const redrive = { deadLetterTargetArn: queueArn, maxReceiveCount: MAX_RECEIVES };
    server.createQueue('mirror', {
      attributes: { VisibilityTimeout: String(VISIBILITY_SECONDS), RedrivePolicy: JSON.stringify(redrive) },
    });
  }
  const client = createSqsClient({
    region: REGION,
    endpoint,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  return {
    client,
    mirror: { queueUrl: toUrl('mirror'), deadLetterUrl: toUrl('mirror-dead') },
    close: async () => {
      client.destroy();
      await server.stop();
    },
  };
}

/**
 * The embedded server listens on every address whatever it is told, and asks nobody who they are. While it starts,
 * listening on all addresses becomes listening on loopback.
 */
async function onLoopback<T>(start: () => Promise<T>): Promise<T> {
  const listen: unknown = Reflect.get(Server.prototype, 'listen');
  if (typeof listen !== 'function') throw new TypeError('servers of this Node do not listen');
  Reflect.set(Server.prototype, 'listen', function listenOnLoopback(this: unknown, ...args: unknown[]): unknown {
    const [options, ...rest] = args;
    const isOpen = typeof options === 'object' && options !== null && 'port' in options;
    return Reflect.apply(listen, this, isOpen ? [{ ...options, host: '127.0.0.1' }, ...rest] : args) as unknown;
  });
  try {
    return await start();
  } finally {
    Reflect.set(Server.prototype, 'listen', listen);
  }
}
