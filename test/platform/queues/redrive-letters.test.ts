import { afterAll, describe, expect, it } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { createDeadLetterQueue, type DeadLetterQueue } from '../../../lib/platform/queues/dead-letter-queue.ts';
import type { Queue } from '../../../lib/platform/queues/queue.ts';
import { type RedriveOptions, redriveLetters } from '../../../lib/platform/queues/redrive-letters.ts';
import { createSqsConsumer, createSqsQueue } from '../../../lib/platform/queues/sqs-client.ts';
import { receiveMessages } from '../../support/sqs-server/poll-queue.ts';
import { startSqsServer, stopClock, type TestSqsServer } from '../../support/sqs-server/start-sqs-server.ts';

const clock = stopClock();
const started: TestSqsServer[] = [];
afterAll(async () => {
  for (const server of started.splice(0)) await server.stop();
});

interface Opened {
  readonly server: TestSqsServer;
  readonly from: DeadLetterQueue;
  readonly to: Queue;
}

/** A queue with these dead letters, each with its reason. */
async function start(...letters: readonly (readonly [body: string, reason: string])[]): Promise<Opened> {
  const server = await startSqsServer();
  started.push(server);
  const { sendDead } = createSqsConsumer(server);
  for (const [body, reason] of letters) await sendDead({ messageId: 'm', body }, reason);
  // By the queue's clock they are then older than the run.
  clock.pass(5);
  const from = createDeadLetterQueue({ client: server.client, queueUrl: server.deadLetterUrl });
  return { server, from, to: createSqsQueue(server) };
}

const LETTERS = [
  ['a', 'no such profile'],
  ['b', 'after 10 receives: StoreUnavailable: mirror'],
  ['c', 'after 10 receives: StoreUnavailable: other'],
] as const;

async function redrive({ from, to }: Opened, options: Partial<RedriveOptions> = {}) {
  return await redriveLetters({ from, to, startedAt: new Date(), ...options });
}

/** Bodies that are in a queue; they stay there. */
async function bodiesOf(server: TestSqsServer, queueUrl: string): Promise<readonly string[]> {
  clock.pass(1200);
  const messages = await receiveMessages(server.client, queueUrl);
  return messages.map(({ Body: body = '' }) => body).toSorted();
}

const deadOf = ({ server }: Opened) => bodiesOf(server, server.deadLetterUrl);
const sourceOf = ({ server }: Opened) => bodiesOf(server, server.queueUrl);
const refuse = () => Promise.reject(new StoreError('ConnectionFailed', 'refused'));

describe('redriving dead letters', () => {
  it('moves all, without their reasons', async () => {
    const opened = await start(...LETTERS);
    const progress: number[] = [];
    const result = await redrive(opened, { onProgress: (moved) => progress.push(moved) });
    expect(result).toMatchObject({ moved: 3, notChosen: 0, newer: 0, notMoved: [], notRemoved: [], notFound: [] });
    expect(progress).toEqual([3]);
    const { server } = opened;
    const messages = await receiveMessages(server.client, server.queueUrl);
    expect(messages.map(({ Body: body = '' }) => body).toSorted()).toEqual(['a', 'b', 'c']);
    expect(messages.filter(({ MessageAttributes: kept }) => kept !== undefined)).toEqual([]);
    expect(await deadOf(opened)).toEqual([]);
  });

  it.each([
    { name: 'by reason', reason: 'StoreUnavailable', moved: ['b', 'c'], left: ['a'] },
    { name: 'by the whole reason', reason: 'no such profile', moved: ['a'], left: ['b', 'c'] },
    { name: 'none when none has the reason', reason: 'KeyUnknown', moved: [], left: ['a', 'b', 'c'] },
  ])('moves exactly those chosen: $name', async ({ reason, moved, left }) => {
    const opened = await start(...LETTERS);
    expect(await redrive(opened, { reason })).toMatchObject({ moved: moved.length, notChosen: left.length });
    expect([await sourceOf(opened), await deadOf(opened)]).toEqual([moved, left]);
  });

  it('moves exactly those chosen: by id, and by id and reason', async () => {
    const opened = await start(...LETTERS);
    const { chosen } = await redrive(opened, { dryRun: true });
    const ids = chosen.filter(({ reason }) => reason !== LETTERS[2][1]).map(({ id }) => id);
    expect(ids).toHaveLength(2);
    clock.pass(1200);
    expect(await redrive(opened, { ids, reason: 'no such' })).toMatchObject({ moved: 1, notFound: [] });
    clock.pass(1200);
    const again = await redrive(opened, { ids });
    expect(again).toMatchObject({ moved: 1, notChosen: 1 });
    expect(again.notFound).toHaveLength(1);
    expect([await sourceOf(opened), await deadOf(opened)]).toEqual([['a', 'b'], ['c']]);
  });

  it('moves nothing in a dry run', async () => {
    const opened = await start(...LETTERS);
    const to: Queue = { description: 'none', sendMessages: () => Promise.reject(new Error('must not be called')) };
    const result = await redrive({ ...opened, to }, { dryRun: true, reason: 'StoreUnavailable' });
    expect(result).toMatchObject({ moved: 0, notChosen: 1 });
    expect(result.chosen.map(({ reason = '' }) => reason).toSorted()).toEqual([LETTERS[1][1], LETTERS[2][1]]);
    expect(await deadOf(opened)).toEqual(['a', 'b', 'c']);
  });

  it('leaves alone what was sent since the start, as a letter that comes back dead at once', async () => {
    const opened = await start(...LETTERS);
    const { server, to } = opened;
    const { sendDead } = createSqsConsumer(server);
    let sent = 0;
    const dyingAtOnce: Queue = {
      ...to,
      sendMessages: async (bodies) => {
        sent += 1;
        for (const body of bodies) await sendDead({ messageId: 'm', body }, 'dead again');
      },
    };
    expect(await redrive({ ...opened, to: dyingAtOnce })).toMatchObject({ moved: 3, newer: 3 });
    expect(sent).toBe(3);
    expect(await deadOf(opened)).toEqual(['a', 'b', 'c']);
  });
});

describe('no letter is lost', () => {
  it('when it cannot be sent: it stays, and the run ends', async () => {
    const opened = await start(...Array.from({ length: 12 }, (_, index) => [`body ${index}`, 'why'] as const));
    const to: Queue = { description: 'broken', sendMessages: refuse };
    const result = await redrive({ ...opened, to });
    expect(result.moved).toBe(0);
    expect(result.notMoved).toHaveLength(10);
    expect(result.notMoved[0]?.why).toBe('refused');
    expect(await deadOf(opened)).toHaveLength(10);
    expect(await deadOf(opened)).toHaveLength(2);
  });

  it('when one of several cannot be sent: the others are moved', async () => {
    const opened = await start(...LETTERS);
    const { to } = opened;
    const choosy: Queue = { ...to, sendMessages: (bodies) => (bodies[0] === 'b' ? refuse() : to.sendMessages(bodies)) };
    expect(await redrive({ ...opened, to: choosy })).toMatchObject({ moved: 2, notMoved: [{ why: 'refused' }] });
    expect([await sourceOf(opened), await deadOf(opened)]).toEqual([['a', 'c'], ['b']]);
  });

  it('when it cannot be removed after it was sent: then there are two', async () => {
    const opened = await start(['a', 'why']);
    const from: DeadLetterQueue = { ...opened.from, removeLetter: refuse };
    const result = await redrive({ ...opened, from });
    expect(result).toMatchObject({ moved: 0, notMoved: [], notRemoved: [{ why: 'refused' }] });
    expect([await sourceOf(opened), await deadOf(opened)]).toEqual([['a'], ['a']]);
  });

  it('when the run dies between: then there are two', async () => {
    const opened = await start(['a', 'why']);
    const from: DeadLetterQueue = { ...opened.from, removeLetter: () => Promise.reject(new Error('killed')) };
    await expect(redrive({ ...opened, from })).rejects.toThrow('killed');
    expect([await sourceOf(opened), await deadOf(opened)]).toEqual([['a'], ['a']]);
  });

  it('when the queue cannot be read on: what was moved is told', async () => {
    const opened = await start(...LETTERS);
    const readLetters: DeadLetterQueue['readLetters'] = async function* readOnce(options) {
      for await (const batch of opened.from.readLetters(options)) {
        yield batch;
        throw new StoreError('TimedOut', 'no answer');
      }
    };
    const failing = redrive({ ...opened, from: { ...opened.from, readLetters } });
    await expect(failing).rejects.toMatchObject({ code: 'TimedOut', message: 'no answer; moved before: 3' });
  });
});
