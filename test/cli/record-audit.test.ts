import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createHandler } from '../../functions/read-records/handler.ts';
import { createDirectoryObjectStore } from '../../lib/platform/objects/directory/directory-object-store.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { attestationKey, attestRecord } from '../../lib/verdict/attest/attest-record.ts';
import { indexRecord } from '../../lib/verdict/records/decision-row.ts';
import { recordKey, type VerdictRecord } from '../../lib/verdict/records/verdict-record.ts';
import { addDays, toDay } from '../../lib/verdict/seals/seal.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { toHttpEvent } from '../support/http-event.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';
import { runSignet } from '../support/run-signet.ts';
import { startServer, type TestServer } from '../support/servers/start-server.ts';
import { confirmed, makeKey, recordOfRelease, toStored } from '../verdict/attest/attest-setup.ts';
import { key, put, recordAt, sealAt } from '../verdict/seals/seal-setup.ts';

/** Four days before the present one, whatever that is. */
const START = addDays(toDay(Date.now()), -4);

let scratch = '';
let folder = '';
let objects: ObjectStore;
let server: TestServer;
let records: readonly VerdictRecord[] = [];

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'signet-audit-'));
  await writeFile(path.join(scratch, 'key.pub'), key.publicPem);
  await writeFile(path.join(scratch, 'other.pub'), makeKey().publicPem);
  server = await startServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const event = toHttpEvent({ method: 'GET', path: url.pathname, query: Object.fromEntries(url.searchParams) });
    const handler = createHandler({
      trust: createTrustSource(objects, ['ocp'], () => new Date()),
      objects,
      queues: [],
      telemetry: createKeptTelemetry(),
      now: () => new Date(),
    });
    handler(event, createLocalContext('read-records')).then(
      ({ statusCode = 500, body = '' }) => response.writeHead(statusCode).end(body),
      () => response.writeHead(500).end(),
    );
  });
});
afterAll(async () => {
  await server.close();
  await rm(scratch, { recursive: true, force: true });
});

/** Two days of records, each sealed in time, and the days since without any. */
beforeEach(async () => {
  folder = await mkdtemp(path.join(scratch, 'store-'));
  objects = createDirectoryObjectStore(folder);
  records = [0, 1, 2, 3].map((index) => recordAt(addDays(START, index % 2), `r${index}`));
  for (const at of [0, 1]) {
    const own = records.filter((_, index) => index % 2 === at);
    await put(objects, ...own);
    for (const record of own) await indexRecord(objects, record);
    await sealAt(objects, `${addDays(START, at + 1)}T01:05:00.000Z`);
  }
  await sealAt(objects, new Date().toISOString());
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function audit(...args: readonly string[]) {
  const { status, stdout, stderr } = await runSignet(['record', 'audit', '--key', 'key.pub', ...args], {
    cwd: scratch,
  });
  return { status, output: stdout + stderr };
}

const places = [
  ['a folder', () => folder],
  ['the API', () => server.origin],
] as const;

describe.each(places)('signet record audit --from %s', (_, place) => {
  test('proves a period whole, exit 0', async () => {
    const { status, output } = await audit('--from', place(), '-o', 'json');
    expect({ status, result: JSON.parse(output) as unknown }).toMatchObject({
      status: 0,
      result: { outcome: 'whole', records: 4, faults: [], late: [], notYetSealed: 0, until: toDay(Date.now()) },
    });
  });

  test('names a record that was removed from a day, exit 1', async () => {
    const { id } = records[2] ?? { id: '' };
    await objects.deleteObject(recordKey(id));
    const { status, output } = await audit('--from', place());
    expect(status).toBe(1);
    expect(output).toContain('not whole  ');
    expect(output).toContain(`  deleted  ${START}  ${id}: it was sealed, and is gone\n`);
    // A day that it is not of is whole.
    const day = ['--since', addDays(START, 1), '--until', addDays(START, 2)];
    expect((await audit('--from', place(), ...day)).status).toBe(0);
  });

  test('names a record that was altered, and one that was added after its day was sealed, exit 1', async () => {
    const [altered] = records;
    const added = recordAt(START, 'added');
    await objects.deleteObject(recordKey(altered?.id ?? ''));
    await objects.createObject(recordKey(altered?.id ?? ''), Buffer.from(`${JSON.stringify(altered)} \n`));
    await put(objects, added);
    await indexRecord(objects, added);
    const { status, output } = await audit('--from', place());
    expect(status).toBe(1);
    expect(output).toContain(`  altered  ${START}  ${altered?.id ?? ''}: `);
    expect(output).toContain(`  unsealed  ${START}  ${added.id}: `);
  });

  test('counts no seal by another key, exit 1', async () => {
    const { status, stdout } = await runSignet(['record', 'audit', '--key', 'other.pub', '--from', place()], {
      cwd: scratch,
    });
    expect(status).toBe(1);
    expect(stdout).toContain(`  forged  ${START}  seals/${START}/0001.json: `);
  });

  test('knows a root that was kept, and misses one that is in the chain no more', async () => {
    const { output } = await audit('--from', place(), '-o', 'json');
    const { root } = JSON.parse(output) as { readonly root: string };
    expect((await audit('--from', place(), '--expect-root', root)).status).toBe(0);
    const gone = await audit('--from', place(), '--expect-root', 'a'.repeat(64));
    expect(gone).toMatchObject({ status: 1, output: expect.stringContaining('no seal has the root aaaa') as string });
  });
});

describe('signet record audit', () => {
  test('tells of what came late, and fails only if it is told to', async () => {
    const late = recordAt(START, 'late');
    const store = createDirectoryObjectStore(path.join(folder, 'late'));
    await sealAt(store, `${addDays(START, 1)}T01:05:00.000Z`);
    await put(store, late);
    await sealAt(store, new Date().toISOString());
    const place = ['--from', path.join(folder, 'late')];
    const told = await audit(...place);
    expect(told).toMatchObject({
      status: 0,
      output: expect.stringContaining(`  late  ${START}  ${late.id}`) as string,
    });
    expect((await audit(...place, '--fail-on-late')).status).toBe(1);
  });

  test.each<[name: string, args: readonly string[], said: string]>([
    ['no place', [], "required option '--from <place>'"],
    ['no day', ['--from', '.', '--since', '2026-02-30'], '--since: "2026-02-30" is not a day'],
    ['a time', ['--from', '.', '--until', '2026-02-01T00:00Z'], 'is not a day'],
    ['days in the wrong order', ['--from', '.', '--since', '2026-02-02', '--until', '2026-02-02'], 'is not before'],
    ['no root', ['--from', '.', '--expect-root', 'abc'], '--expect-root: "abc" is not 64 hex digits'],
  ])('is a wrong call, exit 2: %s', async (_, args, said) => {
    expect(await audit(...args)).toMatchObject({ status: 2, output: expect.stringContaining(said) as string });
  });

  test('needs a key, exit 2', async () => {
    const { status, stderr } = await runSignet(['record', 'audit', '--from', folder], { cwd: scratch });
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining('with --key') as string });
  });

  test('says that a service does not answer, exit 3', async () => {
    const gone = await startServer((_, response) => response.writeHead(503).end());
    expect((await audit('--from', gone.origin)).status).toBe(3);
    await gone.close();
  });
});

describe('GET /v1/records', () => {
  async function get(at: string) {
    const response = await fetch(`${server.origin}/v1/records/${at}`);
    return { status: response.status, text: await response.text() };
  }

  test('gives a record byte for byte, and its attestation once there is one', async () => {
    const record = await recordOfRelease();
    const stored = toStored(record);
    await put(objects, record);
    expect(await get(`${record.id}/stored`)).toEqual({ status: 200, text: Buffer.from(stored.bytes).toString() });
    expect((await get(`${record.id}/attestation`)).status).toBe(404);
    const request = { objects, stored, form: 'svr', signer: key.signer, findFault: confirmed } as const;
    await attestRecord({ ...request, key: attestationKey(record.id, 'svr') });
    expect((await get(`${record.id}/attestation`)).text).toContain('application/vnd.in-toto+json');
    const printed = await runSignet(['record', 'attest', record.id, '--from', server.origin, '--key', 'key.pub'], {
      cwd: scratch,
    });
    expect(printed).toMatchObject({ status: 0, stdout: (await get(`${record.id}/attestation`)).text });
  });

  test.each<[at: string, status: number, said: string]>([
    [`${'a'.repeat(64)}/stored`, 404, 'no such record'],
    [`${'a'.repeat(64)}/attestation?form=slsa`, 400, 'form: expected svr or vsa'],
    [`${'a'.repeat(64)}/attestation?from=svr`, 400, 'unknown parameter \\"from\\"'],
    ['seals?after=abc', 400, 'after: it is not the next of a page before'],
    ['seals?limit=1', 400, 'unknown parameter \\"limit\\"'],
    [`${'a'.repeat(64)}/seals`, 400, ''],
  ])('%s is answered with %i', async (at, status, said) => {
    const answer = await get(at);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(said);
  });
});
