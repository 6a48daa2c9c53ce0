import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, watch, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FIXTURE_RELEASES, FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../support/fixture-releases.ts';
import { startServer, type TestServer } from '../support/servers/start-server.ts';

const MAIN = path.join(import.meta.dirname, '../../cli/shell/main.ts');
const INTERRUPTED = { status: 130, output: 'signet: interrupted\n' };
const TRUST = ['--trust', FIXTURE_TRUST];

let work = '';
const servers: TestServer[] = [];
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-cancel-'));
});
afterAll(async () => {
  for (const server of servers) await server.close();
  await rm(work, { recursive: true });
});

interface Call {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<{ readonly status: number | null; readonly output: string }>;
}

function start(...args: readonly string[]): Call {
  const env = { PATH: process.env['PATH'], NO_COLOR: '1', HOME: work, AWS_EC2_METADATA_DISABLED: 'true' };
  const child = spawn(process.execPath, [MAIN, ...args], { env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  return { child, ended: once(child, 'close').then(() => ({ status: child.exitCode, output })) };
}

async function listFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name))).toSorted();
}

/** Serves the signatures of the fixture releases, but for those of one digest, which it never answers. */
async function startStore(silent?: string): Promise<{ readonly url: string; readonly asked: Promise<unknown> }> {
  const asked = Promise.withResolvers<void>();
  const server = await startServer(({ url = '' }, response) => {
    if (silent !== undefined && url.includes(silent)) {
      asked.resolve();
      return;
    }
    const file = path.join(FIXTURE_STORE, url);
    const isThere = existsSync(file);
    response.writeHead(isThere ? 200 : 404).end(isThere ? readFileSync(file) : undefined);
  });
  servers.push(server);
  return { url: server.origin, asked: asked.promise };
}

describe('signet mirror sync', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s keeps whole signatures, and the next run does the rest',
    async (name) => {
      const accepted = fixtureReleases.filter(({ expected }) => expected === 'accept');
      const [first, second] = accepted.map(({ pullspec }) => pullspec.slice(pullspec.indexOf('@') + 1));
      if (first === undefined || second === undefined) throw new Error('the fixtures lack a release');
      const to = path.join(work, name);
      const silent = await startStore(second.replace(':', '='));
      const digests = ['--digest', first, '--digest', second];
      const sync = (store: string): Call =>
        start('mirror', 'sync', ...TRUST, '--to', to, ...digests, '--store', store, '--allow-private-stores');
      const { child, ended } = sync(silent.url);
      const held = path.join('signatures', first.replace(':', '='), 'signature-1');
      await silent.asked;
      while (!(await listFiles(to).catch((): string[] => [])).includes(held)) await delay(20);
      child.kill(name);
      expect(await ended).toEqual(INTERRUPTED);
      expect(await listFiles(to)).toEqual([held]);
      expect(await readFile(path.join(to, held))).toEqual(await readFile(path.join(FIXTURE_RELEASES, held)));
      const { url } = await startStore();
      expect((await sync(url).ended).status).toBe(0);
      expect(await listFiles(path.join(to, 'signatures'))).toHaveLength(2);
    },
  );
});

describe('signet bundle create', () => {
  test('SIGINT leaves the earlier bundle, and no other file', async () => {
    const mirror = path.join(work, 'mirror');
    await cp(FIXTURE_STORE, path.join(mirror, 'signatures'), { recursive: true });
    // Enough to read that the signal comes while the bundle is being made.
    for (let count = 0; count < 2000; count += 1) {
      const folder = path.join(mirror, `signatures/sha256=${count.toString(16).padStart(64, '0')}`);
      await mkdir(folder);
      await writeFile(path.join(folder, 'signature-1'), 'no signature');
    }
    const out = path.join(work, 'out');
    await mkdir(out);
    await writeFile(path.join(out, 'bundle.tar.gz'), 'the earlier one');
    const stop = new AbortController();
    const changes = watch(out, { signal: stop.signal });
    const { child, ended } = start('bundle', 'create', path.join(out, 'bundle.tar.gz'), '--from', mirror, ...TRUST);
    for await (const { filename } of changes) if (filename?.endsWith('.part') === true) break;
    child.kill('SIGINT');
    expect(await ended).toEqual(INTERRUPTED);
    expect(await listFiles(out)).toEqual(['bundle.tar.gz']);
    expect(await readFile(path.join(out, 'bundle.tar.gz'), 'utf8')).toBe('the earlier one');
  });
});

test('a second SIGINT ends a call that goes on after the first', async () => {
  const asked = Promise.withResolvers<void>();
  const queues = await startServer(() => asked.resolve());
  servers.push(queues);
  const url = `${queues.origin}/000000000000`;
  const { child, ended } = start('dlq', 'redrive', `${url}/dead`, '--to', `${url}/alive`);
  await asked.promise;
  const signals = setInterval(() => child.kill('SIGINT'), 100);
  expect(await ended).toEqual(INTERRUPTED);
  clearInterval(signals);
});

test('SIGINT while standard input is read', async () => {
  const { child, ended } = start('explain', '-');
  // More than a pipe holds: it is written once the command reads.
  await new Promise((resolve) => child.stdin.write(' '.repeat(256 * 1024), resolve));
  child.kill('SIGINT');
  expect(await ended).toEqual(INTERRUPTED);
});

test('a reader that stops before the call is done gets no status of a verdict', async () => {
  const [accepted, other] = fixtureReleases.filter(({ expected }) => expected === 'accept');
  const rejected = fixtureReleases.find(({ expected }) => expected === 'SignatureInvalid');
  if (accepted === undefined || other === undefined || rejected === undefined) throw new Error('a release is missing');
  const isClosed = Promise.withResolvers<void>();
  // What the second line is about is served once nobody reads it; what the third is about, never.
  const server = await startServer(({ url = '' }, response) => {
    if (url.includes(toFolder(other.pullspec))) return;
    const file = path.join(FIXTURE_STORE, url);
    const isThere = existsSync(file);
    const answer = (): void => {
      response.writeHead(isThere ? 200 : 404).end(isThere ? readFileSync(file) : undefined);
    };
    if (url.includes(toFolder(rejected.pullspec))) void isClosed.promise.then(answer);
    else answer();
  });
  servers.push(server);
  const pullspecs = [accepted, rejected, other].map(({ pullspec }) => pullspec);
  const { child, ended } = start('verify', ...pullspecs, ...TRUST, '--store', server.origin, '--allow-private-stores');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  child.stdout.destroy();
  isClosed.resolve();
  expect(String(line)).toMatch(/^accepted /);
  expect(await ended).toEqual({ status: 141, output: String(line) });
});

function toFolder(pullspec: string): string {
  return pullspec.slice(pullspec.indexOf('@') + 1).replace(':', '=');
}
