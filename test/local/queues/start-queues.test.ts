import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findQueues, openQueue } from '../../../cli/dlq/queues.ts';
import { createSqsQueue } from '../../../lib/platform/queues/sqs-client.ts';
import { type LocalQueue, type LocalQueues, nameQueues, startQueues } from '../../../local/queues/start-queues.ts';

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

describe('only who has the access key may ask', () => {
  const PUSH = JSON.stringify({ schema: 1, profile: 'ocp', push: { source: 'quay', registry: 'quay.io', tag: 'x' } });
  const TOPIC = 'arn:aws:sns:us-east-1:000000000000:x';
  const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:push';

  /** What a form of any page can send: no header of its own choice but three content types. */
  const post = (url: string, body: string, type: string, more: Readonly<Record<string, string>> = {}) =>
    fetch(url, { method: 'POST', body, headers: { 'content-type': type, origin: 'http://evil.example', ...more } });

  test.each([
    ['a form', 'application/x-www-form-urlencoded'],
    ['text', 'text/plain'],
    ['what calls itself a form and is another type', 'application/x-www-form-urlencoded; x=application/x-amz-json-1.0'],
    ['parts', 'multipart/form-data; boundary=x'],
  ])('%s of a web page puts nothing into a queue', async (_, type) => {
    const queues = await open('forms');
    const origin = new URL(queues.push.queueUrl).origin;
    const form = (parameters: Readonly<Record<string, string>>): string =>
      new URLSearchParams({ Version: '2010-03-31', ...parameters }).toString();
    for (const body of [
      form({ Action: 'CreateTopic', Name: 'x' }),
      form({
        Action: 'Subscribe',
        TopicArn: TOPIC,
        Protocol: 'sqs',
        Endpoint: QUEUE,
        'Attributes.entry.1.key': 'RawMessageDelivery',
        'Attributes.entry.1.value': 'true',
      }),
      form({ Action: 'Publish', TopicArn: TOPIC, Message: PUSH }),
      form({ Action: 'SendMessage', QueueUrl: queues.push.queueUrl, MessageBody: PUSH }),
      JSON.stringify({ QueueUrl: queues.push.queueUrl, MessageBody: PUSH }),
    ]) {
      const target = { 'x-amz-target': 'AmazonSQS.SendMessage' };
      expect((await post(`${origin}/`, body, type)).status).toBe(403);
      expect((await post(queues.push.queueUrl, body, type, target)).status).toBe(403);
    }
    expect(await receive(queues, queues.push.queueUrl)).toEqual([]);
  });

  test.each<[string, string, string]>([
    ['GET', '/_fauxqs/queues', ''],
    ['GET', '/health', ''],
    ['GET', '/a-bucket/a-key', ''],
    ['PUT', '/a-bucket', ''],
    ['DELETE', '/000000000000/push', ''],
    ['GET', '/', 'AWS4-HMAC-SHA256 Credential=local/20261122/us-east-1/sqs/aws4_request'],
    ['GET', '/', 'AWS4-HMAC-SHA256 Credential=/x'],
    ['GET', '/?X-Amz-Credential=KEY', ''],
    ['GET', '/', 'Bearer KEY'],
    ['GET', '/', 'AWS4-HMAC-SHA256 Credential=KEYx/20261122'],
  ])('%s %s with the authorization %j is 403', async (method, target, authorization) => {
    const queues = await open('others');
    const fill = (text: string): string => text.replace('KEY', queues.accessKeyId);
    const headers: Record<string, string> = authorization === '' ? {} : { authorization: fill(authorization) };
    const answer = await fetch(`${new URL(queues.push.queueUrl).origin}${fill(target)}`, { method, headers });
    expect(answer.status).toBe(403);
    expect(await answer.text()).not.toContain(queues.accessKeyId);
  });

  test('a client of AWS with other credentials is denied; each start has a key of its own', async () => {
    const queues = await open('keys');
    const { address, client } = {
      address: queues.push.queueUrl,
      client: openQueue('QUEUE', queues.push.queueUrl).client,
    };
    await expect(createSqsQueue({ client, queueUrl: address }).sendMessages(['one'])).rejects.toThrow(/access key/);
    client.destroy();
    const { accessKeyId } = await open('keys-again');
    expect(accessKeyId).toMatch(/^[0-9a-f]{64}$/);
    expect(accessKeyId).not.toBe(queues.accessKeyId);
  });

  test('the key is in a file that only its owner may read', async () => {
    const queues = await open('named');
    const folder = await mkdtemp(path.join(work, 'data-'));
    // As an earlier service would have left it.
    await writeFile(path.join(folder, 'queues.json'), '{}', { mode: 0o644 });
    const remove = await nameQueues(folder, queues);
    expect((await stat(path.join(folder, 'queues.json'))).mode & 0o777).toBe(0o600);
    const { deadLetterUrl, accessKeyId } = await findQueues('push', folder);
    expect(accessKeyId).toBe(queues.accessKeyId);
    expect((await findQueues(queues.push.deadLetterUrl, folder)).accessKeyId).toBe(accessKeyId);
    expect((await findQueues('http://127.0.0.1:1/0/push', folder)).accessKeyId).toBeUndefined();
    await createSqsQueue({ client: queues.client, queueUrl: deadLetterUrl }).sendMessages(['dead']);
    const { client } = openQueue('QUEUE', deadLetterUrl, accessKeyId);
    expect(await receive({ ...queues, client }, deadLetterUrl)).toEqual(['dead']);
    client.destroy();
    await remove();
    expect(await readdir(folder)).toEqual([]);
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
