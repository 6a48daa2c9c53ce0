import { beforeAll, describe, expect, test } from 'vitest';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { toCursor } from '../../../lib/platform/lambda/page-parameters.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { parseObjectKey } from '../../../lib/platform/objects/port/object-store.ts';
import { packPrefix, writePack } from '../../../lib/verdict/records/decision-packs.ts';
import { matchesFilter, parseDecisionQuery } from '../../../lib/verdict/records/decision-query.ts';
import {
  type DecisionRow,
  entryPrefix,
  formatRow,
  indexRecord,
  joinSegments,
  MAX_ROW_CHARS,
  parseRow,
  toDecisionRow,
} from '../../../lib/verdict/records/decision-row.ts';
import { type DecisionPage, listDecisions, MAX_SCANNED } from '../../../lib/verdict/records/list-decisions.ts';
import type { VerdictRecord } from '../../../lib/verdict/records/verdict-record.ts';
import { toPointerName } from '../../../lib/verdict/records/verdict-record.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { change, countRequests, fillIndex, listEntryKeys, manyRecord, sample, toEntryKey } from './decision-store.ts';

const TIME = '2026-01-01T00:00:00.000Z';

type Parameters = Readonly<Record<string, string>>;

const list = (objects: ObjectStore, parameters: Parameters = {}): Promise<DecisionPage> =>
  listDecisions(objects, parseDecisionQuery(parameters));

async function listAll(objects: ObjectStore, parameters: Parameters): Promise<readonly DecisionRow[]> {
  const rows: DecisionRow[] = [];
  let after: string | undefined;
  do {
    const page = await list(objects, { ...parameters, ...(after === undefined ? {} : { after }) });
    rows.push(...page.verdicts);
    after = page.next;
  } while (after !== undefined);
  return rows;
}

describe('a row', () => {
  const long = `registry.example.com/${'a'.repeat(100)}/${'b'.repeat(120)}`;
  const longPullspec = `${long}:${'t'.repeat(128)}@sha512:${'0'.repeat(128)}`;
  const caller = { cluster: 'prod/%.,', user: 'système:admin', note: '../..' };
  test.each<[string, VerdictRecord]>([
    ['a decision', sample],
    ['a push', change({ source: 'quay', registry: 'quay.io', repository: 'acme/x', tag: '1' }, {}, TIME)],
    ['one with a caller', change({ caller }, { forced: true }, TIME)],
    ['one of chosen platforms', change({}, { platforms: ['linux/s390x'] }, TIME)],
    ['one without a digest', change({}, { pullspec: 'quay.io/a/b:1', digest: undefined }, TIME)],
    ['the longest pullspec', change({}, { pullspec: longPullspec }, TIME)],
  ])('of %s is read from its keys', async (_, record) => {
    const keys = await listEntryKeys(record);
    expect(keys.length).toBeGreaterThan(2);
    for (const key of keys) {
      expect(() => parseObjectKey(key)).not.toThrow();
      const text = /\/([0-9]{13}-.*)$/.exec(key)?.[1] ?? '';
      expect(parseRow(joinSegments(text))).toEqual(toDecisionRow(record));
    }
  });

  test('that is too long leaves out who asked, and says so', async () => {
    const record = change(
      { caller: { user: 'u'.repeat(MAX_ROW_CHARS) } },
      { pullspec: longPullspec },
      sample.firstDecidedAt,
    );
    const { caller: _, ...rest } = toDecisionRow(record);
    for (const key of await listEntryKeys({ ...record, verdict: { ...record.verdict, profile: 'p'.repeat(63) } })) {
      expect(() => parseObjectKey(`${'x'.repeat(100)}/${key}`)).not.toThrow();
    }
    expect(parseRow(formatRow(record))).toEqual({ ...rest, codes: [], isCut: true });
    const chosen = { ...record, verdict: { ...record.verdict, platforms: ['linux/s390x'] } };
    expect(parseRow(formatRow(chosen))?.codes).toEqual(['PlatformsChosen']);
  });

  const name = toPointerName(sample);
  test.each([
    ['nothing', ''],
    ['a name alone', name],
    ['no flags', `${name}.,ocp,api,quay.io/a/b,,,`],
    ['another outcome', `${name}.x-e-,ocp,api,quay.io%2Fa%2Fb,,,`],
    ['no profile', `${name}.a-e-,,api,quay.io%2Fa%2Fb,,,`],
    ['a profile that is none', `${name}.a-e-,a%2Fb,api,quay.io%2Fa%2Fb,,,`],
    ['no pullspec', `${name}.a-e-,ocp,api,,,,`],
    ['a broken escape', `${name}.a-e-,ocp,api,%E0%A4%A,,,`],
    ['markup for a code', `${name}.a-e-,ocp,api,quay.io%2Fa%2Fb,,%3Cb%3E,`],
    ['a caller that is no JSON', `${name}.a-e-,ocp,api,quay.io%2Fa%2Fb,,,abc`],
    ['more members', `${name}.a-e-,ocp,api,quay.io%2Fa%2Fb,,,,`],
  ])('is not made of %s', (_, text) => {
    expect(parseRow(text)).toBeUndefined();
  });
});

describe('an index of 100,000 records', () => {
  const COUNT = 100_000;
  const held = createMemoryObjectStore();
  const newest = Array.from({ length: COUNT }, (_, index) => COUNT - 1 - index);
  beforeAll(async () => fillIndex(held, COUNT, 900), 120_000);

  test.each<[string, Parameters]>([
    ['all', {}],
    ['profile', { profile: 'okd' }],
    ['outcome', { outcome: 'indeterminate' }],
    ['forced', { forced: 'true' }],
    ['time alone', { since: '2026-01-15', until: '2026-03-01' }],
  ])('gives a page by %s in five requests, wherever it is', async (_, parameters) => {
    const { objects, requests } = countRequests(held);
    let after: string | undefined;
    for (const place of ['first', 'second', 'third']) {
      requests.count = 0;
      const page = await list(objects, { ...parameters, ...(after === undefined ? {} : { after }) });
      expect([place, page.verdicts.length]).toEqual([place, 100]);
      expect(requests.count).toBeLessThanOrEqual(5);
      after = page.next;
    }
    for (const until of ['2026-03-08T13:00:00Z', '2026-02-01', '2026-01-20T08:00:00Z']) {
      requests.count = 0;
      const page = await list(objects, { ...parameters, until });
      expect([until, page.verdicts.length]).toEqual([until, 100]);
      expect(requests.count).toBeLessThanOrEqual(5);
    }
  });

  test('lists everything once, newest first', async () => {
    const rows = await listAll(held, { until: '2026-01-10', forced: 'true' });
    const expected = newest
      .map(manyRecord)
      .filter(({ verdict, firstDecidedAt }) => verdict.forced && firstDecidedAt < '2026-01-10');
    expect(rows.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
  });

  test('looks at no more than 10,000 entries for a filter, and says how far it came', async () => {
    const { objects, requests } = countRequests(held);
    const nobody = { repository: 'quay.io/nobody/nothing' };
    const first = await list(objects, nobody);
    expect(first.verdicts).toEqual([]);
    const second = await list(objects, { ...nobody, after: first.next ?? '' });
    const scanned = newest.findIndex((index) => manyRecord(index).firstDecidedAt === second.scannedUntil);
    expect(scanned).toBeLessThanOrEqual(2 * MAX_SCANNED);
    expect(scanned).toBeGreaterThan(MAX_SCANNED);
    expect(requests.count).toBeLessThanOrEqual(2 * 25);
    expect(await listAll(held, { ...nobody, since: '2026-03-01' })).toEqual([]);
  });
});

describe('a small index', async () => {
  const objects = createMemoryObjectStore();
  const records = Array.from({ length: 300 }, (_, index) => manyRecord(index)).toReversed();
  for (const record of records) await indexRecord(objects, record);

  test.each<[string, Parameters]>([
    ['nothing', {}],
    ['profile', { profile: 'okd' }],
    ['outcome', { outcome: 'rejected' }],
    ['profile and outcome', { profile: 'ocp', outcome: 'accepted' }],
    ['forced', { forced: 'true' }],
    ['forced of a profile', { forced: 'true', profile: 'okd' }],
    ['not forced', { forced: 'false' }],
    ['source', { source: 'quay' }],
    ['repository', { repository: 'quay.io/openshift-release-dev/ocp-release' }],
    ['since', { since: '2026-01-01T02:00:00Z' }],
    ['until', { until: '2026-01-01T02:00:00.000Z' }],
    ['a time with an offset', { since: '2026-01-01T02:00:00+01:00', until: '2026-01-01T03:00:00+01:00' }],
    ['a profile that decided nothing', { profile: 'none' }],
    [
      'all of them',
      { profile: 'ocp', outcome: 'accepted', forced: 'false', source: 'api', since: '2026-01-01T01:00Z' },
    ],
  ])('by %s has what the records say, in pages of any size', async (_, parameters) => {
    const { filter } = parseDecisionQuery(parameters);
    const expected = records.map((record) => toDecisionRow(record)).filter((row) => matchesFilter(row, filter));
    expect(await listAll(objects, parameters)).toEqual(expected);
    expect(await listAll(objects, { ...parameters, limit: '7' })).toEqual(expected);
  });

  test('says that it is not complete before the first pass over the records', async () => {
    expect(await list(objects, { limit: '1' })).toMatchObject({ isIncomplete: true });
  });
});

describe('what somebody else put into the index', () => {
  const records = Array.from({ length: 1500 }, (_, index) => manyRecord(index)).toReversed();
  const texts = records.map((record) => formatRow(record));
  const packed = texts.slice(100);
  const bytes = new Uint8Array();
  const put = async (key: string, content = bytes) => {
    const objects = createMemoryObjectStore();
    for (const record of records.slice(0, 100)) await indexRecord(objects, record);
    await writePack(objects, 'all', packed, undefined);
    expect(await objects.createObject(key, content)).toBe(true);
    return objects;
  };
  const name = toPointerName(records[50] ?? sample);

  test.each<[string, string, string | undefined, RegExp]>([
    ['a name that sorts first', `${entryPrefix('all')}!`, undefined, /not the name of an entry/],
    ['a name that sorts last', `${entryPrefix('all')}zzz/..x/y`, undefined, /not the name of an entry/],
    ['an entry that is none', `${entryPrefix('all')}${name}`, undefined, /not an entry/],
    ['markup', `${entryPrefix('all')}${name}.<script>`, undefined, /not an entry/],
    [
      'another entry of a record',
      toEntryKey('all', (texts[50] ?? '').replace('.i', '.a')),
      undefined,
      /something else/,
    ],
    ['a pack that is none', `${packPrefix('all')}${name}`, '{}', /not as Signet writes it/],
    ['a pack of another version', `${packPrefix('all')}${name}`, '{"schema":2}', /update it/],
    ['a pack with the rows of another', `${packPrefix('all')}${name}`, '{"schema":1,"rows":["x"]}', /not those/],
    ['an empty pack', `${packPrefix('all')}${name}`, '{"schema":1,"rows":[]}', /not those/],
    ['a name among packs', `${packPrefix('all')}zz`, '{}', /not the name of a pack/],
  ])('hides nothing: %s', async (_, key, content, fault) => {
    const objects = await put(key, content === undefined ? bytes : Buffer.from(content));
    const shown = records.slice(0, 1500).map(({ id }) => id);
    const rows: string[] = [];
    const faults: string[] = [];
    let after: string | undefined;
    do {
      const page = await list(objects, after === undefined ? {} : { after });
      rows.push(...page.verdicts.map(({ id }) => id));
      faults.push(...(page.unreadable ?? []).map((one) => `${one.key} ${one.fault}`));
      after = page.next;
    } while (after !== undefined);
    expect(rows).toEqual(shown);
    expect(faults.join('\n')).toMatch(fault);
    expect(faults.join('\n')).toContain(key.slice(0, entryPrefix('all').length + name.length));
  });

  test('does not hold a page up: more strays than are looked at', async () => {
    const objects = await put(`${entryPrefix('all')}!`);
    for (let index = 0; index < 2500; index += 1) {
      await objects.createObject(`${entryPrefix('all')}!${String(index).padStart(5, '0')}`, bytes);
    }
    expect((await listAll(objects, {})).map(({ id }) => id)).toEqual(records.map(({ id }) => id));
    expect((await listAll(objects, { source: 'quay' })).length).toBe(
      records.filter(({ asked }) => asked.source === 'quay').length,
    );
  });
});

describe('a query', () => {
  test.each<[string, Parameters, string]>([
    ['an unknown filter', { digest: 'x' }, '"digest"'],
    ['a prototype’s name', { constructor: 'x' }, '"constructor"'],
    ['a profile', { profile: '../x' }, 'profile'],
    ['an empty profile', { profile: '' }, 'profile'],
    ['an outcome', { outcome: 'Accepted' }, 'outcome'],
    ['a repository', { repository: 'quay.io/A' }, 'repository'],
    ['a repository with a tag', { repository: 'quay.io/a/b:1' }, 'repository'],
    ['a time', { since: 'yesterday' }, 'since'],
    ['a day that is none', { since: '2026-02-31' }, 'since'],
    ['a time before 1970', { since: '1969-01-01' }, 'since'],
    ['a time after 2286', { until: '9999-01-01' }, 'until'],
    ['a time without its zone', { until: '2026-01-01T00:00:00' }, 'until'],
    ['nothing between', { since: '2026-01-02', until: '2026-01-02' }, 'since'],
    ['forced', { forced: 'yes' }, 'forced'],
    ['a source', { source: 'A B' }, 'source'],
    ['a limit of none', { limit: '0' }, 'limit'],
    ['a limit beyond', { limit: '101' }, 'limit'],
    ['a limit that is no number', { limit: '1e1' }, 'limit'],
    ['a cursor', { after: 'garbage' }, 'after'],
    ['an empty cursor', { after: '' }, 'after'],
    ['a cursor of text', { after: Buffer.from('8204694399999-x').toString('base64url') }, 'after'],
    ['a cursor of too much', { after: toCursor('x'.repeat(2000)) }, 'after'],
    ['a cursor with a control character', { after: toCursor('x\n') }, 'after'],
  ])('names the field of %s', (_, parameters, field) => {
    expect(() => parseDecisionQuery(parameters)).toThrow(InputError);
    expect(() => parseDecisionQuery(parameters)).toThrow(field);
  });
});
