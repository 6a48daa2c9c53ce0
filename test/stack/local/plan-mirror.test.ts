import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../../support/fixture-releases.ts';
import { until } from '../../support/until.ts';

const MAIN = path.join(import.meta.dirname, '../../../local/main.ts');
const signed = fixtureReleases.filter(({ expected }) => expected === 'accept');
const payloads = signed.map(({ pullspec }) => pullspec);
const asked: string[] = [];
const graph = createServer((request, response) => {
  asked.push(request.url ?? '');
  const nodes = payloads.map((payload, index) => ({ version: `4.18.${index}`, payload, metadata: {} }));
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ nodes, edges: [] }));
});
let work = '';
let graphUrl = '';
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-plan-'));
  graph.listen(0, '127.0.0.1');
  await once(graph, 'listening');
  graphUrl = `http://127.0.0.1:${(graph.address() as AddressInfo).port}/graph`;
});
afterAll(async () => {
  graph.close();
  await rm(work, { recursive: true });
});

function start(args: readonly string[]) {
  const common = ['--port', '0', '--data', path.join(work, 'data'), '--trust', FIXTURE_TRUST, '--store', FIXTURE_STORE];
  const service = spawn(process.execPath, [MAIN, ...common, ...args], { cwd: work });
  let output = '';
  for (const stream of [service.stdout, service.stderr]) stream.on('data', (text) => (output += String(text)));
  return { service, readOutput: () => output };
}

test('--graph mirrors what the graph names, and again when the schedule says so', async () => {
  const args = ['--graph', `ocp=${graphUrl}`, '--graph-channel', 'stable-4.18', '--graph-arch', 'amd64'];
  const { service, readOutput } = start([...args, '--allow-private-stores']);
  const files = payloads.map((payload) => {
    const segment = payload.slice(payload.indexOf('@') + 1).replace(':', '=');
    return path.join(work, 'data/objects/signatures', segment, 'signature-1');
  });
  const isThere = async (file: string): Promise<boolean> =>
    await stat(file).then(
      () => true,
      () => false,
    );
  await until(async () => (await Promise.all(files.map(isThere))).every(Boolean), readOutput);
  expect(files.length).toBeGreaterThan(1);
  expect(asked[0]).toBe('/graph?channel=stable-4.18&arch=amd64');
  const url = /ready at (\S+)/.exec(readOutput())?.[1] ?? '';
  const answer = await fetch(`${url}/local/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      source: 'aws.events',
      'detail-type': 'Scheduled Event',
      resources: ['arn:aws:events:eu-central-1:123456789012:rule/signet-plan-mirror-1'],
    }),
  });
  expect([answer.status, await answer.json()]).toEqual([
    202,
    expect.objectContaining({ taken: 'plan-mirror', wanted: files.length, held: files.length, queued: 0 }),
  ]);
  service.kill('SIGTERM');
  expect(await once(service, 'exit')).toEqual([0, null]);
});

test.each<[string, readonly string[], RegExp]>([
  ['no URL', ['--graph', 'ocp'], /^signet: --graph: entry 1 is not profile=URL$/m],
  ['an unknown profile', ['--graph', 'okd=https://x.example/g'], /^signet: --graph: entry 1 names a profile that/m],
  [
    'a channel that is none',
    ['--graph', 'ocp=https://x.example/g', '--graph-channel', 'a b'],
    /--graph-channel: "a b"/,
  ],
])('--graph with %s is exit 2', async (_, args, message) => {
  const { service, readOutput } = start(args);
  await once(service, 'close');
  expect([service.exitCode, readOutput()]).toEqual([2, expect.stringMatching(message)]);
});
