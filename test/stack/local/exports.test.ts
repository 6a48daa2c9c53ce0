import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../../support/fixture-releases.ts';
import { until } from '../../support/until.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
const run = promisify(execFile);
const signed = fixtureReleases.filter(({ expected }) => expected === 'accept');
const digests = signed.map(({ pullspec }) => pullspec.slice(pullspec.indexOf('@') + 1));

let work = '';
let data = '';
let url = '';
let service: ChildProcess;
let output = '';
const readOutput = (): string => output;

async function start(): Promise<void> {
  output = '';
  const args = ['--port', '0', '--data', data, '--trust', FIXTURE_TRUST, '--store', FIXTURE_STORE];
  service = spawn(process.execPath, [path.join(ROOT, 'local/main.ts'), ...args], { cwd: work });
  for (const stream of [service.stdout, service.stderr]) stream?.on('data', (text) => (output += String(text)));
  await until(async () => output.includes('ready at'), readOutput);
  url = /ready at (\S+)/.exec(output)?.[1] ?? '';
}

async function stop(signal: NodeJS.Signals): Promise<void> {
  const ended = once(service, 'exit');
  service.kill(signal);
  await ended;
}

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-exports-'));
  data = path.join(work, 'data');
  // The mirror holds what does not verify as well: whoever may write there may put it there.
  await mkdir(path.join(data, 'objects'), { recursive: true });
  await cp(FIXTURE_STORE, path.join(data, 'objects/signatures'), { recursive: true });
  await start();
});
afterAll(async () => {
  await stop('SIGTERM');
  await rm(work, { recursive: true });
});

const post = (route: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${url}${route}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

interface State {
  readonly state: string;
  readonly sha256: string;
  readonly size: number;
  readonly link: string;
  readonly counts: { readonly signatures: number };
}

async function readState(place: string): Promise<State> {
  return (await (await fetch(`${url}${place}`)).json()) as State;
}

async function makeBundle(body: object = {}): Promise<{ place: string; state: State; archive: Buffer }> {
  const place = (await post('/v1/bundles', body)).headers.get('location') ?? '';
  await until(async () => (await readState(place)).state !== 'queued', readOutput);
  const state = await readState(place);
  const response = await fetch(`${url}${state.link}`);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/gzip']);
  return { place, state, archive: Buffer.from(await response.arrayBuffer()) };
}

const signet = (...args: readonly string[]) =>
  run(process.execPath, [path.join(ROOT, 'cli/shell/main.ts'), ...args], { cwd: work });

test('ConfigMaps are of what verifies, the same as the command line renders', async () => {
  const response = await post('/v1/configmaps', {}, { accept: 'application/yaml' });
  expect([response.status, response.headers.get('signet-next')]).toEqual([200, null]);
  const text = await response.text();
  const objects = path.join(data, 'objects');
  const rendered = await signet('render', 'configmaps', '--from', objects, '--trust', FIXTURE_TRUST);
  expect(text).toBe(rendered.stdout);
  for (const digest of digests) expect(text).toContain(digest.replace(':', '-'));
  const refused = fixtureReleases.find(({ expected }) => expected === 'KeyUnknown')?.pullspec ?? '';
  expect(text).not.toContain(refused.slice(refused.indexOf('@') + 1).replace(':', '-'));
  expect(parseAllDocuments(text).length).toBeGreaterThan(0);
});

describe('a bundle of the service', () => {
  test('is the one that its state describes, and imports into an empty directory, where everything verifies', async () => {
    const { state, archive } = await makeBundle();
    expect(state).toMatchObject({ state: 'done', size: archive.length });
    expect(createHash('sha256').update(archive).digest('hex')).toBe(state.sha256);
    const file = path.join(work, 'bundle.tar.gz');
    await writeFile(file, archive);
    const site = path.join(work, 'site');
    await signet('bundle', 'import', file, '--to', site, '--trust', FIXTURE_TRUST);
    for (const { pullspec } of signed) {
      const { stdout } = await signet(
        'verify',
        pullspec,
        '--trust',
        FIXTURE_TRUST,
        '--store',
        path.join(site, 'signatures'),
      );
      expect(stdout).toMatch(/^accepted/);
    }
  });

  test('that follows another holds what is new alone', async () => {
    const first = await makeBundle();
    const id = first.place.split('/').at(-1);
    const second = await makeBundle({ since: id });
    expect([first.state.counts.signatures > 0, second.state.counts.signatures]).toEqual([true, 0]);
  });

  test('that was queued when the service was killed is made after the next start', async () => {
    const asked = await post('/v1/bundles', {});
    const place = asked.headers.get('location') ?? '';
    await stop('SIGKILL');
    await start();
    // A message that was taken before the kill is hidden for a while; whoever asks again need not wait for it.
    if ((await readState(place)).state === 'queued') {
      expect((await post('/v1/bundles', {})).headers.get('location')).toBe(place);
    }
    await until(async () => (await readState(place)).state === 'done', readOutput);
  });
});

describe('a download', () => {
  test.each([
    ['of no bundle', `/v1/bundles/${'0'.repeat(32)}/download`, 404],
    ['of a path', '/v1/bundles/..%2f..%2ftrust%2focp%2fcurrent/download', 400],
    ['of a folder of the service’s own', '/v1/bundles/asked/download', 400],
  ])('%s', async (_, place, status) => {
    expect((await fetch(`${url}${place}`)).status).toBe(status);
  });

  test('of a bundle that is not done', async () => {
    const id = 'f'.repeat(32);
    const directory = path.join(data, 'objects/bundles', id);
    await mkdir(directory, { recursive: true });
    await writeFile(path.join(directory, 'bundle.tar.gz'), 'half of it');
    expect((await fetch(`${url}/v1/bundles/${id}/download`)).status).toBe(404);
  });
});

test('the export queue is named for dead letters', async () => {
  const { queues } = JSON.parse(await readFile(path.join(data, 'queues.json'), 'utf8')) as {
    queues: Readonly<Record<string, { readonly deadLetterUrl: string }>>;
  };
  expect(queues['export']?.deadLetterUrl).toMatch(/\/export-dead$/);
});
