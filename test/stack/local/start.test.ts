import { type ChildProcess, spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { FIXTURE_TRUST } from '../../support/fixture-releases.ts';

const MAIN = path.join(import.meta.dirname, '../../../local/main.ts');
const PROFILE_WARNS = 'apiVersion: signet/v1\nkind: Profile\nmetadata: {name: ocp}\nspec: {mode: warn}\n';
let work = '';
const started: ChildProcess[] = [];
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-start-'));
  await writeFile(
    path.join(work, 'tokens'),
    `reader:${hash('sha256', 'read')}\noperator:${hash('sha256', 'operate')}\n`,
  );
});
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await rm(work, { recursive: true });
});

test('stops when npm is gone', async () => {
  const script = '"$0" "$1" --port 0 --data "$2"; true';
  const shell = spawn('sh', ['-c', script, process.execPath, MAIN, path.join(work, 'data')], {
    cwd: work,
    env: { PATH: process.env['PATH'] ?? '', npm_lifecycle_event: 'start' },
  });
  let output = '';
  const ready = new Promise<void>((resolve) => {
    shell.stderr.on('data', (text) => {
      output += String(text);
      if (output.includes('ready at')) resolve();
    });
  });
  // The service holds the shell's stderr open until it ends itself.
  const ended = once(shell.stderr, 'end');
  await ready;
  shell.kill('SIGTERM');
  await ended;
  expect(output).toMatch(/npm is gone: finishing what is under way …\nstopped\n$/);
});

/** Starts a service that stays, or ends by itself. */
async function start(...args: readonly string[]): Promise<{ readonly child: ChildProcess; readonly output: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: work });
  started.push(child);
  let output = '';
  const ended = once(child, 'close');
  const ready = new Promise<void>((resolve) => {
    child.stderr.on('data', (text) => {
      output += String(text);
      if (output.includes('ready at')) resolve();
    });
  });
  await Promise.race([ready, ended]);
  return { child, output };
}

const urlOf = ({ output }: { readonly output: string }): string => /ready at (\S+)/.exec(output)?.[1] ?? '';
const revisionAt = async (url: string): Promise<string> => {
  const { profiles } = (await (await fetch(`${url}/v1/trust`)).json()) as { profiles: { revision: string }[] };
  return profiles[0]?.revision ?? '';
};

async function trustFolder(name: string): Promise<string> {
  const folder = path.join(work, name);
  await cp(FIXTURE_TRUST, folder, { recursive: true });
  return folder;
}

test('a second start on one data folder is refused, and the trust of the running one stays', async () => {
  const data = path.join(work, 'shared');
  const [one, other] = [await trustFolder('one'), await trustFolder('other')];
  await writeFile(path.join(other, 'ocp', 'profile.yaml'), PROFILE_WARNS);
  const first = await start('--port', '0', '--data', data, '--trust', one);
  const before = await revisionAt(urlOf(first));
  expect(before).toMatch(/^[0-9a-f]{64}$/);
  const queues = await readFile(path.join(data, 'queues.json'), 'utf8');
  for (const port of ['0', new URL(urlOf(first)).port]) {
    const second = await start('--port', port, '--data', data, '--trust', other);
    expect([second.child.exitCode, second.output]).toEqual([
      2,
      expect.stringMatching(
        new RegExp(`^signet: --data \\S+ is in use by the service of process ${first.child.pid} at ${urlOf(first)}, `),
      ),
    ]);
  }
  // Longer than a revision is used unchecked.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(await revisionAt(urlOf(first))).toBe(before);
  expect(await readFile(path.join(data, 'queues.json'), 'utf8')).toBe(queues);
  // A killed one leaves nothing in the way.
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const third = await start('--port', '0', '--data', data, '--trust', other);
  expect(await revisionAt(urlOf(third))).not.toBe(before);
});

test('of two that start at the same moment on one data folder, one publishes', async () => {
  const data = path.join(work, 'at-once');
  const [one, other] = [await trustFolder('at-once-one'), await trustFolder('at-once-other')];
  await writeFile(path.join(other, 'ocp', 'profile.yaml'), PROFILE_WARNS);
  const both = await Promise.all([one, other].map((trust) => start('--port', '0', '--data', data, '--trust', trust)));
  const [ready] = both.filter(({ output }) => output.includes('ready at'));
  const [refused] = both.filter(({ output }) => output.includes('is in use by'));
  expect([ready?.child.exitCode, refused?.child.exitCode]).toEqual([null, 2]);
  const revisions = await readdir(path.join(data, 'objects/trust/ocp/revisions'));
  expect(revisions).toEqual([await revisionAt(urlOf(ready ?? { output: '' }))]);
});

test('elsewhere than on loopback, a token lets in, by its role', async () => {
  const options = [
    '--port',
    '0',
    '--host',
    '0.0.0.0',
    '--auth-token-file',
    'tokens',
    '--data',
    path.join(work, 'open-data'),
  ];
  const { output } = await start(...options, '--trust', await trustFolder('open'));
  const url = urlOf({ output }).replace('0.0.0.0', '127.0.0.1');
  const ask = async (asked: string, token = ''): Promise<number> => {
    const [method = '', route = ''] = asked.split(' ');
    const headers = {
      'content-type': 'application/json',
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
    };
    const answer = await fetch(`${url}${route}`, { method, headers, ...(method === 'POST' ? { body: '{}' } : {}) });
    await answer.body?.cancel();
    return answer.status;
  };
  const row = async (asked: string) => [asked, await ask(asked), await ask(asked, 'read'), await ask(asked, 'operate')];
  expect(await Promise.all(['GET /healthz', 'GET /v1/verdicts', 'POST /v1/bundles', 'GET /metrics'].map(row))).toEqual([
    ['GET /healthz', 200, 200, 200],
    ['GET /v1/verdicts', 401, 200, 200],
    ['POST /v1/bundles', 401, 403, 202],
    ['GET /metrics', 401, 200, 200],
  ]);
  expect(await ask(`GET /signatures/sha256=${'0'.repeat(64)}/signature-1`)).toBe(404);
  // A token that is taken out of the file ends within seconds.
  await writeFile(path.join(work, 'tokens'), `reader:${hash('sha256', 'read')}\n`);
  await vi.waitFor(async () => expect(await ask('GET /v1/verdicts', 'operate')).toBe(401), {
    timeout: 90_000,
    interval: 500,
  });
});

test('elsewhere, without a file of tokens, nobody may ask what needs a role, and the log says so', async () => {
  const options = ['--port', '0', '--host', '0.0.0.0', '--data', path.join(work, 'shut-data')];
  const { output } = await start(...options, '--trust', await trustFolder('shut'));
  const url = urlOf({ output }).replace('0.0.0.0', '127.0.0.1');
  const ask = async (route: string, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(`${url}${route}`, { headers });
    return [answer.status, await answer.text()];
  };
  expect(await ask('/healthz')).toEqual([200, expect.anything()]);
  expect(await ask(`/signatures/sha256=${'0'.repeat(64)}/signature-1`)).toEqual([404, expect.anything()]);
  for (const headers of [{}, { authorization: 'Bearer read' }]) {
    const [status, text] = await ask('/v1/verdicts', headers);
    expect([status, text]).toEqual([401, expect.stringContaining('without --auth-token-file')]);
  }
  expect(output).toContain('nobody may ask what needs a role');
});

test('where the port is taken, nothing is published and no queue is made', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const data = path.join(work, 'unused');
  const { child, output } = await start('--port', String(port), '--data', data, '--trust', await trustFolder('third'));
  expect([child.exitCode, output]).toEqual([2, expect.stringMatching(/^signet: listen EADDRINUSE.*--port\n$/)]);
  expect((await readdir(data)).toSorted()).toEqual(['service.json', 'service.lock']);
  taken.close();
});

test.each<[string, readonly string[], RegExp]>([
  ['a data folder that cannot be', ['--data', '/dev/null/x'], /^signet: --data \/dev\/null\/x: .*\n$/],
  ['a store of another scheme', ['--store', 'ftp://user:secret@x/y'], /^signet: --store ftp:\/\/…: .*https:\/\/.*\n$/],
  [
    'a store directory that is not there',
    ['--store', '/no/such'],
    /^signet: --store \/no\/such is not a directory.*\n$/,
  ],
  [
    'a host that is none',
    ['--host', '192.0.2.1', '--auth-token-file', 'tokens'],
    /^signet: --host 192\.0\.2\.1: listen EADDRNOTAVAIL.*\n$/,
  ],
  [
    'tokens that are not there',
    ['--auth-token-file', 'none'],
    /^signet: --auth-token-file: .*none cannot be read: no such file or directory\n$/,
  ],
])('%s is exit 2 in one line', async (_, args, message) => {
  const child = spawn(process.execPath, [MAIN, '--port', '0', '--data', path.join(work, 'x'), ...args], { cwd: work });
  let stderr = '';
  child.stderr.on('data', (text) => (stderr += String(text)));
  await once(child, 'close');
  expect([child.exitCode, stderr]).toEqual([2, expect.stringMatching(message)]);
});
