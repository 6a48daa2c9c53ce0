import { createHash } from 'node:crypto';
import { type Message, type MessageAttributeValue, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, describe, expect, it } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { createDeadLetterQueue, type DeadLetterQueue } from '../../../lib/platform/queues/dead-letter-queue.ts';
import { createSqsClient, createSqsConsumer, createSqsQueue } from '../../../lib/platform/queues/sqs-client.ts';
import { startServer, type TestServer } from '../../support/servers/start-server.ts';
import { receiveMessages } from '../../support/sqs-server/poll-queue.ts';
import { startSqsServer, stopClock, type TestSqsServer } from '../../support/sqs-server/start-sqs-server.ts';

const clock = stopClock();
const started: TestSqsServer[] = [];
const servers: TestServer[] = [];
afterAll(async () => {
  for (const server of started.splice(0)) await server.stop();
  for (const server of servers.splice(0)) await server.close();
});

async function start(): Promise<{ server: TestSqsServer; dead: DeadLetterQueue }> {
  const server = await startSqsServer();
  started.push(server);
  return { server, dead: createDeadLetterQueue({ client: server.client, queueUrl: server.deadLetterUrl }) };
}

async function kill(server: TestSqsServer, ...bodies: readonly string[]): Promise<void> {
  const { sendDead } = createSqsConsumer(server);
  for (const body of bodies) await sendDead({ messageId: 'm', body }, `reason of ${body}`);
}

const SOON = (): Date => new Date(Date.now() + 60_000);
const reading = { hideSeconds: 30 };

describe('reading dead letters', () => {
  it('shows each once, with its reason, and leaves it where it is', async () => {
    const { server, dead } = await start();
    const bodies = Array.from({ length: 23 }, (_, index) => `body ${index}`);
    await kill(server, ...bodies);
    const since = new Date().toISOString();
    for (const receiveCount of [1, 2]) {
      expect(await dead.countLetters()).toBe(23);
      const letters = (await Array.fromAsync(dead.readLetters({ ...reading, sentBefore: SOON() }))).flat();
      expect(letters.map(({ body }) => body).toSorted()).toEqual(bodies.toSorted());
      for (const letter of letters) {
        expect(letter).toMatchObject({ reason: `reason of ${letter.body}`, receiveCount, sentAt: since });
      }
      clock.pass(1200);
    }
  });

  it('makes them visible again when it is ended early, and those alone that were not removed', async () => {
    const { server, dead } = await start();
    await kill(server, ...Array.from({ length: 12 }, (_, index) => `body ${index}`));
    for await (const [first] of dead.readLetters({ ...reading, sentBefore: SOON() })) {
      if (first !== undefined) await dead.removeLetter(first);
      break;
    }
    expect(await dead.countLetters()).toBe(11);
    clock.pass(1200);
    expect((await Array.fromAsync(dead.readLetters({ ...reading, sentBefore: SOON() }))).flat()).toHaveLength(11);
  });

  it('ends while newer messages keep coming', async () => {
    const { dead } = await openEndless();
    const batches = await Array.fromAsync(dead.readLetters({ ...reading, sentBefore: new Date(1000) }));
    expect(batches).toHaveLength(50);
  });

  it('ends where the same messages come again and again', async () => {
    const { dead } = await openEndless('same');
    expect(await Array.fromAsync(dead.readLetters({ ...reading, sentBefore: SOON() }))).toHaveLength(1);
  });

  it('says which queue is not there', async () => {
    const { server } = await start();
    const nowhere = createDeadLetterQueue({ client: server.client, queueUrl: server.queueUrl.replace('work', 'no') });
    const failure: unknown = await nowhere.countLetters().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'NotFound', message: expect.stringContaining('queue no ') as string });
    expect(failure).toBeInstanceOf(StoreError);
  });

  it.each([
    { name: 'no reason', attributes: {}, reason: undefined },
    { name: 'a consumer’s', attributes: { reason: 'never' }, reason: 'never' },
    {
      name: 'EventBridge’s',
      attributes: { ERROR_CODE: 'NO_PERMISSIONS', ERROR_MESSAGE: 'x' },
      reason: 'NO_PERMISSIONS: x',
    },
  ])('knows $name', async ({ attributes, reason }) => {
    const { server, dead } = await start();
    const entries = Object.entries(attributes).map(
      ([name, text]) => [name, { DataType: 'String', StringValue: text }] as const,
    );
    await server.client.send(
      new SendMessageCommand({
        QueueUrl: server.deadLetterUrl,
        MessageBody: 'body',
        MessageAttributes: Object.fromEntries<MessageAttributeValue>(entries),
      }),
    );
    const letters = (await Array.fromAsync(dead.readLetters({ ...reading, sentBefore: SOON() }))).flat();
    expect(letters.map((letter) => letter.reason)).toEqual([reason]);
  });

  it('takes a message of which the queue says nothing', async () => {
    const { dead } = await openCanned((count) => (count === 1 ? [{}] : []));
    const letters = (await Array.fromAsync(dead.readLetters({ ...reading, sentBefore: SOON() }))).flat();
    const sentAt = '1970-01-01T00:00:00.000Z';
    expect(letters).toEqual([{ id: '', sentAt, receiveCount: 0, reason: undefined, body: '' }]);
  });

  it('takes a time beyond all times for none', async () => {
    const Attributes = { SentTimestamp: '8640000000000001', ApproximateReceiveCount: '9' };
    const { dead } = await openCanned((count) => (count === 1 ? [{ Attributes }] : []));
    const letters = (await Array.fromAsync(dead.readLetters({ ...reading, sentBefore: SOON() }))).flat();
    expect(letters).toMatchObject([{ sentAt: '1970-01-01T00:00:00.000Z', receiveCount: 9 }]);
  });

  it('finds what SQS itself gave up on', async () => {
    const { server, dead } = await start();
    await createSqsQueue(server).sendMessages(['"bad"']);
    for (let count = 0; count < 3; count += 1) {
      await receiveMessages(server.client, server.queueUrl);
      clock.pass(1100);
    }
    const letters = (await Array.fromAsync(dead.readLetters({ ...reading, sentBefore: SOON() }))).flat();
    expect(letters).toEqual([expect.objectContaining({ body: '"bad"', reason: undefined })]);
  });
});

/** A queue that always has one message more, sent in 2020; or the same one always. */
function openEndless(kind: 'new' | 'same' = 'new'): Promise<{ dead: DeadLetterQueue }> {
  return openCanned((count) => [
    {
      MessageId: kind === 'same' ? 'same' : `m${count}`,
      ReceiptHandle: `r${count}`,
      Body: 'body',
      Attributes: { SentTimestamp: String(Date.UTC(2020, 0, 1)), ApproximateReceiveCount: '1' },
    },
  ]);
}

/** A queue whose answers are made up. @param toMessages by the number of the request, from 1 */
async function openCanned(toMessages: (count: number) => readonly Message[]): Promise<{ dead: DeadLetterQueue }> {
  let count = 0;
  const server = await startServer((request, response) => {
    request.resume();
    count += 1;
    const messages = toMessages(count).map((message) => ({ ...message, MD5OfBody: toMd5(message.Body ?? '') }));
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ Messages: messages, Successful: [], Failed: [] }));
  });
  servers.push(server);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test-secret' };
  const client = createSqsClient({ endpoint: server.origin, region: 'us-east-1', credentials });
  return { dead: createDeadLetterQueue({ client, queueUrl: `${server.origin}/000000000000/canned` }) };
}

function toMd5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
