import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { packPrefix } from '../../../lib/verdict/records/decision-packs.ts';
import { parseDecisionQuery } from '../../../lib/verdict/records/decision-query.ts';
import { entryPrefix, formatRow, indexedKey, indexRecord } from '../../../lib/verdict/records/decision-row.ts';
import { type IndexResult, tendDecisions } from '../../../lib/verdict/records/index-decisions.ts';
import { listDecisions } from '../../../lib/verdict/records/list-decisions.ts';
import { packDecisions } from '../../../lib/verdict/records/pack-decisions.ts';
import type { VerdictRecord } from '../../../lib/verdict/records/verdict-record.ts';
import { recordKey } from '../../../lib/verdict/records/verdict-record.ts';
import { writeRecord } from '../../../lib/verdict/records/write-record.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { keysOf, manyRecord, packsOf, putRecord, toEntryKey } from './decision-store.ts';

const records = Array.from({ length: 1100 }, (_, index) => manyRecord(index));
const [oldest, second] = records;
if (oldest === undefined || second === undefined) throw new Error('there are records');
const now = new Date('2026-11-30T12:00:00.000Z');
const never = () => false;

const tend = (objects: ObjectStore, at = now, isTimeUp = never): Promise<IndexResult> =>
  tendDecisions({ objects, profiles: ['ocp', 'okd'], now: () => at, isTimeUp });

async function listIds(objects: ObjectStore, parameters: Readonly<Record<string, string>> = {}) {
  const ids: string[] = [];
  let after: string | undefined;
  do {
    const query = parseDecisionQuery({ ...parameters, ...(after === undefined ? {} : { after }) });
    const page = await listDecisions(objects, query);
    ids.push(...page.verdicts.map(({ id }) => id));
    after = page.next;
  } while (after !== undefined);
  return ids;
}

const newestFirst = (some: readonly VerdictRecord[]) => some.toReversed().map(({ id }) => id);

async function holding(some: readonly VerdictRecord[], isIndexed: boolean): Promise<ObjectStore> {
  const objects = createMemoryObjectStore();
  for (const record of some) {
    await putRecord(objects, record);
    if (isIndexed) await indexRecord(objects, record);
  }
  return objects;
}

/** Fails at the n-th write, and at every later one: a process that was killed. */
function dying(objects: ObjectStore, writes: number): ObjectStore {
  let left = writes;
  const spend = () => {
    left -= 1;
    if (left < 0) throw new StoreError('ConnectionFailed', 'killed');
  };
  return {
    ...objects,
    async createObject(key, bytes) {
      spend();
      return await objects.createObject(key, bytes);
    },
    async replaceObject(key, bytes, etag) {
      spend();
      return await objects.replaceObject(key, bytes, etag);
    },
    async deleteObject(key) {
      spend();
      await objects.deleteObject(key);
    },
  };
}

describe('a pass over the records', () => {
  test('lists those of before, packs them, and removes what it packed', async () => {
    const objects = await holding(records, false);
    expect(await listIds(objects)).toEqual([]);
    const result = await tend(objects);
    expect(result).toMatchObject({ kind: 'indexed', indexed: 1100, refused: 0, broken: 0, isComplete: true });
    expect(result.packed).toBeGreaterThan(0);
    expect(await packsOf(objects, 'all')).toHaveLength(1);
    expect(await keysOf(objects, entryPrefix('all'))).toHaveLength(100);
    expect(await listIds(objects)).toEqual(newestFirst(records));
    for (const profile of ['ocp', 'okd']) {
      const expected = newestFirst(records.filter(({ verdict }) => verdict.profile === profile));
      expect(await listIds(objects, { profile })).toEqual(expected);
    }
    expect((await listDecisions(objects, parseDecisionQuery({}))).isIncomplete).toBeUndefined();
  });

  test('goes on where the time was up, once a day, and finds what a crash left out', async () => {
    const objects = await holding(records, false);
    let runs = 0;
    for (let result = await tend(objects, now, () => true); !result.isComplete; runs += 1) {
      result = await tend(objects, now, () => true);
    }
    expect(runs).toBeGreaterThan(1);
    await tend(objects);
    await objects.deleteObject(indexedKey(oldest.id));
    const late = manyRecord(5000);
    await putRecord(objects, late);
    expect((await tend(objects)).indexed).toBe(0);
    expect((await tend(objects, new Date(now.getTime() + 25 * 3_600_000))).indexed).toBe(2);
    expect(await listIds(objects)).toEqual(newestFirst([...records, late]));
  });

  test.each(Array.from({ length: 12 }, (_, index) => [index * index * 40] as const))(
    'may be killed after %d writes, and the next one ends with everything listed once',
    async (writes) => {
      const some = records.slice(0, 1005);
      const objects = await holding(some, writes % 2 === 0);
      await tend(dying(objects, writes)).catch((error: unknown) => {
        expect(error).toBeInstanceOf(StoreError);
      });
      if (writes % 2 === 0) expect(await listIds(objects)).toEqual(newestFirst(some));
      await tend(objects);
      expect(await listIds(objects)).toEqual(newestFirst(some));
    },
  );

  test('believes no mark the first time: who may write them hides nothing from a list of older records', async () => {
    const objects = await holding(records.slice(0, 20), false);
    for (const { id } of records.slice(0, 20)) await objects.createObject(indexedKey(id), new Uint8Array());
    expect(await tend(objects)).toMatchObject({ indexed: 20, isComplete: true });
    expect(await listIds(objects)).toEqual(newestFirst(records.slice(0, 20)));
  });

  test('makes anew what was hidden and forged in a pack, once packs and state are deleted', async () => {
    const objects = await holding(records, true);
    await tend(objects);
    const [name = ''] = await packsOf(objects, 'all');
    const key = `${packPrefix('all')}${name}`;
    const stored = await objects.readObject(key, 1e9);
    const { rows } = JSON.parse(Buffer.from(stored?.bytes ?? []).toString('utf8')) as { rows: string[] };
    const forged = formatRow(manyRecord(70_000)).slice(14);
    const planted = [...rows.slice(0, 10), `${rows[9]?.slice(0, 13) ?? ''}-${forged}`, ...rows.slice(20)].toSorted();
    await objects.replaceObject(key, Buffer.from(JSON.stringify({ schema: 1, rows: planted })), stored?.etag);
    expect(await listIds(objects)).not.toEqual(newestFirst(records));
    for await (const { key: one } of objects.listObjects('decisions/packs/')) await objects.deleteObject(one);
    await objects.deleteObject('decisions/state.json');
    await tend(objects);
    expect(await listIds(objects)).toEqual(newestFirst(records));
  });

  test('leaves out what is no record, and lists the others', async () => {
    const objects = await holding(records.slice(0, 10), false);
    await objects.createObject(recordKey('0'.repeat(64)), Buffer.from('{'));
    await objects.createObject('records/by-id/x.json', Buffer.from('{'));
    expect(await tend(objects)).toMatchObject({ indexed: 10, isComplete: true });
  });
});

describe('a record that is written', () => {
  const confirm = async () => undefined;

  test('is listed at once', async () => {
    const objects = createMemoryObjectStore();
    await writeRecord(objects, oldest, confirm);
    for (const parameters of [{}, { profile: 'okd' }, { outcome: 'accepted' }, { forced: 'true' }]) {
      expect(await listIds(objects, parameters)).toEqual([oldest.id]);
    }
  });

  test.each([0, 1, 2, 3, 4, 5, 6])('is listed by the next write when the first died after %d', async (writes) => {
    const objects = createMemoryObjectStore();
    const record = manyRecord(10_000 + writes);
    await writeRecord(dying(objects, writes), record, confirm).catch(() => undefined);
    await writeRecord(objects, { ...record, firstDecidedAt: now.toISOString() }, confirm);
    for (const parameters of [{}, { profile: record.verdict.profile }, { outcome: record.verdict.outcome }]) {
      expect(await listIds(objects, parameters)).toEqual([record.id]);
    }
  });
});

describe('packing', () => {
  test('puts what comes late into the pack of its time', async () => {
    const objects = await holding([...records.slice(0, 500), ...records.slice(503)], true);
    await packDecisions(objects, 'all', never);
    const packs = await packsOf(objects, 'all');
    for (const record of records.slice(500, 503)) {
      await putRecord(objects, record);
      await indexRecord(objects, record);
    }
    const more = Array.from({ length: 950 }, (_, index) => manyRecord(2000 + index));
    for (const record of more) {
      await putRecord(objects, record);
      await indexRecord(objects, record);
    }
    await packDecisions(objects, 'all', never);
    expect(await packsOf(objects, 'all')).toEqual(expect.arrayContaining([...packs]));
    expect(await listIds(objects)).toEqual(newestFirst([...records, ...more]));
  });

  test('removes what no record confirms, and corrects what says something else', async () => {
    const objects = await holding(records, true);
    const text = formatRow(second);
    const planted = [
      toEntryKey('all', formatRow(manyRecord(70_000))),
      toEntryKey('all', text.replace(/^[0-9]{13}/, '1234567890123')),
      `${entryPrefix('all')}junk`,
    ];
    const lie = toEntryKey('all', text.replace('.a', '.0').replace('.0', '.i'));
    for (const key of [...planted, lie]) expect(await objects.createObject(key, new Uint8Array())).toBe(true);
    await objects.createObject(toEntryKey('forced', text), new Uint8Array());
    const { refused } = await packDecisions(objects, 'all', never);
    expect(refused).toBe(planted.length);
    expect(await listIds(objects)).toEqual(newestFirst(records));
    const page = await listDecisions(objects, parseDecisionQuery({ until: '2026-01-01T00:01:00.001Z' }));
    expect(page.verdicts.map(({ outcome }) => outcome)).toEqual([second.verdict.outcome, oldest.verdict.outcome]);
    expect(page.unreadable).toBeUndefined();
  });

  test('removes nothing while records cannot be read', async () => {
    const objects = await holding(records, true);
    const refusing: ObjectStore = {
      ...objects,
      readObject: async (key, limit) => {
        if (key.startsWith('records/')) throw new StoreError('NotAllowed', 'no permission');
        return await objects.readObject(key, limit);
      },
    };
    expect(await packDecisions(refusing, 'all', never)).toEqual({ packed: 0, refused: 0, broken: 0 });
    expect(await listIds(objects)).toEqual(newestFirst(records));
  });

  test('replaces a pack that was destroyed, from the records', async () => {
    const objects = await holding(records, true);
    await tend(objects);
    const [name] = await packsOf(objects, 'all');
    const key = `${packPrefix('all')}${name ?? ''}`;
    await objects.replaceObject(key, Buffer.from('{}'), (await objects.readObject(key, 1e9))?.etag);
    const before = parseDecisionQuery({ until: '2026-01-01T10:00:00Z' });
    expect((await listDecisions(objects, before)).unreadable).toMatchObject([{ key }]);
    // Only when there is something to pack is a pack read.
    const more = Array.from({ length: 1000 }, (_, index) => manyRecord(2000 + index));
    for (const record of more) {
      await putRecord(objects, record);
      await indexRecord(objects, record);
    }
    expect(await tend(objects)).toMatchObject({ broken: 1, isComplete: false });
    expect(await tend(objects)).toMatchObject({ broken: 0, isComplete: true });
    expect(await listIds(objects)).toEqual(newestFirst([...records, ...more]));
    expect((await listDecisions(objects, before)).unreadable).toBeUndefined();
  });

  test('hides nothing from a page that is being read', async () => {
    const objects = await holding(records, true);
    let isPacked = false;
    const racing: ObjectStore = {
      ...objects,
      async *listObjects(prefix, start) {
        if (prefix.startsWith('decisions/packs/') && !isPacked) {
          isPacked = true;
          await packDecisions(objects, 'all', never);
        }
        yield* objects.listObjects(prefix, start);
      },
    };
    const page = await listDecisions(racing, parseDecisionQuery({}));
    expect(page.verdicts.map(({ id }) => id)).toEqual(newestFirst(records).slice(0, 100));
    expect(isPacked).toBe(true);
    const query = parseDecisionQuery({ after: page.next });
    const next = await listDecisions(objects, query);
    expect(next.verdicts.map(({ id }) => id)).toEqual(newestFirst(records).slice(100, 200));
  });

  test('twice at once loses nothing', async () => {
    const objects = await holding(records, false);
    const results = await Promise.all([tend(objects), tend(objects), tend(objects)]);
    expect(results.map(({ kind }) => kind)).toContain('busy');
    await tend(objects);
    expect(await listIds(objects)).toEqual(newestFirst(records));
  });
});
