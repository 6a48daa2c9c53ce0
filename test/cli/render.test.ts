import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { parseDigest } from '../../lib/base/names/digest.ts';
import { SIGNATURES_NAME, type SignatureConfigMapDocument } from '../../lib/cluster/render/signature-config-maps.ts';
import { createConfigMapStore, parseSignatureConfigMaps } from '../../lib/stores/config-map-store.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import {
  FIXTURE_RELEASES,
  FIXTURE_STORE,
  FIXTURE_TRUST,
  fixtureReleases,
  readFixtureDocuments,
} from '../support/fixture-releases.ts';
import { type Run, runSignet } from '../support/run-signet.ts';

const ROOT = path.join(import.meta.dirname, '../..');

function signet(...args: readonly string[]): Promise<Run> {
  return runSignet(['render', ...args]);
}

/** Beside this file: what lies elsewhere on the host is nobody's business here. */
const MISSING = path.join(import.meta.dirname, 'none');
const FROM = ['configmaps', '--from', FIXTURE_RELEASES, '--trust', FIXTURE_TRUST];
const good = fixtureReleases.filter(({ expected }) => expected === 'accept');
const bad = fixtureReleases.filter(({ expected }) => expected !== 'accept');
const digestOf = ({ pullspec }: { readonly pullspec: string }): string => pullspec.slice(pullspec.indexOf('@') + 1);
const ONE = good[0] === undefined ? '' : digestOf(good[0]);
const FILE = `${SIGNATURES_NAME}-4-99-1.yaml`;
const MIRROR = ['mirror-sets', '--mirror', 'mirror.example/openshift/release-images'];

let work = '';
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-cli-render-'));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

describe('signet render configmaps', () => {
  test.each(['yaml', 'json'])('-o %s: every good release, read back byte by byte, and no other', async (format) => {
    const { status, stdout, stderr } = await signet(...FROM, '-o', format);
    expect(status).toBe(0);
    const documents =
      format === 'json'
        ? [JSON.parse(stdout) as unknown]
        : parseAllDocuments(stdout).map((document) => document.toJS() as unknown);
    const store = createConfigMapStore(parseSignatureConfigMaps(documents));
    for (const release of fixtureReleases) {
      const digest = parseDigest(digestOf(release));
      const entries = await Array.fromAsync(store.fetchSignatures({ digest }, new AbortController().signal));
      const found = entries.flatMap((entry) => (entry.kind === 'signature' ? [Buffer.from(entry.untrustedBytes)] : []));
      const held = await readFile(path.join(FIXTURE_STORE, digest.replace(':', '='), 'signature-1'));
      expect(found).toEqual(release.expected === 'accept' ? [held] : []);
    }
    for (const { expected, pullspec } of bad) {
      expect(stderr).toMatch(new RegExp(`left out .*${pullspec.split(':')[1]}/signature-1: ${expected}: `));
    }
  });

  test('the same bytes twice, from a data folder that was written in another order', async () => {
    const other = path.join(work, 'other');
    for (const name of (await readdir(FIXTURE_STORE)).toReversed()) {
      await cp(path.join(FIXTURE_STORE, name), path.join(other, 'signatures', name), { recursive: true });
    }
    const first = await signet(...FROM);
    const second = await signet('configmaps', '--from', other, '--trust', FIXTURE_TRUST);
    expect(second.stdout).toBe(first.stdout);
    expect(first.stdout).not.toBe('');
  });

  test('--to: whole files, untouched when the same; --prune removes its own alone', async () => {
    const to = path.join(work, 'gitops');
    const first = await signet(...FROM, '--to', to);
    expect([first.status, first.stdout]).toEqual([0, `written    ${path.join(to, FILE)}\n`]);
    await utimes(path.join(to, FILE), 1, 1);
    const stale = (await readFile(path.join(to, FILE), 'utf8')).replace('4-99-1', '4-98-1');
    await writeFile(path.join(to, FILE.replace('4-99', '4-98')), stale);
    await writeFile(path.join(to, 'kustomization.yaml'), 'resources: []\n');
    const second = await signet(...FROM, '--to', to, '--prune', '--minor', '4.99');
    expect(second.stdout).toBe(`unchanged  ${path.join(to, FILE)}\n`);
    const third = await signet(...FROM, '--to', to, '--prune', '-o', 'yaml');
    expect(third.stdout).toContain(`removed    ${path.join(to, FILE.replace('4-99', '4-98'))}`);
    expect((await stat(path.join(to, FILE))).mtimeMs).toBe(1000);
    expect((await readdir(to)).toSorted()).toEqual(['kustomization.yaml', FILE]);
  });

  test('--to with -o json: files and summary in JSON', async () => {
    const to = path.join(work, 'json');
    const { stdout } = await signet(...FROM, '--to', to, '-o', 'json');
    const file = path.join(to, FILE.replace('.yaml', '.json'));
    expect(JSON.parse(stdout)).toEqual({ schema: 1, files: [{ file, outcome: 'written' }] });
    const { metadata } = JSON.parse(await readFile(file, 'utf8')) as SignatureConfigMapDocument;
    expect(metadata.name).toBe(`${SIGNATURES_NAME}-4-99-1`);
  });

  test('--digest: that release alone', async () => {
    const { status, stdout } = await signet(...FROM, '--digest', ONE);
    expect([status, stdout.match(/sha256-/g)?.length]).toEqual([0, 1]);
    expect(stdout).toContain(ONE.replace(':', '-'));
  });

  test('--graph: read from a file and a URL, though what is signed counts', async () => {
    const graph = JSON.stringify({ nodes: [{ version: '4.1.1', payload: good[0]?.pullspec }] });
    const file = path.join(work, 'graph.json');
    await writeFile(file, graph);
    const server = createServer((_, response) => response.end(graph));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graph`;
    const results = [
      await signet(...FROM, '--graph', file),
      await signet(...FROM, '--graph', url, '--allow-private-stores'),
    ];
    const refused = await signet(...FROM, '--graph', url);
    server.close();
    expect(results.map(({ status, stdout }) => [status, stdout.includes('4-99-1')])).toEqual([
      [0, true],
      [0, true],
    ]);
    expect([refused.status, refused.stdout]).toEqual([3, '']);
  });

  const NEVER = `sha256:${'0'.repeat(64)}`;
  const BAD = bad[0] === undefined ? '' : digestOf(bad[0]);
  test.each<[name: string, args: readonly string[], status: number, said: string, lines: boolean]>([
    ['a digest that is not held, and one that is', ['--digest', NEVER, '--digest', ONE], 1, NEVER, true],
    ['a digest that is not held', ['--digest', NEVER], 1, 'nothing is rendered', false],
    ['a digest that does not verify', ['--digest', BAD], 1, 'left out', false],
    ['a minor that is not held, and one that is', ['--minor', '4.98', '--minor', '4.99'], 1, 'of 4.98', true],
    ['a minor that is not held', ['--minor', '4.9'], 1, 'nothing is rendered', false],
    ['a digest that is none', ['--digest', 'sha256:0'], 2, 'is not a digest', false],
    ['a minor that is none', ['--minor', '4.16.1'], 2, 'is not a minor version', false],
    ['--prune without --to', ['--prune'], 2, 'needs --to', false],
    ['--prune with --digest', ['--prune', '--to', 'x', '--digest', ONE], 2, '--prune cannot', false],
    ['an output that is none', ['-o', 'text'], 2, 'Allowed choices', false],
    ['a profile that is none', ['--profile', 'okd'], 2, 'no profile "okd"', false],
    ['a graph that is not there', ['--graph', MISSING], 2, 'cannot read', false],
    ['a graph that is none', ['--graph', path.join(ROOT, 'package.json')], 2, 'not an update graph', false],
    [
      'a directory that cannot be written',
      ['--to', path.join(ROOT, 'package.json')],
      2,
      'package.json: a file is in its place',
      false,
    ],
  ])('%s', async (_, args, status, said, isRendered) => {
    const result = await signet(...FROM, ...args);
    expect(result.status).toBe(status);
    expect(result.stderr).toContain(said);
    expect(result.stdout !== '').toBe(isRendered);
  });

  test.each<[name: string, from: () => Promise<string>, status: number, said: string]>([
    ['a directory that is not there', async () => path.join(work, 'none'), 2, 'is not a directory'],
    ['a file', async () => path.join(ROOT, 'package.json'), 2, 'is not a directory'],
    ['another scheme', async () => 'https://mirror.example', 2, 'neither s3://bucket nor a directory'],
    ['a bucket that cannot be', async () => 's3://A', 2, 'does not name a bucket'],
    [
      'an empty directory',
      async () => {
        await mkdir(path.join(work, 'empty'), { recursive: true });
        return path.join(work, 'empty');
      },
      2,
      'is empty: it holds no mirror',
    ],
  ])('--from %s', async (_, from, status, said) => {
    const to = path.join(work, 'kept');
    await mkdir(to, { recursive: true });
    await cp(path.join(work, 'gitops', FILE), path.join(to, FILE)).catch(() => undefined);
    const before = await readdir(to);
    const result = await signet('configmaps', '--from', await from(), '--trust', FIXTURE_TRUST, '--to', to, '--prune');
    expect([result.status, result.stdout]).toEqual([status, '']);
    expect(result.stderr).toContain(said);
    expect(await readdir(to)).toEqual(before);
  });
});

describe('signet render signature-stores', () => {
  test('a patch with the command in a comment, and warnings beside it', async () => {
    const { status, stdout, stderr } = await signet('signature-stores', 'https://mirror.example/signatures/');
    expect(status).toBe(0);
    expect(stdout)
      .toBe(`# oc patch clusterversion version --type merge --patch '{"spec":{"signatureStores":[{"url":"https://mirror.example/signatures"}]}}'
spec:
  signatureStores:
    - url: https://mirror.example/signatures
`);
    expect(stderr).toContain('Technology Preview');
  });

  test('JSON, with a ca', async () => {
    const { stdout, stderr } = await signet('signature-stores', 'https://a.example', '--ca', 'my-ca', '-o', 'json');
    expect(JSON.parse(stdout)).toEqual({
      spec: { signatureStores: [{ url: 'https://a.example', ca: { name: 'my-ca' } }] },
    });
    expect(stderr).toMatch(/ignore ca.*oc patch clusterversion/s);
  });

  test.each<[name: string, args: readonly string[], said: string]>([
    ['none', [], 'name at least one store'],
    ['a user', ['https://user:hunter2@a.example'], 'user or password'],
    ['a directory', ['./signatures'], 'URL 1'],
    ['an empty ca', ['https://a.example', '--ca', ''], 'must not be empty'],
  ])('%s', async (_, args, said) => {
    const { status, stdout, stderr } = await signet('signature-stores', ...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(said);
    expect(stderr).not.toContain('hunter2');
  });
});

describe('signet render mirror-sets', () => {
  test.each<[name: string, args: readonly string[], sources: readonly string[]]>([
    [
      'OCP',
      [],
      [
        'openshift-release-dev/ocp-release',
        'openshift-release-dev/ocp-v4.0-art-dev',
        'openshift-release-dev/ocp-v5.0-art-dev',
      ],
    ],
    ['OKD', ['--profile', 'okd'], ['okd/scos-release', 'okd/scos-content']],
    [
      'components of one’s own',
      ['--component', 'quay.io/acme/parts'],
      ['openshift-release-dev/ocp-release', 'acme/parts'],
    ],
    ['releases of one’s own', ['--release', 'quay.io/acme/release', '--profile', 'acme'], ['acme/release']],
  ])('%s', async (_, args, sources) => {
    const { status, stdout } = await signet(...MIRROR, ...args);
    expect(status).toBe(0);
    expect([...stdout.matchAll(/source: quay\.io\/(.*)/g)].map(([, source]) => source)).toEqual(sources);
  });

  test.each<[name: string, args: readonly string[], named: string]>([
    ['OCP', [], 'signet-release-mirrors'],
    ['OKD', ['--profile', 'okd'], 'signet-release-mirrors-okd'],
    ['another profile', ['--release', 'quay.io/acme/a', '--profile', 'acme'], 'signet-release-mirrors-acme'],
    ['a name of one’s own', ['--name', 'mine'], 'mine'],
  ])('the set of each profile has a name of its own: %s', async (_, args, named) => {
    const { stdout } = await signet(...MIRROR, ...args, '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ metadata: { name: named } });
  });

  test('every kind and both formats', async () => {
    for (const kind of ['idms', 'itms', 'icsp']) {
      const yaml = await signet(...MIRROR, '--kind', kind);
      const json = await signet(...MIRROR, '--kind', kind, '-o', 'json');
      const [document] = parseAllDocuments(yaml.stdout);
      expect(document?.toJS()).toEqual(JSON.parse(json.stdout));
    }
  });

  test.each<[name: string, args: readonly string[], said: string]>([
    ['no mirror', ['mirror-sets'], '--mirror'],
    ['a mirror without a registry', ['mirror-sets', '--mirror', 'a/b'], '--mirror: "a/b" has no registry'],
    ['a profile that is not built in', [...MIRROR, '--profile', 'acme'], 'is not built in'],
    [
      'a profile that makes no name',
      [...MIRROR, '--profile', 'A_b', '--release', 'quay.io/acme/a'],
      'no name of a mirror set can be made of the profile A_b: use --name',
    ],
    ['a name that is none', [...MIRROR, '--name', 'A b'], 'is not a name of a Kubernetes object'],
    ['a kind that is none', [...MIRROR, '--kind', 'mirror'], 'Allowed choices'],
    ['a policy that is none', [...MIRROR, '--mirror-source-policy', 'Never'], 'Allowed choices'],
    ['a policy with icsp', [...MIRROR, '--kind', 'icsp', '--mirror-source-policy', 'NeverContactSource'], 'use idms'],
  ])('%s', async (_, args, said) => {
    const { status, stdout, stderr } = await signet(...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(said);
  });
});

describe('signet render trust', () => {
  test.each(['yaml', 'json'])('-o %s: loads as the same trust', async (format) => {
    const { status, stdout, stderr } = await signet('trust', '--trust', FIXTURE_TRUST, '-o', format);
    expect([status, stderr.includes('clusters restore this ConfigMap')]).toEqual([0, true]);
    const again = await prepareTrust('ocp', [{ name: `trust.${format}`, bytes: Buffer.from(stdout) }]);
    const original = await prepareTrust('ocp', readFixtureDocuments());
    expect([again.keyrings, again.stores]).toEqual([original.keyrings, original.stores]);
  });

  test('--name and --namespace: what restores the cluster’s own does not touch it', async () => {
    const place = ['--name', 'releases', '--namespace', 'hive'];
    const { status, stdout, stderr } = await signet('trust', '--trust', FIXTURE_TRUST, '-o', 'json', ...place);
    expect([status, stderr.includes('clusters restore')]).toEqual([0, false]);
    expect(JSON.parse(stdout)).toMatchObject({ metadata: { name: 'releases', namespace: 'hive' } });
  });

  test.each<[name: string, args: readonly string[], said: string]>([
    ['a namespace that is none', ['--trust', FIXTURE_TRUST, '--namespace', 'a.b'], 'is no namespace'],
    ['a name that is none', ['--trust', FIXTURE_TRUST, '--name', 'A'], 'is not a name of a Kubernetes object'],
    ['a directory that is not there', ['--trust', MISSING], 'cannot be read'],
    ['a profile that is none', ['--trust', FIXTURE_TRUST, '--profile', 'okd'], 'no profile'],
  ])('%s', async (_, args, said) => {
    const { status, stdout, stderr } = await signet('trust', ...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(said);
  });
});
