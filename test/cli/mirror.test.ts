import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseDigest, toStoreSegment } from '../../lib/base/names/digest.ts';
import { createDirectoryObjectStore } from '../../lib/platform/objects/directory/directory-object-store.ts';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../support/fixture-releases.ts';
import { type Run, runSignet } from '../support/run-signet.ts';
import { startServer, type TestServer } from '../support/servers/start-server.ts';

const TRUST = path.join(FIXTURE_TRUST);
const digests = fixtureReleases.map(({ pullspec, expected }) => ({
  digest: parseDigest(pullspec.slice(pullspec.indexOf('@') + 1)),
  pullspec,
  isGood: expected === 'accept',
}));
const good = digests.filter(({ isGood }) => isGood);

function mirror(...args: readonly string[]): Promise<Run> {
  return runSignet(['mirror', ...args]);
}

let work = '';
let graph = '';
const servers: TestServer[] = [];
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-cli-mirror-'));
  graph = path.join(work, 'graph.json');
  const nodes = digests.map(({ pullspec }, index) => ({ version: `4.99.${index}`, payload: pullspec, metadata: {} }));
  const outside = { version: '4.98.0', payload: `example.com/evil/release@${digests[0]?.digest}`, metadata: {} };
  await writeFile(graph, JSON.stringify({ nodes: [...nodes, outside], edges: [], conditionalEdges: [] }));
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await rm(work, { recursive: true });
});

async function listMirrored(to: string): Promise<readonly string[]> {
  return (await Array.fromAsync(createDirectoryObjectStore(to).listObjects('signatures/'))).map(({ key }) => key);
}

describe('signet mirror sync', () => {
  test('copies what verifies of a graph, leaves out what is not canonical, and has nothing to do after', async () => {
    const to = path.join(work, 'whole');
    const args = ['sync', '--trust', TRUST, '--to', to, '--graph', graph, '--store', FIXTURE_STORE];
    const first = await mirror(...args);
    expect([first.status, first.stderr]).toEqual([0, '']);
    expect(first.stdout).toContain(`${good.length} completed with ${good.length} signatures`);
    expect(first.stdout).toContain('payloads outside the canonical repository, left out: 1');
    expect(first.stdout).toContain('example.com/evil/release  4.98.0');
    expect(await listMirrored(to)).toEqual(
      good.map(({ digest }) => `signatures/${toStoreSegment(digest)}/signature-1`).toSorted(),
    );
    const again = await mirror(...args, '-o', 'json');
    expect(JSON.parse(again.stdout)).toMatchObject({
      held: good.length,
      resting: 0,
      written: 0,
      outside: [{ repository: 'example.com/evil/release' }],
    });
  });

  test('takes single digests, and says on standard error how far it is when that is no terminal', async () => {
    const to = path.join(work, 'single');
    const [one] = good;
    const args = ['sync', '--trust', TRUST, '--to', to, '--store', FIXTURE_STORE, '--digest', one?.digest ?? ''];
    const { status, stdout } = await mirror(...args, '-o', 'json');
    expect([status, JSON.parse(stdout)]).toMatchObject([0, { wanted: 1, written: 1, outcomes: { complete: 1 } }]);
  });

  test('ends with 3 when a store failed that could have held something, and completes in the next run', async () => {
    let isDown = true;
    const server = await startServer((_, response) => {
      response.writeHead(isDown ? 503 : 404).end();
    });
    servers.push(server);
    const to = path.join(work, 'down');
    const store = ['--store', FIXTURE_STORE, '--store', server.origin, '--allow-private-stores'];
    const args = ['sync', '--trust', TRUST, '--to', to, '--graph', graph, ...store, '-o', 'json'];
    const { status, stdout } = await mirror(...args);
    const bad = digests.length - good.length;
    expect([status, JSON.parse(stdout)]).toMatchObject([
      3,
      { outcomes: { complete: good.length, indeterminate: bad } },
    ]);
    isDown = false;
    expect((await mirror(...args)).status).toBe(0);
  }, 120_000);

  test.each([
    ['nothing to mirror', ['sync', '--trust', TRUST, '--to', 'x'], 2, 'name the releases'],
    ['no destination', ['sync', '--trust', TRUST, '--digest', 'x'], 2, '--to'],
    ['no digest', ['sync', '--trust', TRUST, '--to', 'x', '--digest', 'sha256:0'], 2, 'is not a digest'],
    ['a concurrency of 0', ['sync', '--trust', TRUST, '--to', 'x', '--concurrency', '0'], 2, 'from 1 to 256'],
    ['a graph that is not there', ['sync', '--trust', TRUST, '--to', 'x', '--graph', 'none.json'], 2, 'none.json'],
    ['another scheme', ['sync', '--trust', TRUST, '--to', 'ftp://x', '--digest', digests[0]?.digest ?? ''], 2, 'ftp'],
  ])('%s', async (_, args, status, said) => {
    const result = await mirror(...args);
    expect([result.status, result.stdout]).toEqual([status, '']);
    expect(result.stderr).toContain(said);
    expect(result.stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
  });
});

describe('signet mirror audit and prune', () => {
  async function makeMirror(name: string): Promise<string> {
    const to = path.join(work, name);
    for (const { digest } of good) {
      const folder = path.join(to, 'signatures', toStoreSegment(digest));
      await mkdir(folder, { recursive: true });
      await cp(path.join(FIXTURE_STORE, toStoreSegment(digest), 'signature-1'), path.join(folder, 'signature-2'));
      await writeFile(path.join(folder, 'signature-1'), 'junk');
    }
    return to;
  }

  test('an audit says what does not verify and changes nothing; a prune takes it out and closes the gap', async () => {
    const to = await makeMirror('audited');
    const before = await listMirrored(to);
    const audited = await mirror('audit', '--trust', TRUST, '--to', to);
    expect(audited.status).toBe(1);
    expect(audited.stdout).toContain(`${good.length} would be quarantined`);
    expect(await listMirrored(to)).toEqual(before);
    const dry = await mirror('prune', '--trust', TRUST, '--to', to, '--dry-run', '-o', 'json');
    expect([dry.status, JSON.parse(dry.stdout)]).toMatchObject([0, { dryRun: true, held: good.length }]);
    expect(await listMirrored(to)).toEqual(before);
    expect((await mirror('prune', '--trust', TRUST, '--to', to)).status).toBe(0);
    expect(await listMirrored(to)).toEqual(
      good.map(({ digest }) => `signatures/${toStoreSegment(digest)}/signature-1`).toSorted(),
    );
    const whole = await mirror('audit', '--trust', TRUST, '--to', to, '-o', 'json');
    expect([whole.status, JSON.parse(whole.stdout)]).toMatchObject([0, { quarantined: [], held: good.length }]);
  });

  test('a prune waits for no other audit: it says that there is one', async () => {
    const to = await makeMirror('leased');
    const leasedUntil = new Date(Date.now() + 60_000).toISOString();
    const since = '2026-11-22T00:00:00.000Z';
    const state = {
      schema: 1,
      phase: 'mirror',
      revisions: {},
      profiles: [],
      startedAt: since,
      fullAt: since,
      settling: [],
    };
    await createDirectoryObjectStore(to).createObject(
      'reverify/state.json',
      Buffer.from(JSON.stringify({ ...state, leasedUntil })),
    );
    const { status, stderr } = await mirror('prune', '--trust', TRUST, '--to', to);
    expect([status, stderr]).toEqual([3, expect.stringContaining('another audit')]);
  });
});
