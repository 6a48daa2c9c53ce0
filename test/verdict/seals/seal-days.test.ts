import { describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { recordKey } from '../../../lib/verdict/records/verdict-record.ts';
import { auditRecords } from '../../../lib/verdict/seals/audit-records.ts';
import { MAX_SEAL_BYTES, MAX_SEALED, readSeal } from '../../../lib/verdict/seals/seal.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { makeKey } from '../attest/attest-setup.ts';
import { keysOf } from '../records/decision-store.ts';
import { ask, bytesAt, makeSealed, put, recordAt, replace, sealAt, sourceOf } from './seal-setup.ts';

const FIRST = 'seals/2026-11-01/0001.json';

async function read(objects: ObjectStore, key: string) {
  return readSeal(key, await bytesAt(objects, key));
}

describe('the seal of a day', () => {
  test.each<[time: string, kind: string, days: readonly string[]]>([
    ['2026-11-02T00:59:59.999Z', 'sealed', ['2026-10-31']],
    ['2026-11-02T01:00:00.000Z', 'sealed', ['2026-11-01']],
  ])('is made an hour after the day ends, UTC: at %s %s %o', async (time, kind, days) => {
    const objects = createMemoryObjectStore();
    expect(await sealAt(objects, time)).toMatchObject({ kind, days });
  });

  test('has the records of its day, and those from before the first seal', async () => {
    const objects = createMemoryObjectStore();
    const [old, own, next] = [
      recordAt('2026-03-01', 'old'),
      recordAt('2026-11-01', 'own', '23:59:59.999'),
      recordAt('2026-11-02', 'next', '00:00:00.000'),
    ];
    await put(objects, old, own, next);
    expect(await sealAt(objects, '2026-11-02T01:05:00Z')).toMatchObject({ days: ['2026-11-01'], records: 2, late: 1 });
    const seal = await read(objects, FIRST);
    expect(seal.sealed.map(({ id }) => id)).toEqual([old.id, own.id].toSorted());
    expect(seal).toMatchObject({ previous: null, isLast: true, page: 1 });
  });

  test('of a day without records is made too, and names the one before', async () => {
    const objects = createMemoryObjectStore();
    await sealAt(objects, '2026-11-02T01:05:00Z');
    expect(await sealAt(objects, '2026-11-03T01:05:00Z')).toMatchObject({ days: ['2026-11-02'], records: 0 });
    const { root } = await read(objects, FIRST);
    expect(await read(objects, 'seals/2026-11-02/0001.json')).toMatchObject({ previous: root, records: 0 });
  });

  test('is made once, and each missed day gets its own', async () => {
    const { objects } = await makeSealed();
    expect(await sealAt(objects, '2026-11-04T09:00:00Z')).toMatchObject({ kind: 'idle', days: [] });
    await put(objects, recordAt('2026-11-05', 'a'), recordAt('2026-11-06', 'b'));
    expect(await sealAt(objects, '2026-11-08T01:00:00Z')).toMatchObject({
      days: ['2026-11-04', '2026-11-05', '2026-11-06', '2026-11-07'],
      records: 2,
      late: 0,
    });
  });

  test('after a pause of days reads each record once, however many days it makes up for', async () => {
    const memory = createMemoryObjectStore();
    await sealAt(memory, '2026-11-01T01:05:00Z');
    const days = Array.from({ length: 9 }, (_, at) => `2026-11-0${at + 1}`);
    const records = days.flatMap((day) => Array.from({ length: 70 }, (_, at) => recordAt(day, `${day}-${at}`)));
    await put(memory, ...records);
    const asked: string[] = [];
    const readObject: ObjectStore['readObject'] = async (at, limit) => {
      if (at.startsWith('records/')) asked.push(at);
      return await memory.readObject(at, limit);
    };
    const objects = { ...memory, readObject };
    expect(await sealAt(objects, '2026-11-10T01:05:00Z')).toMatchObject({ days, records: records.length, late: 0 });
    expect(asked.toSorted()).toEqual(records.map(({ id }) => recordKey(id)).toSorted());
    const question = ask({ until: '2026-11-09', now: new Date('2026-11-10T04:00:00Z') });
    expect(await auditRecords(sourceOf(memory), question)).toMatchObject({ outcome: 'whole', records: records.length });
  });

  test('of 5,000 records reads each once, lists once, and writes three pages; an audit reads each once', async () => {
    const memory = createMemoryObjectStore();
    for (let at = 0; at < 5000; at += 1) await put(memory, recordAt('2026-11-01', String(at)));
    const counts = new Map<string, number>();
    const count = (what: string, at: string): void => {
      const kind = `${what} ${at.slice(0, at.indexOf('/'))}`;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    };
    const objects: ObjectStore = {
      ...memory,
      readObject: async (at, limit) => {
        count('read', at);
        return await memory.readObject(at, limit);
      },
      createObject: async (at, bytes) => {
        count('write', at);
        return await memory.createObject(at, bytes);
      },
      listObjects: (prefix, start) => {
        count('list', prefix);
        return memory.listObjects(prefix, start);
      },
    };
    expect(await sealAt(objects, '2026-11-02T01:05:00Z')).toMatchObject({ days: ['2026-11-01'], records: 5000 });
    expect(Object.fromEntries(counts)).toEqual({
      'list seals': 2,
      'list records': 1,
      'read records': 5000,
      'write seals': 3,
    });
    counts.clear();
    const question = ask({ until: '2026-11-01', now: new Date('2026-11-02T04:00:00Z') });
    expect(await auditRecords(sourceOf(objects), question)).toMatchObject({
      outcome: 'whole',
      records: 5000,
      seals: 3,
    });
    expect(Object.fromEntries(counts)).toEqual({
      'list seals': 1,
      'read seals': 3,
      'list records': 1,
      'read records': 5000,
    });
  });

  test('takes up what came late, once', async () => {
    const { objects } = await makeSealed();
    const late = recordAt('2026-11-02', 'late');
    await put(objects, late);
    expect(await sealAt(objects, '2026-11-05T01:05:00Z')).toMatchObject({ days: ['2026-11-04'], records: 1, late: 1 });
    expect(await sealAt(objects, '2026-11-06T01:05:00Z')).toMatchObject({ records: 0 });
    const audit = await auditRecords(sourceOf(objects), ask({ now: new Date('2026-11-06T12:00:00Z') }));
    expect(audit).toMatchObject({
      outcome: 'whole',
      late: [{ id: late.id, day: '2026-11-02', sealedWith: '2026-11-04' }],
    });
  });

  test('has no junk that lies among the records', async () => {
    const objects = createMemoryObjectStore();
    const id = 'a'.repeat(64);
    await replace(objects, recordKey(id), Buffer.from('junk'));
    await replace(objects, `${recordKey(id)}.bak`, Buffer.from('junk'));
    expect(await sealAt(objects, '2026-11-02T01:05:00Z')).toMatchObject({ records: 0 });
  });
});

describe('sealing', () => {
  test('that is out of time goes on after the last page', async () => {
    const objects = createMemoryObjectStore();
    const records = Array.from({ length: 1200 }, (_, index) => recordAt('2026-11-01', `r${index}`));
    await put(objects, ...records);
    const time = '2026-11-02T01:05:00Z';
    const runs = [];
    for (let run = 0; run < 3; run += 1) runs.push(await sealAt(objects, time, { isTimeUp: () => true }));
    expect(runs.map(({ days, records: count }) => ({ days, count }))).toEqual([
      { days: [], count: 500 },
      { days: [], count: 500 },
      { days: [], count: 200 },
    ]);
    expect(await sealAt(objects, time)).toMatchObject({ days: ['2026-11-01'], records: 0 });
    expect(await keysOf(objects, 'seals/')).toHaveLength(4);
    const audit = await auditRecords(sourceOf(objects), ask({ until: '2026-11-01', now: new Date(time) }));
    expect(audit).toMatchObject({ outcome: 'whole', records: 1200, days: 1 });
  });

  test('of a day with more records than a page takes makes several, which an audit takes together', async () => {
    const objects = createMemoryObjectStore();
    const records = Array.from({ length: MAX_SEALED + 1 }, (_, index) => recordAt('2026-11-01', `r${index}`));
    await put(objects, ...records);
    expect(await sealAt(objects, '2026-11-02T01:05:00Z')).toMatchObject({ days: ['2026-11-01'] });
    const pages = [await read(objects, FIRST), await read(objects, 'seals/2026-11-01/0002.json')];
    expect(pages.map(({ records: count, isLast }) => [count, isLast])).toEqual([
      [MAX_SEALED, false],
      [1, true],
    ]);
    expect((await bytesAt(objects, FIRST)).length).toBeLessThan(MAX_SEAL_BYTES);
    const question = ask({ until: '2026-11-01', now: new Date('2026-11-02T12:00:00Z') });
    expect(await auditRecords(sourceOf(objects), question)).toMatchObject({
      outcome: 'whole',
      records: MAX_SEALED + 1,
    });
    // A day that lost its last page is whole no more.
    await objects.deleteObject('seals/2026-11-01/0002.json');
    const { faults } = await auditRecords(sourceOf(objects), question);
    expect(faults.map(({ kind }) => kind)).toEqual(['seal', 'seal', 'unsealed']);
  });

  test('reads no page that is longer than any', async () => {
    const { objects } = await makeSealed();
    await replace(objects, 'seals/2026-11-03/0001.json', Buffer.alloc(MAX_SEAL_BYTES + 1, ' '));
    await expect(sealAt(objects, '2026-11-05T01:05:00Z')).rejects.toThrow('is broken at seals/2026-11-03/0001.json');
  });

  test('by two runs at a time makes one chain', async () => {
    const objects = createMemoryObjectStore();
    await put(objects, recordAt('2026-11-01', 'a'));
    const time = '2026-11-02T01:05:00Z';
    const kinds = (await Promise.all([sealAt(objects, time), sealAt(objects, time)])).map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(['busy', 'sealed']);
    await put(objects, recordAt('2026-11-02', 'b'));
    const next = '2026-11-04T01:05:00Z';
    await Promise.all([sealAt(objects, next), sealAt(objects, next), sealAt(objects, next)]);
    await sealAt(objects, next);
    const audit = await auditRecords(sourceOf(objects), ask());
    expect(audit).toMatchObject({ outcome: 'whole', days: 3, records: 2 });
  });

  test('that was killed after any write goes on, and the chain is whole', async () => {
    for (let fatal = 1; fatal <= 6; fatal += 1) {
      const objects = createMemoryObjectStore();
      await put(objects, recordAt('2026-11-01', 'a'), recordAt('2026-11-02', 'b'));
      await sealAt(objects, '2026-11-01T01:05:00Z');
      let writes = 0;
      const dying: ObjectStore = {
        ...objects,
        async createObject(key, bytes) {
          const isDone = await objects.createObject(key, bytes);
          writes += 1;
          if (writes === fatal) throw new Error('killed');
          return isDone;
        },
      };
      await sealAt(dying, '2026-11-04T01:05:00Z').catch(() => undefined);
      await sealAt(objects, '2026-11-04T01:05:00Z');
      expect(await auditRecords(sourceOf(objects), ask())).toMatchObject({ outcome: 'whole', records: 2 });
    }
  });

  test.each<[name: string, at: string, content: () => Buffer | undefined]>([
    ['junk in the place of a seal', 'seals/2026-11-02/0001.json', () => Buffer.from('junk')],
    ['a seal that is gone', 'seals/2026-11-02/0001.json', () => undefined],
    ['junk where the next one belongs', 'seals/2026-11-04/0001.json', () => Buffer.from('{}')],
  ])('adds nothing to a broken chain: %s', async (_, at, content) => {
    const { objects } = await makeSealed();
    await replace(objects, at, content());
    const before = await keysOf(objects, 'seals/');
    await expect(sealAt(objects, '2026-11-06T01:05:00Z')).rejects.toThrow(/the chain of seals is broken at seals/);
    expect(await keysOf(objects, 'seals/')).toEqual(before);
  });

  test('goes on where something else lies among the seals', async () => {
    const { objects } = await makeSealed();
    await replace(objects, 'seals/zzz', Buffer.from('junk'));
    await replace(objects, 'seals/0000', Buffer.from('junk'));
    expect(await sealAt(objects, '2026-11-05T01:05:00Z')).toMatchObject({ kind: 'sealed', days: ['2026-11-04'] });
  });

  test('says when the last seal is by another key: planted, or the key was changed', async () => {
    const { objects } = await makeSealed();
    const other = makeKey();
    expect((await sealAt(objects, '2026-11-04T02:00:00Z')).foreign).toBeUndefined();
    expect((await sealAt(objects, '2026-11-04T02:00:00Z', { by: other })).foreign).toMatch(/^seals\/2026-11-03/);
    const changed = await sealAt(objects, '2026-11-05T02:00:00Z', { by: other });
    expect(changed).toMatchObject({ kind: 'sealed', foreign: expect.stringContaining('2026-11-03') as string });
    expect((await sealAt(objects, '2026-11-05T03:00:00Z', { by: other })).foreign).toBeUndefined();
  });
});
