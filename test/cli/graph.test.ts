import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf, node, OCP, OKD, OKD_CI, toGraphText } from '../mirror/graph/sample-graphs.ts';
import { FIXTURE_TRUST } from '../support/fixture-releases.ts';
import { type Run, runSignet } from '../support/run-signet.ts';
import { startUpdateService, type UpdateAnswer, type UpdateService } from '../support/servers/start-update-service.ts';

function check(...args: readonly string[]): Promise<Run> {
  return runSignet(['graph', 'check', ...args]);
}

const ROOT = path.join(import.meta.dirname, '../..');
let work = '';
const services: UpdateService[] = [];
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-cli-graph-'));
});
afterAll(async () => {
  await Promise.all(services.map((service) => service.close()));
  await rm(work, { recursive: true });
});

async function serve(
  answer: (question: URLSearchParams) => UpdateAnswer,
  scheme?: 'http' | 'https',
): Promise<UpdateService> {
  const service = await startUpdateService(answer, scheme);
  services.push(service);
  return service;
}

async function write(name: string, text: string): Promise<string> {
  const file = path.join(work, name);
  await writeFile(file, text);
  return file;
}

describe('signet graph check', () => {
  test('all payloads canonical: exit 0 and a table', async () => {
    const file = await write('ocp.json', toGraphText([node('4.16.0'), node('4.16.1')]));
    const { status, stdout, stderr } = await check(file);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')).toEqual([
      '1 graph, profile ocp',
      `  ${file}: 2 nodes`,
      'REPOSITORY                                 RELEASES  STANDING',
      `${OCP}         2  canonical`,
      '',
    ]);
  });

  test('OKD’s graph: aliases are those of the profile okd alone', async () => {
    const file = await write('okd.json', toGraphText([node('4.19.0', OKD_CI), node('4.19.1', OKD)]));
    const asOkd = await check(file, '--profile', 'okd');
    expect([asOkd.status, asOkd.stderr]).toEqual([0, '']);
    expect(asOkd.stdout).toContain(`${OKD_CI}         1  alias of ${OKD}, by the profile’s graphAliases\n`);
    const asOcp = await check(file);
    expect(asOcp.status).toBe(1);
    expect(asOcp.stdout).toContain(`2 payloads not in ${OCP}:\n  4.19.0  ${OKD_CI}@${digestOf('4.19.0')}\n`);
  });

  test('the profile of --trust says what is canonical, and its aliases', async () => {
    const trust = path.join(work, 'trust');
    await cp(FIXTURE_TRUST, trust, { recursive: true });
    const spec = { graphAliases: { 'mirror.example/release': OCP }, canonicalRepositories: [OCP] };
    const profile = { apiVersion: 'signet/v1', kind: 'Profile', metadata: { name: 'ocp' }, spec };
    await writeFile(path.join(trust, 'ocp', 'profile.yaml'), JSON.stringify(profile));
    const file = await write('mirrored.json', toGraphText([node('4.16.0', 'mirror.example/release')]));
    expect((await check(file)).status).toBe(1);
    const { status, stdout, stderr } = await check(file, '--trust', trust, '-o', 'json');
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      profile: 'ocp',
      repositories: [{ repository: 'mirror.example/release', releases: 1, standing: { kind: 'alias' } }],
      outside: [],
    });
  });

  test('what is not canonical is listed up to a bound, and whole in JSON', async () => {
    const nodes = Array.from({ length: 30 }, (_, index) => node(`4.16.${index}`, 'mirror.example/release'));
    const file = await write('outside.json', toGraphText([...nodes, node('4.17.0')]));
    const { status, stdout } = await check(file);
    expect(status).toBe(1);
    expect(stdout).toContain('mirror.example/release                           30  not canonical\n');
    expect(stdout.match(/^ {2}4\.16\.\d+ {2}mirror\.example\/release@sha256:[0-9a-f]{64}$/gm)).toHaveLength(20);
    expect(stdout).toMatch(/\n {2}and 10 more \(-o json lists all\)\nnothing leads .*graphAliases\n$/);
    const json = await check(file, '-o', 'json');
    expect(json.status).toBe(1);
    const { outside } = JSON.parse(json.stdout) as { outside: { versions: string[] }[] };
    expect(outside.map(({ versions }) => versions[0])).toEqual(nodes.map(({ version }) => version));
  });

  test('an update service is asked by channel and architecture, through a private authority', async () => {
    const service = await serve(
      (question) => toGraphText([node(`4.16.${question.get('arch') === 'multi' ? 1 : 0}`)]),
      'https',
    );
    const args = ['--channel', 'stable-4.16', '--arch', 'amd64', '--arch', 'multi', '--allow-private-stores'];
    const ca = path.join(ROOT, 'test/support/servers/tls/ca.pem');
    const { status, stdout, stderr } = await check(service.graphUrl, ...args, '--tls-ca', ca);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`2 graphs, profile ocp\n  ${service.graphUrl} (stable-4.16, amd64): 1 node\n`);
    expect((await check(service.graphUrl, ...args)).status).toBe(3);
  });

  test.each<readonly [name: string, answer: UpdateAnswer, status: number, text: string]>([
    ['a page of HTML', '<html>Log in</html>', 2, 'not an update graph: it is a page of HTML'],
    ['half a graph', toGraphText([node('4.16.0')]).slice(0, 90), 2, 'not an update graph: not strict JSON'],
    ['a channel without releases', toGraphText([]), 2, 'there is no release in'],
    ['a question refused', { status: 400 }, 2, 'HTTP status 400'],
    ['a failure', { status: 500 }, 3, 'HTTP status 500'],
    ['nothing there', { status: 404 }, 3, 'HTTP status 404'],
  ])('an update service answers %s', async (_, answer, expected, text) => {
    const service = await serve(() => answer);
    const { status, stdout, stderr } = await check(service.graphUrl, '--channel', 'a', '--allow-private-stores');
    expect([status, stdout]).toEqual([expected, '']);
    expect(stderr).toContain(text);
    expect(stderr).toContain(service.graphUrl);
    expect(stderr.split('\n')).toHaveLength(2);
  });

  test.each<readonly [name: string, empty: readonly string[], asked: readonly string[], status: number]>([
    ['one of two channels', ['b amd64', 'b multi'], ['amd64', 'multi'], 2],
    ['one of two architectures', ['a multi', 'b multi'], ['amd64', 'multi'], 2],
    ['one channel, of the only architecture', ['b amd64'], ['amd64'], 2],
    ['one channel for one architecture, of which another one has releases', ['b multi'], ['amd64', 'multi'], 0],
    ['one channel, and no architecture was named', ['b null'], [], 2],
  ])('no release in %s: nothing was checked of it', async (_, empty, architectures, expected) => {
    const name = (question: URLSearchParams) => `${question.get('channel')} ${question.get('arch')}`;
    const service = await serve((question) => toGraphText(empty.includes(name(question)) ? [] : [node('4.16.0')]));
    const named = ['a', 'b'].flatMap((channel) => ['--channel', channel]);
    const args = [...named, ...architectures.flatMap((one) => ['--arch', one]), '--allow-private-stores'];
    const { status, stderr } = await check(service.graphUrl, ...args);
    expect(status).toBe(expected);
    if (expected === 0) return;
    const [channel = '', arch = ''] = (empty[0] ?? '').split(' ');
    const which = arch === 'null' ? channel : `${channel}, ${arch}`;
    expect(stderr).toContain(`there is no release in ${service.graphUrl} (${which})`);
  });

  test('a private address is not contacted unasked', async () => {
    const service = await serve(() => toGraphText([node('4.16.0')]));
    const { status } = await check(service.graphUrl);
    expect([status, service.requests.length]).toEqual([3, 0]);
  });

  test.each([
    ['an array', '[]', [], 'expected an object with nodes'],
    ['nodes of wrong types', '{"nodes":[1]}', [], 'nodes[0]: expected an object'],
    [
      'a payload by tag',
      toGraphText([{ version: '4.16.0', payload: `${OCP}:4.16.0` }]),
      [],
      'nodes[0].payload: it names no',
    ],
    ['a member twice', '{"nodes":[],"nodes":[]}', [], '"nodes" a second time'],
    ['a channel of a file', toGraphText([node('4.16.0')]), ['--channel', 'a'], 'is a file'],
    [
      'a profile that is not built in',
      toGraphText([node('4.16.0')]),
      ['--profile', 'mine'],
      'no built-in profile "mine"',
    ],
    ['an empty channel', toGraphText([node('4.16.0')]), ['--channel', ''], 'must not be empty'],
  ])('%s: exit 2, naming what is wrong', async (name, text, args, message) => {
    const file = await write(`${name}.json`, text);
    const { status, stdout, stderr } = await check(file, ...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  test('a file that is not there: exit 2', async () => {
    const { status, stderr } = await check(path.join(work, 'absent.json'));
    expect([status, stderr.startsWith(`signet: cannot read ${path.join(work, 'absent.json')}: `)]).toEqual([2, true]);
  });
});
