import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createDirectoryObjectStore } from '../../../lib/platform/objects/directory/directory-object-store.ts';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../../support/fixture-releases.ts';
import { runSignet } from '../../support/run-signet.ts';
import { startServer } from '../../support/servers/start-server.ts';

const MAIN = path.join(import.meta.dirname, '../../../cli/shell/main.ts');

test('a mirror sync that is killed at any point leaves whole signatures, and the next run the rest', async () => {
  const work = await mkdtemp(path.join(tmpdir(), 'signet-cli-killed-'));
  onTestFinished(() => rm(work, { recursive: true }));
  const [to, graph] = [path.join(work, 'killed'), path.join(work, 'graph.json')];
  const nodes = fixtureReleases.map(({ pullspec }, index) => ({
    version: `4.99.${index}`,
    payload: pullspec,
    metadata: {},
  }));
  await writeFile(graph, JSON.stringify({ nodes, edges: [], conditionalEdges: [] }));
  const answer = async (url: string): Promise<Buffer> => {
    await delay(30);
    return await readFile(path.join(FIXTURE_STORE, url)).catch(() => Buffer.alloc(0));
  };
  const slow = await startServer((request, response) => {
    void answer(request.url ?? '').then((bytes) => response.end(bytes));
  });
  onTestFinished(() => slow.close());
  const args = ['mirror', 'sync', '--trust', FIXTURE_TRUST, '--to', to, '--graph', graph, '--concurrency', '1'];
  const store = ['--store', slow.origin, '--allow-private-stores'];
  const child = spawn(process.execPath, [MAIN, ...args, ...store], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  while ((await readdir(path.join(to, 'signatures')).catch(() => [])).length < 1 && child.exitCode === null)
    await delay(5);
  child.kill('SIGKILL');
  await ended;
  // Some of the releases are not signed as they should be.
  const { status, stdout } = await runSignet([...args, '--store', FIXTURE_STORE, '-o', 'json']);
  expect([status, JSON.parse(stdout)]).toMatchObject([3, { failures: expect.any(Array) as unknown }]);
  const mirrored = await Array.fromAsync(createDirectoryObjectStore(to).listObjects('signatures/'));
  expect(mirrored).toHaveLength(fixtureReleases.filter(({ expected }) => expected === 'accept').length);
});
