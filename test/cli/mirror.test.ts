import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseDigest, toStoreSegment } from '../../lib/base/names/digest.ts';
import { MAX_AUDITED_BYTES } from '../../lib/mirror/audit/audit-slots.ts';
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
    // What is not signed was wanted too.
    expect([first.status, first.stderr]).toEqual([3, '']);
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

  test('an empty graph beside another is a wrong call, and nothing is written', async () => {
    const [to, empty] = [path.join(work, 'beside'), path.join(work, 'empty.json')];
    await writeFile(empty, JSON.stringify({ nodes: [], edges: [] }));
    const args = ['sync', '--trust', TRUST, '--to', to, '--graph', graph, '--graph', empty, '--store', FIXTURE_STORE];
    const { status, stderr } = await mirror(...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(`there is no release in ${empty}`)]);
    expect(await listMirrored(to)).toEqual([]);
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
    const again = await mirror(...args);
    expect([again.status, JSON.parse(again.stdout)]).toMatchObject([3, { outcomes: { indeterminate: 0 } }]);
  });

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

describe('what a sync does not find', () => {
  const [unsigned] = digests.filter(({ isGood }) => !isGood);
  const [held] = good;

  test('is named, with when it is looked up again and how it is now', async () => {
    const server = await startServer((_, response) => {
      response.writeHead(404).end();
    });
    servers.push(server);
    const to = path.join(work, 'named');
    const store = ['--store', server.origin, '--allow-private-stores'];
    const args = ['sync', '--trust', TRUST, '--to', to, '--graph', graph, ...store];
    const first = await mirror(...args);
    const version = `4.99.${digests.findIndex(({ digest }) => digest === unsigned?.digest)}`;
    expect(first.status).toBe(3);
    expect(first.stdout).toMatch(/looked up again at the time given, or now with --ask-now:/);
    expect(first.stdout).toMatch(
      new RegExp(`    ${unsigned?.digest}  ${version}  not signed, again from 20[0-9T:.-]+Z`),
    );
    const resting = await mirror(...args, '-o', 'json');
    expect([resting.status, JSON.parse(resting.stdout)]).toMatchObject([
      3,
      { schema: 1, resting: digests.length, missing: digests.map(({ digest }) => ({ digest, state: 'resting' })) },
    ]);
    const now = await mirror(...args, '--ask-now', '-o', 'json');
    expect([now.status, JSON.parse(now.stdout)]).toMatchObject([
      3,
      { resting: 0, outcomes: { absent: digests.length } },
    ]);
  });

  test('is nothing, where all that is wanted is held: exit 0, and a pullspec is taken for its digest', async () => {
    const to = path.join(work, 'pullspec');
    const args = ['sync', '--trust', TRUST, '--to', to, '--store', FIXTURE_STORE, '--digest', held?.pullspec ?? ''];
    expect((await mirror(...args)).status).toBe(0);
    expect(await listMirrored(to)).toHaveLength(1);
    const tagged = await mirror('sync', '--trust', TRUST, '--to', to, '--digest', 'quay.io/a/b:1');
    expect([tagged.status, tagged.stderr]).toEqual([2, expect.stringContaining('"quay.io/a/b:1" names no digest')]);
  });
});

describe('signet mirror list', () => {
  let to = '';
  beforeAll(async () => {
    to = path.join(work, 'listed');
    await mirror('sync', '--trust', TRUST, '--to', to, '--graph', graph, '--store', FIXTURE_STORE);
    await writeFile(
      path.join(to, 'signatures', toStoreSegment(good[0]?.digest ?? parseDigest('')), 'signature-2'),
      'x',
    );
  });

  test('names versions and architectures as the signatures do, and counts what verifies', async () => {
    const { status, stdout } = await mirror('list', '--to', to, '--trust', TRUST, '-o', 'json');
    const { releases } = JSON.parse(stdout) as { readonly releases: readonly Readonly<Record<string, unknown>>[] };
    expect([status, new Set(releases.map(({ digest }) => digest))]).toEqual([
      0,
      new Set(good.map(({ digest }) => digest)),
    ]);
    expect(releases.filter(({ digest }) => digest === good[0]?.digest)).toMatchObject([
      {
        version: '4.99.1',
        architecture: 'amd64',
        signatures: 2,
        verified: 1,
        signedAt: expect.stringMatching(/Z$/) as string,
        heldAt: expect.stringMatching(/Z$/) as string,
      },
    ]);
    const text = await mirror('list', '--to', to, '--trust', TRUST);
    expect(text.stdout).toMatch(
      /\nVERSION +ARCHITECTURE +DIGEST +SIGNATURES +SIGNED +HELD SINCE\n(?:.*\n)*4\.99\.1 +amd64 +sha256:.* +1 of 2 verify +20/,
    );
  });

  test('an object too long to be read is a signature that does not verify, and hides nothing', async () => {
    const other = path.join(work, 'listed-long');
    await cp(to, other, { recursive: true });
    const folder = path.join(other, 'signatures', toStoreSegment(good[0]?.digest ?? parseDigest('')));
    await writeFile(path.join(folder, 'signature-9'), Buffer.alloc(MAX_AUDITED_BYTES + 1));
    const { status, stdout } = await mirror('list', '--to', other, '--trust', TRUST, '-o', 'json');
    const { releases } = JSON.parse(stdout) as { readonly releases: readonly Readonly<Record<string, unknown>>[] };
    expect([status, releases.find(({ digest }) => digest === good[0]?.digest)]).toMatchObject([
      0,
      { version: '4.99.1', signatures: 3, verified: 1 },
    ]);
    expect(new Set(releases.map(({ digest }) => digest))).toEqual(new Set(good.map(({ digest }) => digest)));
    const store = path.join(other, 'signatures');
    expect((await runSignet(['verify', '4.99.1', '--trust', TRUST, '--store', store])).status).toBe(0);
  });

  test.each<[name: string, more: readonly string[], status: number, count: number]>([
    ['a version', ['--release', '4.99.1'], 0, 1],
    ['every version of a minor', ['--release', '4.99', '--arch', 'x86_64'], 0, 1],
    ['a version that is not held', ['--release', '4.1.1'], 1, 0],
    ['another architecture', ['--release', '4.99.1', '--arch', 's390x'], 1, 0],
    ['one of two architectures', ['--release', '4.99.1', '--arch', 'x86_64', '--arch', 's390x'], 1, 1],
    ['one of two versions', ['--release', '4.99.1', '--release', '4.1.1'], 1, 1],
    ['an architecture of which nothing is held', ['--arch', 's390x'], 0, 0],
  ])('%s', async (_, more, status, atLeast) => {
    const run = await mirror('list', '--to', to, '--trust', TRUST, ...more, '-o', 'json');
    expect(run.status).toBe(status);
    const { releases } = JSON.parse(run.stdout) as { readonly releases: readonly unknown[] };
    expect(releases.length >= atLeast && (atLeast > 0 || releases.length === 0)).toBe(true);
  });
});

describe('what is no file in the folder of a mirror hides nothing else', () => {
  const BAD = parseDigest(`sha256:${'0'.repeat(64)}`);
  const makeMirror = async (name: string, make: (folder: string) => unknown): Promise<string> => {
    const to = path.join(work, name);
    await cp(FIXTURE_STORE, path.join(to, 'signatures'), { recursive: true });
    await make(path.join(to, 'signatures', toStoreSegment(BAD)));
    return to;
  };
  const KINDS: [name: string, make: (folder: string) => unknown, location: string][] = [
    [
      'a FIFO in place of a signature',
      async (folder) => {
        await mkdir(folder);
        spawnSync('mkfifo', [path.join(folder, 'signature-1')]);
      },
      '/signature-1',
    ],
    [
      'a link in place of a signature',
      async (folder) => {
        await mkdir(folder);
        await symlink('/etc/hostname', path.join(folder, 'signature-1'));
      },
      '/signature-1',
    ],
    ['a link in place of a folder', (folder) => symlink('/etc', folder), ''],
    ['a link to nothing', (folder) => symlink('/nowhere', folder), ''],
    ['a FIFO in place of a folder', (folder) => spawnSync('mkfifo', [folder]), ''],
  ];

  test.each(KINDS)('%s: audit, list and bundle name it, do the rest, and end with 3', async (name, make, location) => {
    const to = await makeMirror(name.replaceAll(' ', '-'), make);
    const key = `signatures/${toStoreSegment(BAD)}${location}`;
    const audited = await mirror('audit', '--trust', TRUST, '--to', to, '-o', 'json');
    expect(audited.stdout, audited.stderr).toContain('"unaudited"');
    const summary = JSON.parse(audited.stdout) as { held: number; unaudited: { digest: string; reason: string }[] };
    expect([summary.held, summary.unaudited.map(({ digest }) => digest)]).toEqual([good.length, [BAD]]);

    const listed = await mirror('list', '--trust', TRUST, '--to', to);
    for (const { digest } of good) expect(listed.stdout, listed.stderr).toContain(digest);
    if (location !== '') expect([listed.status, listed.stdout]).toEqual([3, expect.stringContaining('not read: ')]);

    const file = path.join(work, `${path.basename(to)}.tar.gz`);
    const bundled = await runSignet(['bundle', 'create', file, '--from', to, '--trust', TRUST]);
    expect([bundled.status, bundled.stderr]).toEqual([3, '']);
    expect(bundled.stdout).toMatch(/signatures {2}[1-9]/);
    expect(bundled.stdout).toContain(`left out    directory ${to}/${key}`);

    const wanted = ['--digest', BAD, '--digest', good[0]?.digest ?? ''];
    const synced = await mirror('sync', '--trust', TRUST, '--store', FIXTURE_STORE, '--to', to, ...wanted);
    expect([synced.status, synced.stdout]).toEqual([3, expect.stringContaining(BAD)]);

    const rendered = await runSignet(['render', 'configmaps', '--from', to, '--trust', TRUST]);
    // Rendered without it, a ConfigMap would take it away from clusters.
    if (location !== '') expect([rendered.status, rendered.stdout]).toEqual([3, '']);
  });
});

describe('a folder that is no store is a wrong call, and no rejection', () => {
  beforeAll(async () => {
    await mkdir(path.join(work, 'nothing'));
    await mkdir(path.join(work, 'other/files'), { recursive: true });
    await mkdir(path.join(work, 'parent'));
    await cp(FIXTURE_STORE, path.join(work, 'parent/signatures'), { recursive: true });
  });

  test.each<[name: string, folder: string, message: RegExp]>([
    ['an empty one', 'nothing', /nothing is empty: expected folders such as sha256=<hex> in it/],
    ['one with other files', 'other', /other holds no signatures/],
    ['a mirror', 'parent', /parent holds a mirror: did you mean \S+parent\/signatures\?/],
  ])('%s', async (_, folder, message) => {
    const args = ['verify', good[0]?.pullspec ?? '', '--trust', TRUST, '--store', path.join(work, folder)];
    const { status, stdout, stderr } = await runSignet(args);
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringMatching(message)]);
  });

  test.each([
    ['mirror list', ['mirror', 'list', '--to']],
    ['mirror audit', ['mirror', 'audit', '--to']],
    ['mirror prune', ['mirror', 'prune', '--to']],
    ['mirror sync', ['mirror', 'sync', '--store', FIXTURE_STORE, '--digest', `sha256:${'0'.repeat(64)}`, '--to']],
    ['bundle create', ['bundle', 'create', path.join(work, 'none.tar.gz'), '--from']],
    ['render configmaps', ['render', 'configmaps', '--from']],
  ])('a mirror’s signatures as the mirror of %s', async (_, args) => {
    const folder = path.join(work, 'parent/signatures');
    const before = await readdir(folder);
    const { status, stderr } = await runSignet([...args, folder, '--trust', TRUST]);
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/signatures, and is no mirror: did you mean \S+parent\?/),
    ]);
    expect(await readdir(folder)).toEqual(before);
  });

  test.each(['list', 'audit', 'prune'])('an empty one as the mirror of mirror %s', async (verb) => {
    const { status, stderr } = await mirror(verb, '--trust', TRUST, '--to', path.join(work, 'nothing'));
    expect([status, stderr]).toEqual([2, expect.stringMatching(/nothing is empty: it holds no mirror/)]);
  });
});

test('a bucket is asked in its first region where none is named', async () => {
  const asked: string[] = [];
  const server = await startServer((request, response) => {
    asked.push(request.headers.authorization ?? '');
    response.setHeader('content-type', 'application/xml');
    response.end('<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated></ListBucketResult>');
  });
  servers.push(server);
  const keys = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_CONFIG_FILE: path.join(work, 'none') };
  const env = { ...keys, AWS_ENDPOINT_URL_S3: server.origin, AWS_SHARED_CREDENTIALS_FILE: path.join(work, 'none') };
  const args = ['mirror', 'list', '--trust', TRUST, '--to', 's3://bucket-of-nowhere/mirror'];
  const { status, stdout } = await runSignet(args, { env });
  expect([status, stdout]).toEqual([0, '0 digests, profile ocp\n']);
  expect(asked[0]).toContain('/us-east-1/s3/');
});

describe('a graph of a local update service', () => {
  const RELEASES = 'quay.io/openshift-release-dev/ocp-release';
  const LOCAL = 'mirror.example:5000/openshift/release-images';
  let local = '';
  let trust = '';
  beforeAll(async () => {
    local = path.join(work, 'local.json');
    trust = path.join(work, 'trust-local/ocp');
    const nodes = good.map(({ digest }, index) => ({ version: `4.99.${index}`, payload: `${LOCAL}@${digest}` }));
    await writeFile(local, JSON.stringify({ nodes }));
    await cp(path.join(TRUST, 'ocp'), trust, { recursive: true });
    await writeFile(
      path.join(trust, 'idms.yaml'),
      `apiVersion: config.openshift.io/v1\nkind: ImageDigestMirrorSet\nmetadata: {name: release}\nspec:\n  imageDigestMirrors:\n  - {source: ${RELEASES}, mirrors: [${LOCAL}]}\n`,
    );
  });

  test.each<[name: string, args: (to: string) => readonly string[], leads: RegExp]>([
    ['graph check', () => ['graph', 'check', local], /mirror of quay\.io.*, by the profile’s mirror sets/],
    [
      'mirror sync',
      (to) => ['mirror', 'sync', '--graph', local, '--to', to, '--store', FIXTURE_STORE],
      /completed with/,
    ],
    ['verify', () => ['verify', '4.99.0', '--graph', local, '--store', FIXTURE_STORE], /./],
  ])('%s leads its payloads back through the mirror sets of the profile', async (name, args, leads) => {
    const { stdout, stderr } = await runSignet([...args(path.join(work, `to ${name}`)), '--trust', trust]);
    expect([stdout, stderr]).toEqual([expect.stringMatching(leads), '']);
    expect(stdout).not.toContain('left out');
  });

  test.each<[name: string, args: (to: string) => readonly string[], status: number]>([
    ['graph check', () => ['graph', 'check', local], 1],
    ['mirror sync', (to) => ['mirror', 'sync', '--graph', local, '--to', to, '--store', FIXTURE_STORE], 3],
    ['report transition', () => ['report', 'transition', '--graph', local, '--store', FIXTURE_STORE], 3],
    ['mirror check', () => ['mirror', 'check', LOCAL, '--graph', local, '--store', FIXTURE_STORE], 3],
    ['verify', () => ['verify', '4.99.0', '--graph', local, '--store', FIXTURE_STORE], 3],
  ])('%s names graphAliases where nothing leads back, and is no success', async (name, args, status) => {
    const run = await runSignet([...args(path.join(work, `none ${name}`)), '--trust', TRUST]);
    expect(run.status).toBe(status);
    expect(run.stdout + run.stderr).toMatch(
      /nothing leads mirror\.example:5000\/openshift\/release-images back to quay\.io.*graphAliases/,
    );
    expect(run.stdout + run.stderr).not.toContain('there is no release');
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
    const long = path.join(to, 'signatures', toStoreSegment(good[0]?.digest ?? parseDigest('')), 'signature-2');
    await writeFile(long, Buffer.alloc(MAX_AUDITED_BYTES + 1));
    const unread = await mirror('audit', '--trust', TRUST, '--to', to);
    expect([unread.status, unread.stdout]).toEqual([1, expect.stringContaining('too long to be read, unchanged: ')]);
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
