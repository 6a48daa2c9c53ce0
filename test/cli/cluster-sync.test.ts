import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { SLOT_NAMES } from '../../lib/cluster/sync/signature-slots.ts';
import { FIXTURE_RELEASES, FIXTURE_TRUST } from '../support/fixture-releases.ts';
import { runSignet } from '../support/run-signet.ts';

const ROLE = path.join(import.meta.dirname, '../../deploy/kustomize/cluster-sync/role.yaml');
const base = ['cluster', 'sync', '--trust', FIXTURE_TRUST];
/** Where nobody may be asked, because all has to be verified before. */
const NOWHERE = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '9' };

test('the role that is shipped names what a sync writes, and nothing else', async () => {
  const [text = ''] = (await readFile(ROLE, 'utf8')).split('\n---\n');
  const { rules } = parse(text) as { readonly rules: readonly object[] };
  expect(rules).toEqual([
    {
      apiGroups: [''],
      resources: ['configmaps'],
      verbs: ['get', 'create', 'patch', 'delete'],
      resourceNames: [...SLOT_NAMES],
    },
  ]);
});

test.each<[name: string, args: readonly string[], says: string]>([
  ['no mirror', [], '--from'],
  ['a mirror that is not there', ['--from', '/nowhere/at/all'], '--from: /nowhere/at/all is not a directory'],
  ['a malformed address', ['--from', 'https://[x'], 'is not a URL'],
  ['an address with a password', ['--from', 'https://u:S3CRET@a.example'], 'user or password'],
  ['a store whose releases are not named', ['--from', 'https://a.example/signatures'], 'cannot be listed'],
  ['another scheme', ['--from', 'ftp://a.example'], 'is not contacted'],
  ['a minor version that is none', ['--from', FIXTURE_RELEASES, '--minor', '4'], 'not a minor version'],
  ['no cluster', ['--from', FIXTURE_RELEASES], 'say which cluster is meant'],
  ['a kubeconfig that is not there', ['--from', FIXTURE_RELEASES, '--kubeconfig', '/nowhere'], 'cannot read /nowhere'],
])('%s is a wrong call', async (_, args, says) => {
  const { status, stdout, stderr } = await runSignet([...base, ...args], { env: { HOME: '/nowhere' } });
  expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining(says)]);
  expect(stderr).not.toContain('S3CRET');
});

test('a service account that is not there, as outside of a pod, is said by its file', async () => {
  const run = await runSignet([...base, '--from', FIXTURE_RELEASES], { env: NOWHERE });
  expect([run.status, run.stderr]).toEqual([3, expect.stringContaining('serviceaccount/ca.crt')]);
});

describe('a service that is not to be believed', () => {
  const server = createServer((_, response) => {
    response.writeHead(current.status ?? 200, { 'content-type': 'application/json', ...current.headers });
    response.end(current.body);
  });
  let current: Answer = { body: '' };
  let url = '';

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
  });

  test.each<[name: string, answer: Answer, says: string]>([
    ['what is no JSON', { body: '<html>' }, 'is not JSON'],
    ['a broken ConfigMap', { body: list({ binaryData: 7 }) }, 'is broken'],
    ['pages without an end', { body: list(), headers: { 'signet-next': 'a' } }, 'more than 64 pages'],
    ['a fault', { status: 503, body: '' }, 'answered 503'],
    ['a refusal', { status: 400, body: '' }, 'answered 400'],
    ['a redirect', { status: 302, body: '', headers: { location: 'http://a.example/' } }, 'does not follow a redirect'],
    ['nothing at all', { body: list() }, 'nothing is applied and nothing is removed'],
    [
      'what nobody signed',
      { body: list({ binaryData: { [`sha256-${'a'.repeat(64)}-1`]: 'AAAA' } }) },
      'nothing is applied and nothing is removed',
    ],
    ['a signature that is not base64', { body: list({ binaryData: { [`sha256-${'a'.repeat(64)}`]: '!' } }) }, 'base64'],
  ])('with %s leaves the cluster alone, which is not asked', async (_, answer, says) => {
    current = answer;
    const args = [...base, '--from', url, '--allow-private-stores'];
    const { status, stdout, stderr } = await runSignet(args, { env: NOWHERE });
    expect([status, stdout, stderr]).toEqual([3, '', expect.stringContaining(says)]);
    expect(stderr).not.toContain('serviceaccount');
  });
});

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

function list(...configMaps: readonly object[]): string {
  const labels = { 'release.openshift.io/verification-signatures': '' };
  const items = configMaps.map((one) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', labels },
    ...one,
  }));
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}
