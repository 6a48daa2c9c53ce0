import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import type { Queue } from '../../../lib/platform/queues/queue.ts';
import { createSqsClient, createSqsConsumer, createSqsQueue } from '../../../lib/platform/queues/sqs-client.ts';
import { createSqsLightConsumer, createSqsLightQueue } from '../../../lib/platform/queues/sqs-light-queue.ts';
import { startServer, type TestServer } from '../../support/servers/start-server.ts';
import { toRecord } from '../../support/sqs-server/poll-queue.ts';

type Entry = { readonly Id: string; readonly MessageBody: string };
type Failure = { readonly Id: string; readonly Code: string; readonly SenderFault: boolean };

const servers: TestServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const settings = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test-secret' } };

/** How a queue is opened, and how often it sends a request that is not answered. */
const KINDS = {
  sdk: {
    open: (endpoint: string, queueUrl: string) =>
      createSqsQueue({ client: createSqsClient({ endpoint, ...settings, maxAttempts: 1 }), queueUrl }),
    tries: 1,
  },
  light: { open: (_: string, queueUrl: string) => createSqsLightQueue({ ...settings, queueUrl }), tries: 3 },
} as const;

/** A queue over a server that fails the entries it is told to; undefined: it has no answer but 500. */
async function openQueue(
  kind: keyof typeof KINDS,
  fail: (entries: readonly Entry[], count: number) => readonly Failure[] | undefined,
): Promise<{ queue: Queue; taken: string[]; url: string }> {
  const taken: string[] = [];
  let count = 0;
  const server = await startServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      count += 1;
      const { Entries: entries } = JSON.parse(Buffer.concat(chunks).toString()) as { Entries: readonly Entry[] };
      const failed = fail(entries, count);
      const failedIds = failed?.map(({ Id }) => Id) ?? [];
      const sent = entries.filter(({ Id }) => failed !== undefined && !failedIds.includes(Id));
      taken.push(...sent.map(({ MessageBody }) => MessageBody));
      response.writeHead(failed === undefined ? 500 : 200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ Successful: sent.map(toSuccess), Failed: failed }));
    });
  });
  servers.push(server);
  const url = `${server.origin}/000000000000/work`;
  return { queue: KINDS[kind].open(server.origin, url), taken, url };
}

function toSuccess({ Id, MessageBody }: Entry) {
  return { Id, MessageId: Id, MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex') };
}

const bodies = Array.from({ length: 12 }, (_, index) => `message ${index}`);

async function failureOf(operation: Promise<unknown>): Promise<StoreError> {
  const error: unknown = await operation.catch((cause: unknown) => cause);
  if (error instanceof StoreError) return error;
  throw new Error(`no StoreError but ${String(error)}`);
}

describe.each(['sdk', 'light'] as const)('a queue that takes only some: %s', (kind) => {
  it('is sent the others again', async () => {
    const { queue, taken } = await openQueue(kind, (entries, count) =>
      count === 1 ? entries.slice(3, 6).map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault: false })) : [],
    );
    await queue.sendMessages(bodies);
    expect(taken.toSorted()).toEqual(bodies.toSorted());
    expect(taken).toHaveLength(bodies.length);
  });

  it.each([
    { name: 'never taken', isOurs: false, requests: 5 },
    { name: 'the sender’s fault, not tried again', isOurs: true, requests: 2 },
  ])('is a failure that says how many: $name', async ({ isOurs, requests }) => {
    let asked = 0;
    const { queue, taken } = await openQueue(kind, (entries) => {
      asked += 1;
      return entries
        .filter(({ MessageBody }) => MessageBody === 'message 3' || MessageBody === 'message 5')
        .map(({ Id }) => ({ Id, Code: 'Refused', SenderFault: isOurs }));
    });
    const failure = await failureOf(queue.sendMessages(bodies));
    expect(failure.message).toBe('queue work: 2 of 12 messages were not sent: Refused');
    expect(failure.code).toBe('ConnectionFailed');
    expect({ asked, taken: taken.length }).toEqual({ asked: requests, taken: 10 });
  });

  it('says how many when a request fails, and sends the other batches', async () => {
    const { queue, taken } = await openQueue(kind, (_, count) => (count <= KINDS[kind].tries ? undefined : []));
    const failure = await failureOf(queue.sendMessages(bodies));
    expect(failure.message).toContain('10 of 12 messages were not sent');
    expect(taken).toEqual(bodies.slice(10));
  });
});

it.each(['sdk', 'light'] as const)('a consumer that cannot reach its queues says so: %s', async (kind) => {
  const url = 'http://127.0.0.1:1/000000000000/work';
  const queue = { queueUrl: url, deadLetterUrl: url };
  const client = createSqsClient({ endpoint: 'http://127.0.0.1:1', ...settings, maxAttempts: 1 });
  const consumer =
    kind === 'sdk' ? createSqsConsumer({ client, ...queue }) : createSqsLightConsumer({ ...settings, ...queue });
  const dead = await failureOf(consumer.sendDead(toRecord('{}'), 'reason'));
  expect([dead.code, dead.message]).toEqual([
    'ConnectionFailed',
    expect.stringMatching(/^sending message \S+ to the dead-letter queue failed: /),
  ]);
  const delayed = await failureOf(consumer.delayMessage(toRecord('{}'), 5));
  expect([delayed.code, delayed.message]).toEqual([
    'ConnectionFailed',
    expect.stringMatching(/^delaying message \S+ failed: /),
  ]);
});
