import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { createDeadLetterQueue } from '../../../lib/platform/queues/dead-letter-queue.ts';
import { type MessageOutcome, processBatch } from '../../../lib/platform/queues/process-batch.ts';
import { createSqsConsumer, createSqsQueue } from '../../../lib/platform/queues/sqs-client.ts';
import { MAX_REASON_CHARACTERS, REASON_ATTRIBUTE } from '../../../lib/platform/queues/sqs-consumer.ts';
import { pollOnce, receiveMessages, toRecord } from '../../support/sqs-server/poll-queue.ts';
import {
  MAX_RECEIVE_COUNT,
  startSqsServer,
  stopClock,
  type TestSqsServer,
} from '../../support/sqs-server/start-sqs-server.ts';

const clock = stopClock();
const started: TestSqsServer[] = [];

afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
});

async function start(): Promise<TestSqsServer> {
  const server = await startSqsServer();
  started.push(server);
  return server;
}

/** Polls once; what a message's text says decides its outcome. */
async function poll(
  server: TestSqsServer,
  decide: (text: string) => MessageOutcome,
  maxReceives = MAX_RECEIVE_COUNT + 1,
): Promise<string[]> {
  const texts: string[] = [];
  await pollOnce(server.client, server.queueUrl, (event) =>
    processBatch(
      event,
      async ({ body }) => {
        texts.push(body);
        return decide(body);
      },
      {
        schema: v.string(),
        maxReceives,
        logFailure: () => undefined,
        concurrency: 4,
        signal: AbortSignal.timeout(60_000),
        ...createSqsConsumer(server),
      },
    ),
  );
  return texts.toSorted();
}

const done = (): MessageOutcome => ({ kind: 'done' });

describe('a queue of SQS', () => {
  it('takes more than a batch', async () => {
    const server = await start();
    const texts = Array.from({ length: 23 }, (_, index) => `message ${index}`);
    await createSqsQueue(server).sendMessages(texts.map((text) => JSON.stringify(text)));
    const received: string[] = [];
    for (let round = 0; round < 6 && received.length < texts.length; round += 1) {
      received.push(...(await poll(server, done)));
    }
    expect(received.toSorted()).toEqual(texts.toSorted());
    clock.pass(1200);
    expect(await receiveMessages(server.client, server.queueUrl)).toEqual([]);
  });

  it('hands out again what failed, and nothing else', async () => {
    const server = await start();
    await createSqsQueue(server).sendMessages(['"good"', '"late"', '"bad"']);
    const first = await poll(server, (text) => {
      if (text === 'bad') throw new Error('broken');
      return text === 'late' ? { kind: 'retry', delaySeconds: 0, reason: 'later' } : { kind: 'done' };
    });
    expect(first).toEqual(['bad', 'good', 'late']);
    clock.pass(1200);
    expect(await poll(server, done)).toEqual(['late']);
    // An exception's message waits longer.
    expect(await createDeadLetterQueue(server).countLetters()).toBe(1);
  });

  it('delays a retry', async () => {
    const server = await start();
    await createSqsQueue(server).sendMessages(['"late"']);
    await poll(server, () => ({ kind: 'retry', delaySeconds: 3, reason: 'later' }));
    clock.pass(2999);
    expect(await receiveMessages(server.client, server.queueUrl)).toEqual([]);
    clock.pass(1);
    expect(await receiveMessages(server.client, server.queueUrl)).toHaveLength(1);
  });

  it('moves a message to the dead letters that fails again and again', async () => {
    const server = await start();
    await createSqsQueue(server).sendMessages(['"bad"']);
    const fail = (): MessageOutcome => ({ kind: 'retry', delaySeconds: 1, reason: 'later' });
    for (let count = 0; count < MAX_RECEIVE_COUNT; count += 1) {
      expect(await poll(server, fail)).toEqual(['bad']);
      clock.pass(1100);
    }
    expect(await poll(server, fail)).toEqual([]);
    const dead = await receiveMessages(server.client, server.deadLetterUrl);
    expect(dead.map(({ Body }) => Body)).toEqual(['"bad"']);
  });

  it('sends what can never succeed to the dead letters at once, with the reason and the same body', async () => {
    const server = await start();
    await createSqsQueue(server).sendMessages(['"hopeless"', '{"not": "a string"', '"good"']);
    await poll(server, (text) => (text === 'hopeless' ? { kind: 'dead', reason: 'no such profile' } : done()));
    const dead = await receiveMessages(server.client, server.deadLetterUrl);
    const reasons = dead.map(({ Body, MessageAttributes: attributes }) => [
      Body,
      attributes?.[REASON_ATTRIBUTE]?.StringValue,
    ]);
    expect(new Map(reasons as [string, string][])).toEqual(
      new Map([
        ['"hopeless"', 'no such profile'],
        ['{"not": "a string"', 'the body is not JSON'],
      ]),
    );
    clock.pass(1200);
    expect(await receiveMessages(server.client, server.queueUrl)).toEqual([]);
  });

  it.each([
    {
      name: 'a retry',
      decide: (): MessageOutcome => ({ kind: 'retry', delaySeconds: 1, reason: 'no store' }),
      why: 'no store',
    },
    {
      name: 'an exception',
      decide: (): MessageOutcome => {
        throw new StoreError('Unavailable', 'no store');
      },
      why: 'StoreError Unavailable: no store',
    },
  ])('gives up at the last receive, before the queue does and with the reason: $name', async ({ decide, why }) => {
    const server = await start();
    await createSqsQueue(server).sendMessages(['"bad"']);
    expect(await poll(server, decide, 1)).toEqual(['bad']);
    const [dead] = await receiveMessages(server.client, server.deadLetterUrl);
    expect(dead?.Body).toBe('"bad"');
    expect(dead?.MessageAttributes?.[REASON_ATTRIBUTE]?.StringValue).toBe(`after 1 receives: ${why}`);
    clock.pass(1200);
    expect(await receiveMessages(server.client, server.queueUrl)).toEqual([]);
  });

  it('keeps a message that the dead-letter queue does not take', async () => {
    const server = await start();
    await createSqsQueue(server).sendMessages(['"bad"']);
    const broken = { ...server, deadLetterUrl: server.deadLetterUrl.replace('work-dead', 'nowhere') };
    expect(await poll(broken, () => ({ kind: 'dead', reason: 'never' }))).toEqual(['bad']);
    clock.pass(1200);
    expect(await receiveMessages(server.client, server.queueUrl)).toHaveLength(1);
  });

  it.each([
    { name: 'empty', reason: '', sent: 'no reason given' },
    { name: 'control characters', reason: 'a\0\u001bb\n', sent: 'a b' },
    { name: 'too long', reason: '😀'.repeat(2000), sent: `${'😀'.repeat(MAX_REASON_CHARACTERS - 1)}…` },
  ])('loses no dead message for its reason’s sake: $name', async ({ reason, sent }) => {
    const server = await start();
    await createSqsConsumer(server).sendDead(toRecord('"body"'), reason);
    const [dead] = await receiveMessages(server.client, server.deadLetterUrl);
    expect(dead?.MessageAttributes?.[REASON_ATTRIBUTE]?.StringValue).toBe(sent);
  });

  it('has its messages after a restart', async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'queue-'));
    try {
      const before = await startSqsServer({ dataDir });
      await createSqsQueue(before).sendMessages(['"kept"']);
      await before.stop();
      const after = await startSqsServer({ dataDir });
      started.push(after);
      expect(await poll(after, done)).toEqual(['kept']);
    } finally {
      for (const server of started.splice(0)) await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
