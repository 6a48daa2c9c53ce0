import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDirectoryObjectStore } from '../../lib/platform/objects/directory/directory-object-store.ts';
import { publishTrust } from '../../lib/trust/publish/publish-trust.ts';
import { parseDecisionQuery } from '../../lib/verdict/records/decision-query.ts';
import { listDecisions } from '../../lib/verdict/records/list-decisions.ts';
import type { VerdictRecord } from '../../lib/verdict/records/verdict-record.ts';
import { recordKey } from '../../lib/verdict/records/verdict-record.ts';
import { toAsked, toRecord, writeRecord } from '../../lib/verdict/records/write-record.ts';
import { FIXTURE_TRUST, readFixtureDocuments, readFixtureTrust } from '../support/fixture-releases.ts';
import { runSignet } from '../support/run-signet.ts';
import { change } from '../verdict/records/decision-store.ts';
import { decide, GOOD } from '../verdict/records/sample-records.ts';

let scratch = '';
let objects = '';
let folder = '';
let api = '';
let server: Server;
let records: readonly VerdictRecord[];

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'record-list-'));
  objects = path.join(scratch, 'objects');
  folder = path.join(scratch, 'folder');
  await mkdir(folder);
  const store = createDirectoryObjectStore(objects);
  const trust = await readFixtureTrust();
  await publishTrust(store, trust.prepared, readFixtureDocuments());
  const rejected = toRecord(toAsked('api', GOOD), await decide({ by: trust }));
  const at = (hour: number) => `2026-11-0${hour}T10:00:00.000Z`;
  const forced = toRecord(toAsked('cli', GOOD), await decide({ by: trust, force: true }));
  const caller = { user: '=HYPERLINK("http://evil.example")', arn: 'arn:aws:iam::1:role/x' };
  const planted = change({ caller, tag: 'x' }, { forced: true }, at(3));
  records = [planted, forced, rejected];
  for (const record of records) {
    await writeRecord(store, record, async () => undefined);
    await writeFile(path.join(folder, `${record.id}.json`), JSON.stringify(record));
  }
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const answer = async () => listDecisions(store, parseDecisionQuery(Object.fromEntries(url.searchParams)));
    answer().then(
      (page) => response.end(JSON.stringify(page)),
      (error: unknown) => response.writeHead(400).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  api = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
});

afterAll(async () => {
  server.close();
  await rm(scratch, { recursive: true, force: true });
});

const idsOf = (stdout: string): readonly string[] =>
  (JSON.parse(stdout) as { verdicts: { id: string }[] }).verdicts.map(({ id }) => id);

describe('record list', () => {
  test.each([
    ['the API', () => api],
    ['an object store', () => objects],
    ['a folder of records', () => folder],
  ])('of %s has the same rows for the same filters', async (_, place) => {
    const sorted = records.toSorted((one, other) => (one.firstDecidedAt > other.firstDecidedAt ? -1 : 1));
    const all = await runSignet(['record', 'list', place(), '-o', 'json']);
    expect(new Set(idsOf(all.stdout))).toEqual(new Set(sorted.map(({ id }) => id)));
    expect(all.status).toBe(0);
    const forced = await runSignet(['record', 'list', place(), '--forced', 'true', '--source', 'cli', '-o', 'json']);
    expect(idsOf(forced.stdout)).toHaveLength(records.filter(({ verdict }) => verdict.forced).length);
    const one = await runSignet(['record', 'list', place(), '--limit', '1', '-o', 'json']);
    expect(idsOf(one.stdout)).toHaveLength(1);
    const table = await runSignet(['record', 'list', place(), '--outcome', 'accepted']);
    expect(table.stdout).toMatch(/^DECIDED +OUTCOME/);
    expect(table.stdout).toContain('accepted (FORCED)');
    const csv = await runSignet(['record', 'list', place(), '-o', 'csv']);
    expect(csv.stdout.split('\r\n')).toHaveLength(records.length + 1);
    const nothing = await runSignet(['record', 'list', place(), '--until', '2000-01-01']);
    expect(nothing.stdout).toBe('no decisions\n');
  });

  test.each([
    ['--outcome', 'yes', 'outcome'],
    ['--since', 'yesterday', 'since'],
    ['--forced', 'maybe', 'forced'],
  ])('refuses %s %s and names it', async (flag, value, field) => {
    const { status, stderr } = await runSignet(['record', 'list', objects, flag, value]);
    expect([status, stderr]).toEqual([2, expect.stringContaining(field)]);
  });

  test('says what is not there', async () => {
    const empty = path.join(scratch, 'empty');
    await mkdir(empty);
    const { status, stderr } = await runSignet(['record', 'list', empty]);
    expect([status, stderr]).toEqual([2, expect.stringContaining('no records')]);
  });
});

describe('record verify of many', () => {
  test.each([
    ['an object store', () => [objects]],
    ['a folder of records', () => [folder, '--objects', objects]],
    ['a folder of records, by documents', () => [folder, '--trust', FIXTURE_TRUST]],
  ])('sums up %s', async (_, place) => {
    const { status, stdout } = await runSignet(['record', 'verify', ...place(), '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ checked: 3, confirmed: 2 });
    expect(status).toBe(1);
  });

  test('sums up pages of the API, and compares rows with their records', async () => {
    const store = createDirectoryObjectStore(objects);
    const page = await listDecisions(store, parseDecisionQuery({ outcome: 'rejected', source: 'api' }));
    const file = path.join(scratch, 'page.json');
    await writeFile(file, JSON.stringify(page));
    const good = await runSignet(['record', 'verify', file, '--objects', objects]);
    expect([good.status, good.stdout]).toEqual([0, '1 record: 1 confirmed, 0 differ, 0 not checked\n']);
    await writeFile(file, JSON.stringify(page).replace('"outcome":"rejected"', '"outcome":"accepted"'));
    const lie = await runSignet(['record', 'verify', file, '--objects', objects]);
    expect([lie.status, lie.stdout]).toEqual([1, expect.stringContaining('something else than the record')]);
    await writeFile(file, JSON.stringify({ records: [records[2], { schema: 2 }] }));
    const both = await runSignet(['record', 'verify', file, '--objects', objects]);
    expect([both.status, both.stdout]).toEqual([1, expect.stringContaining('2 records: 1 confirmed')]);
    expect((await runSignet(['record', 'verify', file])).status).toBe(2);
  });

  test.each(['records', 'verdicts'])('a page without %s shows nothing', async (member) => {
    const file = path.join(scratch, 'nothing.json');
    await writeFile(file, JSON.stringify({ [member]: [] }));
    const { status, stdout, stderr } = await runSignet(['record', 'verify', file, '--objects', objects]);
    expect([status, stdout, stderr]).toEqual([2, '', 'signet: there are no records in it\n']);
  });

  test('names a record that is none, and checks the others', async () => {
    const store = createDirectoryObjectStore(objects);
    await store.createObject(recordKey('f'.repeat(64)), Buffer.from('{'));
    const { status, stdout } = await runSignet(['record', 'verify', objects]);
    expect([status, stdout]).toEqual([1, expect.stringContaining('4 records: 2 confirmed, ')]);
    expect(stdout).toContain('f'.repeat(64));
  });
});
