import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createSqsQueue } from '../../lib/platform/queues/sqs-client.ts';
import { type LocalQueue, type LocalQueues, startQueues } from '../../local/start-queues.ts';

/** An address of this machine that another one may reach. */
const outside = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

let work = '';
const opened = new Set<LocalQueues>();
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-queues-'));
});
afterEach(async () => {
  for (const queues of opened) await close(queues);
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

async function open(name: string): Promise<LocalQueues> {
  const queues = await startQueues(path.join(work, name));
  opened.add(queues);
  return queues;
}

async function close(queues: LocalQueues): Promise<void> {
  opened.delete(queues);
  await queues.close();
}

const portOf = ({ mirror }: LocalQueues): number => Number(new URL(mirror.queueUrl).port);

/** `connect`, or the code of the failure. */
async function tryToConnect(host: string, port: number): Promise<string> {
  const socket = connect({ host, port, timeout: 2000 });
  return await new Promise<string>((resolve) => {
    socket.once('connect', () => resolve('connect'));
    socket.once('timeout', () => resolve('timeout'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  }).finally(() => socket.destroy());
}

async function receive({ client }: LocalQueues, queueUrl: string): Promise<readonly string[]> {
  const { Messages: messages = [] } = await client.send(
    new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
  );
  return messages.map(({ Body: body }) => body ?? '');
}

describe('the embedded queues listen on loopback', () => {
  test('its address is one of loopback, and answers there', async () => {
    const queues = await open('loopback');
    for (const url of [queues.mirror.queueUrl, queues.mirror.deadLetterUrl]) {
      expect(new URL(url).hostname).toBe('127.0.0.1');
    }
    expect(await tryToConnect('127.0.0.1', portOf(queues))).toBe('connect');
  });

  test.skipIf(outside === undefined)('no other address of this machine reaches it', async () => {
    const host = outside ?? '';
    const port = portOf(await open('outside'));
    expect(await tryToConnect(host, port)).not.toBe('connect');
    // The same address does reach a server that listens everywhere: the refusal above is not the network's.
    const everywhere = createServer().listen(0, '0.0.0.0');
    await once(everywhere, 'listening');
    const address = everywhere.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
    expect(await tryToConnect(host, address.port)).toBe('connect');
    everywhere.close();
  });

  test('after the start other servers listen where they say', async () => {
    await open('others');
    const server = createServer().listen({ port: 0, host: '0.0.0.0' });
    await once(server, 'listening');
    expect(server.address()).toMatchObject({ address: '0.0.0.0' });
    server.close();
  });
});

describe('what is in a queue', () => {
  test.each<[name: string, toUrl: (queue: LocalQueue) => string]>([
    ['mirror', ({ queueUrl }) => queueUrl],
    ['dead-letter', ({ deadLetterUrl }) => deadLetterUrl],
  ])('a message of the %s queue is received after a new start on the same directory', async (name, toUrl) => {
    const first = await open(`kept-${name}`);
    await createSqsQueue({ client: first.client, queueUrl: toUrl(first.mirror) }).sendMessages(['one', 'two']);
    await close(first);
    const second = await open(`kept-${name}`);
    expect((await receive(second, toUrl(second.mirror))).toSorted()).toEqual(['one', 'two']);
    // Taken, and hidden from others for now.
    expect(await receive(second, toUrl(second.mirror))).toEqual([]);
    await close(second);
    const other = await open(`other-${name}`);
    expect(await receive(other, toUrl(other.mirror))).toEqual([]);
  });
});
