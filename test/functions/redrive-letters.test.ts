import { describe, expect, test } from 'vitest';
import { createHandler as createReadRecords } from '../../functions/read-records/handler.ts';
import type { WatchedQueue } from '../../functions/read-records/read-overview.ts';
import { createHandler, MAX_IDS } from '../../functions/redrive-letters/handler.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import type { DeadLetter } from '../../lib/platform/queues/dead-letter-queue.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { toHttpEvent } from '../support/http-event.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';

const NOW = new Date('2026-11-22T00:00:00.000Z');
const letterOf = (id: string, more: Partial<DeadLetter> = {}): DeadLetter => ({
  id,
  sentAt: `2026-11-21T00:00:${id.padStart(2, '0')}Z`,
  receiveCount: 1,
  reason: `reason ${id}`,
  body: `body ${id}`,
  ...more,
});

/** A queue of dead letters in memory, read in batches of ten, and where what was sent from it arrives. */
function makeQueue(
  letters: readonly DeadLetter[],
  fails: { readonly send?: string; readonly remove?: string; readonly hidden?: string } = {},
) {
  const held = new Map(letters.map((letter) => [letter.id, letter]));
  let looks = 0;
  const sent: string[] = [];
  const dead = {
    countLetters: async () => held.size,
    async *readLetters() {
      // Somebody else reads this one at the first look.
      const isSeen = (id: string): boolean => looks > 0 || id !== fails.hidden;
      const all = [...held.values()].filter(({ id }) => isSeen(id));
      looks += 1;
      for (let at = 0; at < all.length; at += 10) yield all.slice(at, at + 10);
    },
    removeLetter: async ({ id }: DeadLetter) => {
      if (id === fails.remove) throw new StoreError('ConnectionFailed', 'refused');
      held.delete(id);
    },
  };
  const queue = {
    sendMessages: async (bodies: readonly string[]) => {
      if (bodies.some((body) => body === `body ${fails.send}`)) throw new StoreError('ConnectionFailed', 'refused');
      sent.push(...bodies);
    },
  };
  return { held, sent, dead, queue };
}

async function redrive(made: ReturnType<typeof makeQueue>, body: unknown, headers?: Readonly<Record<string, string>>) {
  const telemetry = createKeptTelemetry();
  const { queue, dead } = made;
  const handler = createHandler({ queues: [{ name: 'push', queue, openDead: () => dead }], telemetry, now: () => NOW });
  const event = toHttpEvent({ method: 'POST', path: '/v1/dead-letters/redrive', body, headers });
  const authorizer = { jwt: { claims: { sub: 'alice' }, scopes: [] } };
  const given = { ...event, requestContext: { ...event.requestContext, authorizer } };
  const result = await handler(given, createLocalContext('redrive-letters'));
  return { status: result.statusCode, body: JSON.parse(result.body ?? '{}') as Record<string, unknown>, telemetry };
}

describe('POST /v1/dead-letters/redrive', () => {
  test('puts the letters back that are named, and no other, and the log says who', async () => {
    const made = makeQueue(Array.from({ length: 25 }, (_, index) => letterOf(String(index))));
    const { status, body, telemetry } = await redrive(made, { queue: 'push', ids: ['3', '21', '3', 'gone'] });
    expect([status, body]).toEqual([
      200,
      { schema: 1, queue: 'push', moved: 2, notMoved: [], notRemoved: [], notFound: ['gone'] },
    ]);
    expect([made.sent, made.held.size]).toEqual([['body 3', 'body 21'], 23]);
    expect(telemetry.lines).toContainEqual(
      expect.objectContaining({
        fields: expect.objectContaining({ moved: 2, caller: { subject: 'alice' } }) as unknown,
      }),
    );
    expect(JSON.stringify(telemetry.lines)).not.toContain('body 3');
  });

  test('finds a letter that somebody else reads at the same moment, and sends none twice', async () => {
    const made = makeQueue([letterOf('1'), letterOf('2'), letterOf('3')], { hidden: '2', remove: '1' });
    const { body } = await redrive(made, { queue: 'push', ids: ['1', '2'] });
    expect(body).toMatchObject({ notRemoved: [{ id: '1' }], notFound: [] });
    expect([made.sent, [...made.held.keys()]]).toEqual([
      ['body 1', 'body 2'],
      ['1', '3'],
    ]);
  });

  test('says which could not be sent or removed', async () => {
    const made = makeQueue([letterOf('1'), letterOf('2'), letterOf('3')], { send: '1', remove: '2' });
    expect((await redrive(made, { queue: 'push', ids: ['1', '2', '3'] })).body).toMatchObject({
      moved: 1,
      notMoved: [{ id: '1', why: 'refused' }],
      notRemoved: [{ id: '2', why: 'refused' }],
    });
    expect([...made.held.keys()]).toEqual(['1', '2']);
  });

  test.each<[name: string, body: unknown, says: RegExp]>([
    ['no queue', { ids: ['1'] }, /^queue: expected push$/],
    ['an unknown queue', { queue: 'https://sqs.attacker.example/1/q', ids: ['1'] }, /^queue: expected push$/],
    ['no ids', { queue: 'push' }, /^ids: expected a list/],
    ['an empty list, which is not all', { queue: 'push', ids: [] }, /^ids: expected a list of 1 to 100/],
    ['too many', { queue: 'push', ids: Array.from({ length: MAX_IDS + 1 }, String) }, /^ids: /],
    ['an id that is none', { queue: 'push', ids: ['a b'] }, /^ids: "a b" is not the id of a letter$/],
    ['a target', { queue: 'push', ids: ['1'], to: 'x' }, /^unknown member "to"; expected queue, ids$/],
    ['a list', ['1'], /^the body must be an object$/],
  ])('%s moves nothing', async (_, body, says) => {
    const made = makeQueue([letterOf('1')]);
    const { status, body: problem } = await redrive(made, body);
    expect([status, problem['detail']]).toEqual([400, expect.stringMatching(says)]);
    expect([made.sent, made.held.size]).toEqual([[], 1]);
  });

  test('takes JSON alone, so that no form of a page can post it', async () => {
    const made = makeQueue([letterOf('1')]);
    const { status } = await redrive(made, '{"queue":"push","ids":["1"]}', { 'content-type': 'text/plain' });
    expect([status, made.sent]).toEqual([415, []]);
  });
});

describe('GET /v1/dead-letters', () => {
  async function read(letters: readonly DeadLetter[], query: Readonly<Record<string, string>>, hidden?: string) {
    const { queue: _, dead } = makeQueue(letters, hidden === undefined ? {} : { hidden });
    const watched: WatchedQueue = { name: 'push', open: async () => ({ queue: dead, dead }) };
    const [objects, telemetry, now] = [createMemoryObjectStore(), createKeptTelemetry(), () => NOW];
    const trust = createTrustSource(objects, ['ocp'], now);
    const handler = createReadRecords({ trust, objects, queues: [watched], telemetry, now });
    const event = toHttpEvent({ method: 'GET', path: '/v1/dead-letters', query });
    const result = await handler(event, createLocalContext('read-records'));
    return { status: result.statusCode, body: JSON.parse(result.body ?? '{}') as Record<string, unknown> };
  }

  test('shows each letter once, also one that somebody else reads at the same moment', async () => {
    const { body } = await read([letterOf('1'), letterOf('2')], { queue: 'push' }, '2');
    expect(body).toMatchObject({ count: 2, letters: [{ id: '2' }, { id: '1' }] });
  });

  test('shows letters newest first, with reason and the start of the body', async () => {
    const long = letterOf('2', { reason: undefined, body: 'x'.repeat(3000) });
    const { body } = await read([letterOf('1'), long], { queue: 'push' });
    expect(body).toEqual({
      schema: 1,
      queue: 'push',
      count: 2,
      letters: [
        {
          id: '2',
          sentAt: '2026-11-21T00:00:02Z',
          receives: 1,
          reason: 'the queue gave it up',
          body: 'x'.repeat(2000),
          isCut: true,
        },
        { id: '1', sentAt: '2026-11-21T00:00:01Z', receives: 1, reason: 'reason 1', body: 'body 1' },
      ],
    });
  });

  test('reads no more than it shows, to the batch', async () => {
    const letters = Array.from({ length: 60 }, (_, index) => letterOf(String(index)));
    const { body } = await read(letters, { queue: 'push', limit: '5' });
    expect([(body['letters'] as unknown[]).length, body['count']]).toEqual([5, 60]);
  });

  test.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['no queue', {}, /^queue: expected push$/],
    ['an unknown queue', { queue: 'mirror' }, /^queue: expected push$/],
    ['an unknown parameter', { queue: 'push', after: 'x' }, /^unknown parameter "after"; expected queue, limit$/],
    ['too many', { queue: 'push', limit: '101' }, /^limit: /],
  ])('%s is 400 and named', async (_, query, says) => {
    const { status, body } = await read([], query);
    expect([status, body['detail']]).toEqual([400, expect.stringMatching(says)]);
  });
});
