import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { createQuestions, MAX_COUNTED, type Question, readQuestions } from '../../../lib/verdict/records/questions.ts';
import { toInvertedTime } from '../../../lib/verdict/records/verdict-record.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';

const ID = 'a'.repeat(64);
const ask = (seconds: number, change: Partial<Question> = {}): Question => ({
  schema: 1,
  recordId: ID,
  source: 'admission',
  pullspec: 'quay.io/a/b@sha256:x',
  askedAt: new Date(Date.UTC(2026, 10, 30) + seconds * 1000).toISOString(),
  forced: false,
  caller: { cluster: 'hub', user: 'jane', kind: 'NodePool', namespace: 'a', name: 'b', operation: 'CREATE' },
  ...change,
});
const NOW = new Date(Date.UTC(2026, 10, 30, 12));
const keysOf = async (objects: ObjectStore): Promise<readonly string[]> =>
  (await Array.fromAsync(objects.listObjects('asked/'))).map(({ key }) => key);

describe('a question', () => {
  test.each<[string, readonly Question[], number]>([
    ['that is asked once', [ask(0)], 1],
    ['that is repeated within a minute', [ask(0), ask(1), ask(59.9)], 1],
    ['that is repeated after a minute', [ask(0), ask(60), ask(61)], 2],
    ['of two users', [ask(0), ask(1, { caller: { cluster: 'hub', user: 'joe' } })], 2],
    ['about another record', [ask(0), ask(1, { recordId: 'b'.repeat(64) })], 2],
    ['that is forced, each time', [ask(0, { forced: true }), ask(1, { forced: true }), ask(2, { forced: true })], 3],
    ['before a clock was set back', [ask(100), ask(0)], 2],
  ])('%s', async (_, questions, count) => {
    const [objects, { note }] = [createMemoryObjectStore(), createQuestions()];
    for (const question of questions) await note(question, objects);
    const keys = await keysOf(objects);
    expect(keys).toHaveLength(count);
    for (const key of keys) expect(key).toMatch(/^asked\/[0-9a-f]{64}\/[0-9]{13}-[0-9a-f]{16}$/);
  });

  test('that could not be written is written the next time', async () => {
    const objects = createMemoryObjectStore();
    const { note } = createQuestions();
    const broken: ObjectStore = {
      ...objects,
      createObject: () => Promise.reject(new StoreError('ConnectionFailed', 'x')),
    };
    await expect(note(ask(0), broken)).rejects.toThrow(StoreError);
    await note(ask(1), objects);
    expect(await keysOf(objects)).toHaveLength(1);
  });
});

describe('read with its record', () => {
  test('how often, when last and by whom; the newest first', async () => {
    const [objects, { note }] = [createMemoryObjectStore(), createQuestions()];
    for (let minute = 0; minute < 14; minute += 1) await note(ask(minute * 60), objects);
    const { times, lastAskedAt, latest, isMore } = await readQuestions(objects, ID, NOW);
    expect([times, lastAskedAt, latest.length, isMore]).toEqual([14, '2026-11-30T00:13:00.000Z', 10, undefined]);
    expect(latest[0]).toEqual(ask(13 * 60));
  });

  test('what is no question of it is passed over', async () => {
    const objects = createMemoryObjectStore();
    const put = async (name: string, text: string) => objects.createObject(`asked/${ID}/${name}`, Buffer.from(text));
    await put('x', '{}');
    await put(`${'1'.repeat(13)}-${'a'.repeat(16)}`, '{');
    await put(`${'2'.repeat(13)}-${'a'.repeat(16)}`, JSON.stringify(ask(0, { recordId: 'c'.repeat(64) })));
    await put(`${'3'.repeat(13)}-${'a'.repeat(16)}`, 'x'.repeat(20_000));
    expect(await readQuestions(objects, ID, NOW)).toEqual({ times: 0, latest: [], strays: 4 });
    expect(await readQuestions(objects, 'd'.repeat(64), NOW)).toEqual({ times: 0, latest: [] });
  });

  const planted = (at: number, name = 'a') => `asked/${ID}/${toInvertedTime(at)}-${name.repeat(16)}`;
  const forced = ask(0, { forced: true, caller: { cluster: 'hub', user: 'eve' } });

  test.each<[string, (objects: ObjectStore) => Promise<void>]>([
    [
      'questions of the future',
      async (objects) => {
        const later = Date.UTC(2030, 0, 1);
        for (let at = 0; at < 60; at += 1) {
          const question = JSON.stringify({ ...ask(0), askedAt: new Date(later + at).toISOString() });
          await objects.createObject(planted(later + at), Buffer.from(question));
        }
      },
    ],
    [
      'newer questions that are none',
      async (objects) => {
        for (let at = 0; at < 40; at += 1) {
          await objects.createObject(planted(NOW.getTime() - at), Buffer.from(JSON.stringify(ask(1))));
        }
      },
    ],
    [
      'names that are no question’s',
      async (objects) => {
        for (let at = 0; at < 900; at += 1) await objects.createObject(`asked/${ID}/!${at}`, Buffer.from(''));
      },
    ],
  ])('%s hide nobody who forced', async (_, plant) => {
    const objects = createMemoryObjectStore();
    await createQuestions().note(forced, objects);
    await plant(objects);
    const { latest, lastAskedAt, strays } = await readQuestions(objects, ID, NOW);
    expect([latest, lastAskedAt]).toEqual([[forced], forced.askedAt]);
    expect(strays).toBeGreaterThan(0);
  });

  test.each(['KeyRefused', 'NotAllowed', 'StatusUnexpected', 'LimitExceeded'] as const)(
    'one that answers %s hides no other',
    async (code) => {
      const objects = createMemoryObjectStore();
      await createQuestions().note(forced, objects);
      const newer = planted(Date.UTC(2026, 10, 30, 1));
      await objects.createObject(newer, Buffer.from('{}'));
      const refusing: ObjectStore = {
        ...objects,
        readObject: async (key, limit) => {
          if (key === newer) throw new StoreError(code, 'x');
          return await objects.readObject(key, limit);
        },
      };
      expect(await readQuestions(refusing, ID, NOW)).toMatchObject({ latest: [forced], strays: 1 });
    },
  );

  test('no more is listed than is counted', async () => {
    const objects = createMemoryObjectStore();
    let listed = 0;
    const endless: ObjectStore = {
      ...objects,
      async *listObjects(prefix) {
        for (; listed < 10_000; listed += 1) yield { key: `${prefix}!${listed}`, size: 0 };
      },
    };
    expect(await readQuestions(endless, ID, NOW)).toMatchObject({ times: 0, isMore: true, latest: [] });
    expect(listed).toBeLessThanOrEqual(MAX_COUNTED + 1);
  });
});
