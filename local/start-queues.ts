import { readFile, rm, writeFile } from 'node:fs/promises';
import { Server } from 'node:net';
import path from 'node:path';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';
import { createSqsClient } from '../lib/platform/queues/sqs-client.ts';

/** The embedded SQS: queues that survive a restart. */
export interface LocalQueues {
  readonly client: SQSClient;
  readonly mirror: LocalQueue;
  readonly push: LocalQueue;
  readonly export: LocalQueue;
  readonly close: () => Promise<void>;
}

export interface LocalQueue {
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
}

/** The receive at which a consumer gives a message up, with the reason. */
export const MAX_RECEIVES = 5;
/** Times that the queue itself hands a message out: a consumer that was killed has used one up without trying. */
const MAX_HANDED_OUT = 20;
const VISIBILITY_SECONDS = 60;
/** A bundle takes longer than a digest. */
const EXPORT_VISIBILITY_SECONDS = 600;
const REGION = 'us-east-1';

/**
 * @param visibilitySeconds for which a message is hidden from others, unless it asks for a bundle; queues that are there
 *   already keep theirs
 */
export async function startQueues(
  dataDirectory: string,
  visibilitySeconds: number = VISIBILITY_SECONDS,
): Promise<LocalQueues> {
  const server = await onLoopback(() =>
    startFauxqs({ port: 0, logger: false, dataDir: dataDirectory, defaultRegion: REGION }),
  );
  const endpoint = `http://127.0.0.1:${server.port}`;
  const toUrl = (name: string): string => `${endpoint}/000000000000/${name}`;
  const makeQueue = (name: string, seconds: number = visibilitySeconds): LocalQueue => {
    const deadName = `${name}-dead`;
    // Creating a queue that is there already would empty it.
    const queueArn = server.inspectQueue(deadName)?.arn ?? server.createQueue(deadName).queueArn;
    if (server.inspectQueue(name) === undefined) {
      const redrive = { deadLetterTargetArn: queueArn, maxReceiveCount: MAX_HANDED_OUT };
      server.createQueue(name, {
        attributes: { VisibilityTimeout: String(seconds), RedrivePolicy: JSON.stringify(redrive) },
      });
    }
    return { queueUrl: toUrl(name), deadLetterUrl: toUrl(deadName) };
  };
  // The embedded SQS takes any credentials.
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = createSqsClient({ region: REGION, endpoint, credentials });
  return {
    client,
    mirror: makeQueue('mirror'),
    push: makeQueue('push'),
    export: makeQueue('export', EXPORT_VISIBILITY_SECONDS),
    close: async () => {
      client.destroy();
      await server.stop();
    },
  };
}

/**
 * The embedded server always listens on every address, and authenticates nobody. While it starts,
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

/**
 * Says in `<data>/queues.json` where the queues are while the service runs, for `signet dlq`: the embedded SQS takes a
 * free port at every start.
 *
 * @returns takes the file away
 */
export async function nameQueues(dataDirectory: string, queues: LocalQueues): Promise<() => Promise<void>> {
  const { push, mirror, export: exports } = queues;
  const file = path.join(dataDirectory, 'queues.json');
  const text = `${JSON.stringify({ schema: 1, queues: { push, mirror, export: exports } }, null, 2)}\n`;
  await writeFile(file, text);
  return async () => {
    // Another service over the same folder may have written its own since.
    if ((await readFile(file, 'utf8').catch(() => '')) === text) await rm(file, { force: true });
  };
}
