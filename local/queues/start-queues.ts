import { randomBytes, randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';
import { createSqsClient } from '../../lib/platform/queues/sqs-client.ts';
import { startEmbedded } from './embedded-server.ts';

/** The embedded SQS: queues that survive a restart. */
export interface LocalQueues {
  readonly client: SQSClient;
  readonly mirror: LocalQueue;
  readonly push: LocalQueue;
  readonly export: LocalQueue;
  readonly notify: LocalQueue;
  /** Secret: who knows it may do everything with these queues. */
  readonly accessKeyId: string;
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
  const accessKeyId = randomBytes(32).toString('hex');
  const server = await startEmbedded(accessKeyId, () =>
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
  // The access key is what is checked, and no signature.
  const credentials = { accessKeyId, secretAccessKey: 'local' };
  const client = createSqsClient({ region: REGION, endpoint, credentials });
  return {
    client,
    mirror: makeQueue('mirror'),
    push: makeQueue('push'),
    export: makeQueue('export', EXPORT_VISIBILITY_SECONDS),
    notify: makeQueue('notify'),
    accessKeyId,
    close: async () => {
      client.destroy();
      await server.stop();
    },
  };
}

/**
 * Says in `<data>/queues.json` where the queues are while the service runs, and by which key they are reached, for
 * `signet dlq`: the embedded SQS takes a free port and a new key at every start. Only the owner may read the file.
 *
 * @returns takes the file away
 */
export async function nameQueues(dataDirectory: string, queues: LocalQueues): Promise<() => Promise<void>> {
  const { push, mirror, export: exports, notify, accessKeyId } = queues;
  const file = path.join(dataDirectory, 'queues.json');
  const text = `${JSON.stringify({ schema: 2, accessKeyId, queues: { push, mirror, export: exports, notify } }, null, 2)}\n`;
  // A file that is there keeps its mode, and may be anybody's to read.
  const aside = path.join(dataDirectory, `queues-${randomUUID()}.json`);
  await writeFile(aside, text, { mode: 0o600, flag: 'wx' });
  await rename(aside, file);
  return async () => {
    // Another service over the same folder may have written its own since.
    if ((await readFile(file, 'utf8').catch(() => '')) === text) await rm(file, { force: true });
  };
}
