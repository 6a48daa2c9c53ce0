import { describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { recordKey, type VerdictRecord } from '../../../lib/verdict/records/verdict-record.ts';
import { type Audit, auditRecords } from '../../../lib/verdict/seals/audit-records.ts';
import type { SealQuestion } from '../../../lib/verdict/seals/audit-seals.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { makeKey, toStored } from '../attest/attest-setup.ts';
import { ask, bytesAt, key, makeSealed, put, recordAt, replace, sealAt, sourceOf } from './seal-setup.ts';

const SECOND = 'seals/2026-11-02/0001.json';
const warning = { code: 'TrustStale', message: 'put there' } as const;
const THIRD = 'seals/2026-11-03/0001.json';

interface Scene {
  readonly objects: ObjectStore;
  readonly records: readonly VerdictRecord[];
}

const faultsOf = ({ faults }: Audit) => faults.map((one) => [one.kind, one.id ?? one.key ?? one.day]);

function first(records: readonly VerdictRecord[], day: string): VerdictRecord {
  const found = records.find(({ firstDecidedAt }) => firstDecidedAt.startsWith(day));
  if (found === undefined) throw new Error('the scene has a record of that day');
  return found;
}

/** The same chain made anew without the last days, as the service would after they were removed. */
async function cut(objects: ObjectStore, days: readonly string[]): Promise<void> {
  for (const day of days) await objects.deleteObject(`seals/${day}/0001.json`);
}

describe('an audit of the records', () => {
  test('proves a period whole', async () => {
    const { objects } = await makeSealed();
    const audit = await auditRecords(sourceOf(objects), ask());
    expect(audit).toMatchObject({
      outcome: 'whole',
      faults: [],
      days: 3,
      seals: 3,
      records: 9,
      late: [],
      sealedUntil: '2026-11-03',
    });
    expect(audit.root).toMatch(/^[0-9a-f]{64}$/);
  });

  const rows: readonly {
    name: string;
    attack: (scene: Scene) => Promise<readonly string[]>;
    question?: Partial<SealQuestion>;
    kind: string;
  }[] = [
    {
      name: 'a record that was deleted',
      kind: 'deleted',
      attack: async ({ objects, records }) => {
        const { id } = first(records, '2026-11-02');
        await objects.deleteObject(recordKey(id));
        return [id];
      },
    },
    {
      name: 'a record that was altered',
      kind: 'altered',
      attack: async ({ objects, records }) => {
        const record = first(records, '2026-11-02');
        const other = { ...record, verdict: { ...record.verdict, warnings: [warning] } };
        await replace(objects, recordKey(record.id), toStored(other).bytes);
        return [record.id];
      },
    },
    {
      name: 'white space put into a record',
      kind: 'altered',
      attack: async ({ objects, records }) => {
        const { id } = first(records, '2026-11-03');
        const bytes = await bytesAt(objects, recordKey(id));
        await replace(objects, recordKey(id), Buffer.concat([bytes, Buffer.from(' ')]));
        return [id];
      },
    },
    {
      name: 'a record that was put there after its day was sealed',
      kind: 'unsealed',
      attack: async ({ objects }) => {
        const planted = recordAt('2026-11-02', 'planted');
        await put(objects, planted);
        return [planted.id];
      },
    },
    {
      name: 'a record of tomorrow',
      kind: 'future',
      question: { until: '2026-12-31' },
      attack: async ({ objects }) => {
        const planted = recordAt('2026-11-05', 'tomorrow');
        await put(objects, planted);
        return [planted.id];
      },
    },
    {
      name: 'junk among the records',
      kind: 'unreadable',
      attack: async ({ objects }) => {
        await replace(objects, recordKey('b'.repeat(64)), Buffer.from('junk'));
        return ['b'.repeat(64)];
      },
    },
    {
      name: 'a seal that was altered',
      kind: 'seal',
      attack: async ({ objects, records }) => {
        const text = (await bytesAt(objects, SECOND)).toString();
        const { id } = first(records, '2026-11-02');
        await replace(objects, SECOND, Buffer.from(text.replace(`${id} `, `${'0'.repeat(64)} `)));
        return [SECOND, '2026-11-02', ...records.filter(isOf('2026-11-02')).map((one) => one.id)];
      },
    },
    {
      name: 'a seal that was taken to the place of another',
      kind: 'seal',
      attack: async ({ objects, records }) => {
        await replace(objects, THIRD, await bytesAt(objects, SECOND));
        return [THIRD, '2026-11-03', ...records.filter(isOf('2026-11-03')).map((one) => one.id)];
      },
    },
    {
      name: 'something else among the seals',
      kind: 'stray',
      attack: async ({ objects }) => {
        await replace(objects, 'seals/note.txt', Buffer.from('junk'));
        return ['seals/note.txt'];
      },
    },
    {
      name: 'a chain whose last seals were deleted',
      kind: 'seal',
      attack: async ({ objects, records }) => {
        await cut(objects, ['2026-11-03']);
        return ['2026-11-03', ...records.filter(isOf('2026-11-03')).map((one) => one.id)];
      },
    },
    {
      name: 'a chain without its first seal',
      kind: 'chain',
      attack: async ({ objects, records }) => {
        await cut(objects, ['2026-11-01']);
        return [SECOND, ...records.filter(isOf('2026-11-01')).map((one) => one.id)];
      },
    },
  ];

  test.each(rows)('names $name, and nothing else', async ({ attack, question = {}, kind }) => {
    const scene = await makeSealed();
    const named = await attack(scene);
    const audit = await auditRecords(sourceOf(scene.objects), ask(question));
    expect(audit.outcome).toBe('not whole');
    expect(audit.faults[0]?.kind).toBe(kind);
    expect(faultsOf(audit).map(([, what]) => what)).toEqual(expect.arrayContaining([...named]));
    expect(audit.faults).toHaveLength(named.length);
  });

  test('names a seal in the middle that was deleted, by the one after it and by its day', async () => {
    const { objects, records } = await makeSealed();
    await cut(objects, ['2026-11-02']);
    const audit = await auditRecords(sourceOf(objects), ask());
    const unsealed = records.filter(isOf('2026-11-02')).map(({ id }) => ['unsealed', id]);
    expect(faultsOf(audit).slice(0, 2)).toEqual([
      ['chain', THIRD],
      ['seal', '2026-11-02'],
    ]);
    expect(faultsOf(audit).slice(2)).toEqual(expect.arrayContaining(unsealed));
    expect(audit.faults).toHaveLength(2 + unsealed.length);
  });

  test('counts no seal by a key that it does not know, and one by any of several that it does', async () => {
    const { objects } = await makeSealed();
    const other = makeKey();
    await put(objects, recordAt('2026-11-04', 'other'));
    await sealAt(objects, '2026-11-05T01:05:00Z', { by: other });
    const question = { until: '2026-11-04', now: new Date('2026-11-05T12:00:00Z') };
    const alone = await auditRecords(sourceOf(objects), ask(question));
    expect(faultsOf(alone).slice(0, 2)).toEqual([
      ['forged', 'seals/2026-11-04/0001.json'],
      ['seal', '2026-11-04'],
    ]);
    const keys = [makeKey().publicKey, key.publicKey, other.publicKey];
    expect(await auditRecords(sourceOf(objects), ask({ ...question, keys }))).toMatchObject({ outcome: 'whole' });
  });

  test('counts no chain that somebody made anew by another key', async () => {
    const { objects, records } = await makeSealed();
    const forged = createMemoryObjectStore();
    await put(forged, ...records.slice(1));
    for (const day of ['02', '03', '04']) await sealAt(forged, `2026-11-${day}T01:05:00Z`, { by: makeKey() });
    const audit = await auditRecords(sourceOf(forged), ask());
    expect(audit).toMatchObject({ outcome: 'not whole', seals: 0, records: 0 });
    expect(audit.faults.filter(({ kind }) => kind === 'forged')).toHaveLength(3);
    expect(await auditRecords(sourceOf(objects), ask())).toMatchObject({ outcome: 'whole' });
  });

  test('names a seal of tomorrow, although the service signed it', async () => {
    const { objects } = await makeSealed();
    await sealAt(objects, '2026-11-06T01:05:00Z');
    const audit = await auditRecords(sourceOf(objects), ask({ until: '2026-11-06' }));
    expect(faultsOf(audit)).toEqual([
      ['early', 'seals/2026-11-04/0001.json'],
      ['early', 'seals/2026-11-05/0001.json'],
    ]);
  });

  describe('of a chain that was cut and made anew by the service', () => {
    async function cutAndRemade() {
      const { objects, records } = await makeSealed();
      const { root } = await auditRecords(sourceOf(objects), ask());
      await cut(objects, ['2026-11-03', '2026-11-02']);
      await objects.deleteObject(recordKey(first(records, '2026-11-03').id));
      await sealAt(objects, '2026-11-05T01:05:00Z');
      return { objects, root };
    }
    const question = { until: '2026-11-04', now: new Date('2026-11-05T12:00:00Z') };

    test('can show only that its seals are belated', async () => {
      const { objects } = await cutAndRemade();
      const audit = await auditRecords(sourceOf(objects), ask(question));
      expect(audit).toMatchObject({ outcome: 'whole', records: 8 });
      expect(audit.belated.map(({ day }) => day)).toEqual(['2026-11-02', '2026-11-03']);
    });

    test('shows it by a root that was kept elsewhere', async () => {
      const { objects, root } = await cutAndRemade();
      const audit = await auditRecords(sourceOf(objects), ask({ ...question, expectRoot: root }));
      expect(audit).toMatchObject({ outcome: 'not whole', faults: [{ kind: 'root' }] });
    });
  });

  test('knows a kept root of any seal of the chain', async () => {
    const { objects } = await makeSealed();
    const { root } = await auditRecords(sourceOf(objects), ask());
    await sealAt(objects, '2026-11-05T01:05:00Z');
    const question = { expectRoot: root, until: '2026-11-04', now: new Date('2026-11-05T12:00:00Z') };
    expect(await auditRecords(sourceOf(objects), ask(question))).toMatchObject({ outcome: 'whole', days: 4 });
  });

  test.each<[name: string, question: Partial<SealQuestion>, expected: object]>([
    ['one day', { since: '2026-11-02', until: '2026-11-02' }, { outcome: 'whole', days: 1, records: 3 }],
    ['from before the first seal', { since: '2026-10-01', until: '2026-11-03' }, { outcome: 'whole', days: 3 }],
    ['to come', { since: '2026-11-04', until: '2026-11-04' }, { outcome: 'not whole', days: 0 }],
    ['before the first seal', { since: '2026-10-01', until: '2026-10-31' }, { outcome: 'not whole', days: 0 }],
  ])('of a period: %s', async (_, question, expected) => {
    const { objects } = await makeSealed();
    expect(await auditRecords(sourceOf(objects), ask(question))).toMatchObject(expected);
  });

  test('of a period is no less whole for what is wrong before it', async () => {
    const { objects, records } = await makeSealed();
    await objects.deleteObject(recordKey(first(records, '2026-11-01').id));
    await cut(objects, ['2026-11-01']);
    const audit = await auditRecords(sourceOf(objects), ask({ since: '2026-11-03', until: '2026-11-03' }));
    expect(audit).toMatchObject({ outcome: 'whole', days: 1, records: 3 });
  });

  test('of a store without records or seals shows nothing, and so is not whole', async () => {
    const empty = createMemoryObjectStore();
    expect(await auditRecords(sourceOf(empty), ask())).toMatchObject({
      outcome: 'not whole',
      faults: [{ kind: 'seal' }],
    });
    await sealAt(empty, '2026-11-04T01:05:00Z');
    expect(await auditRecords(sourceOf(empty), ask())).toMatchObject({ outcome: 'whole', days: 1, records: 0 });
  });

  test('of today counts what is not sealed yet, and takes a schedule its time', async () => {
    const { objects } = await makeSealed();
    await put(objects, recordAt('2026-11-04', 'today'));
    const today = { until: '2026-11-04', now: new Date('2026-11-05T01:30:00Z') };
    expect(await auditRecords(sourceOf(objects), ask(today))).toMatchObject({ outcome: 'whole', notYetSealed: 1 });
    const noon = { until: '2026-11-04', now: new Date('2026-11-05T02:30:00Z') };
    expect(faultsOf(await auditRecords(sourceOf(objects), ask(noon)))[0]).toEqual(['seal', '2026-11-04']);
  });
});

function isOf(day: string) {
  return ({ firstDecidedAt }: VerdictRecord): boolean => firstDecidedAt.startsWith(day);
}
