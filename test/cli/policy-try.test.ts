import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import {
  clusterVersion,
  digestOf,
  list,
  mirrorSet,
  OCP,
  tagMirrorSet,
  writeFiles,
} from '../cluster/fleet/sample-clusters.ts';
import { imagePolicy, pinnedImageSet, pod, SHOP, SITE } from '../cluster/trial/sample-export.ts';
import { type Run, runSignet } from '../support/run-signet.ts';

const KEYS = path.join(import.meta.dirname, '../fixtures/cosign/keys');
let work = '';
const at = (name: string): string => path.join(work, name);
const key = await readFile(path.join(KEYS, 'p256.pub'), 'base64');
const otherKey = await readFile(path.join(KEYS, 'rsa4096.pub'), 'base64');

const docker = (scopes: object, byDefault = 'insecureAcceptAnything') => ({
  default: [{ type: byDefault }],
  transports: { docker: scopes },
});
const bySite = { type: 'sigstoreSigned', keyData: key, signedIdentity: { type: 'matchRepository' } };
const byPath = { type: 'signedBy', keyType: 'GPGKeys', keyPath: '/etc/pki/shop.gpg' };

const POLICIES: Readonly<Record<string, object | string>> = {
  'shop.yaml': imagePolicy(key, [SHOP]),
  'elsewhere.yaml': imagePolicy(key, ['registry.example.org']),
  'wide.yaml': imagePolicy(key, ['quay.io']),
  'listed.yaml': stringify(list(imagePolicy(key, [SHOP]))),
  'bank.yaml': imagePolicy(key, [SHOP], { namespace: 'bank' }),
  'overlap/cluster.yaml': imagePolicy(key, ['registry.example.com']),
  'overlap/bank.yaml': imagePolicy(otherKey, [`${SHOP}/web`, 'quay.io/bank'], { namespace: 'bank' }),
  'no-key.yaml': imagePolicy(
    Buffer.from('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n').toString('base64'),
    [SHOP],
  ),
  'alpha.yaml': JSON.stringify(imagePolicy(key, ['registry.example.org'])).replace('/v1"', '/v1alpha1"'),
  'reject.json': docker({ [SHOP]: [{ type: 'reject' }] }),
  'closed.json': docker({ [SHOP]: [{ type: 'insecureAcceptAnything' }] }, 'reject'),
  'layers.json': docker({ [SHOP]: [{ type: 'signedBaseLayer', baseLayerIdentity: { type: 'matchRepository' } }] }),
  'byPath.json': docker({ [SHOP]: [byPath] }),
  'site.json': docker({ [SHOP]: [bySite] }),
  'many.json': docker({ 'registry.example.org': [{ ...bySite, keyData: undefined, keyDatas: [key] }] }),
};

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-policy-try-'));
  await writeFiles(work, POLICIES);
  await writeFiles(at('site'), { 'pods.yaml': stringify(list(...SITE)) });
  const mirrored = [mirrorSet(SHOP, 'mirror.example.com/shop'), tagMirrorSet()];
  await writeFiles(at('mirrored'), {
    'pods.json': list(...SITE, pod('shop', 'm', { images: [['mirror.example.com/shop/web:1']] })),
    'idms.yaml': list(...mirrored),
  });
  await writeFiles(at('has'), {
    'all.json': list(
      ...SITE,
      imagePolicy(key, ['quay.io'], { name: 'quay' }),
      imagePolicy(key, [SHOP], { name: 'tried' }),
    ),
  });
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

const tryPolicy = (policy: string, against: string, ...more: readonly string[]): Promise<Run> =>
  runSignet(['policy', 'try', '--policy', policy, '--against', against, ...more], { cwd: work });

interface Shown {
  readonly outcome: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly namespaces: readonly {
    readonly namespace: string | null;
    readonly images: readonly {
      readonly outcome: string;
      readonly image: string;
      readonly usedBy: readonly string[];
      readonly policies: readonly string[];
    }[];
  }[];
}

async function show(policy: string, against: string, ...more: readonly string[]): Promise<Shown> {
  return JSON.parse((await tryPolicy(policy, against, '-o', 'json', ...more)).stdout) as Shown;
}

/** `<namespace> <outcome> <image>` of what is not covered by nothing. */
function listTouched({ namespaces }: Shown): readonly string[] {
  return namespaces.flatMap(({ namespace, images }) =>
    images.flatMap(({ outcome, image }) => (outcome === 'uncovered' ? [] : [`${namespace} ${outcome} ${image}`])),
  );
}

const INIT = `${SHOP}/init@${digestOf('b')}`;
const OF_SHOP = [`${SHOP}/data:3`, `${SHOP}/debug:1`, INIT, `${SHOP}/web:1.2`];
const PINNED = `quay.io/openshift-release-dev/ocp-v4.0-art-dev@${digestOf('d')}`;

describe('signet policy try, without a look at signatures', () => {
  test.each<[name: string, policy: string, status: number, touched: readonly string[]]>([
    ['nothing that runs', 'elsewhere.yaml', 0, []],
    [
      'containers of every kind, and volumes',
      'shop.yaml',
      3,
      [`bank unknown ${SHOP}/web:1.2`, ...OF_SHOP.map((one) => `shop unknown ${one}`)],
    ],
    [
      'what oc get -o yaml printed',
      'listed.yaml',
      3,
      [`bank unknown ${SHOP}/web:1.2`, ...OF_SHOP.map((one) => `shop unknown ${one}`)],
    ],
    ['pinned images', 'wide.yaml', 3, [`null unknown ${PINNED}`, 'bank unknown quay.io/bank/teller:7']],
    ['one namespace', 'bank.yaml', 3, [`bank unknown ${SHOP}/web:1.2`]],
    [
      'a policy that rejects',
      'reject.json',
      1,
      [`bank refused ${SHOP}/web:1.2`, ...OF_SHOP.map((one) => `shop refused ${one}`)],
    ],
    [
      'what nodes never accept',
      'layers.json',
      1,
      [`bank refused ${SHOP}/web:1.2`, ...OF_SHOP.map((one) => `shop refused ${one}`)],
    ],
    [
      'a key that is none',
      'no-key.yaml',
      1,
      [`bank refused ${SHOP}/web:1.2`, ...OF_SHOP.map((one) => `shop refused ${one}`)],
    ],
    [
      'a default that rejects',
      'closed.json',
      1,
      [
        `null refused ${PINNED}`,
        'bank refused quay.io/bank/teller:7',
        'bank refused redis:7',
        `bank allowed ${SHOP}/web:1.2`,
        ...OF_SHOP.map((one) => `shop allowed ${one}`),
      ],
    ],
    [
      'keys of a node, which are not read',
      'byPath.json',
      3,
      [`bank unknown ${SHOP}/web:1.2`, ...OF_SHOP.map((one) => `shop unknown ${one}`)],
    ],
  ])('%s', async (_, policy, status, touched) => {
    const shown = await show(policy, 'site');
    expect(listTouched(shown).toSorted()).toEqual(touched.toSorted());
    expect((await tryPolicy(policy, 'site')).status).toBe(status);
  });

  test('names who uses an image, once for all of a namespace', async () => {
    const { namespaces, counts } = await show('shop.yaml', 'site');
    expect(namespaces.map(({ namespace }) => namespace)).toEqual([null, 'bank', 'shop']);
    const web = namespaces[2]?.images.find(({ image }) => image === `${SHOP}/web:1.2`);
    expect(web).toMatchObject({
      digest: digestOf('a'),
      scope: SHOP,
      policies: ['ClusterImagePolicy tried'],
      nodes: 'unknown',
      usedBy: ['Pod web-1 (c0)', 'Pod web-2 (c0)'],
    });
    expect(counts).toEqual({ refused: 0, unsigned: 0, unknown: 5, allowed: 0, unchanged: 0, uncovered: 3 });
  });

  test('judges what is pulled through a mirror by its own name, and what is named by a mirror by that', async () => {
    const { stdout } = await tryPolicy('shop.yaml', 'mirrored');
    expect(stdout).toContain(
      `mirrored  ${SHOP} from mirror.example.com/shop by ImageDigestMirrorSet/release: judged by its own name`,
    );
    expect(stdout).toMatch(/not covered +yes +mirror\.example\.com\/shop\/web:1/);
    expect(stdout).toContain(`it is named by a mirror of ${SHOP}/web, and judged by that name`);
    const shown = await show('shop.yaml', 'mirrored');
    expect(JSON.stringify(shown.namespaces)).toContain('"mirrors":["mirror.example.com/shop/init"]');
  });

  test('the cluster’s alone counts where a namespace has a policy for the same images', async () => {
    const { stdout } = await tryPolicy('overlap', 'site');
    expect(stdout).toContain(
      `left out  ${SHOP}/web of ImagePolicy bank/tried: ClusterImagePolicy tried has registry.example.com, and the cluster’s alone counts`,
    );
    const { namespaces } = await show('overlap', 'site');
    const bank = namespaces.find(({ namespace }) => namespace === 'bank');
    expect(bank?.images.map(({ policies }) => policies.join())).toEqual([
      'ImagePolicy bank/tried',
      'ClusterImagePolicy tried',
      '',
    ]);
  });

  test('what a policy of the cluster decides already is unchanged, and one of the same name is replaced', async () => {
    const shown = await show('shop.yaml', 'has');
    expect(listTouched(shown)).toEqual(
      expect.arrayContaining([
        `null unchanged ${PINNED}`,
        'bank unchanged quay.io/bank/teller:7',
        `bank unknown ${SHOP}/web:1.2`,
      ]),
    );
    expect(shown).toMatchObject({ counts: { unchanged: 2 } });
    const { status, stdout } = await tryPolicy('elsewhere.yaml', 'has');
    expect([status, stdout]).toEqual([0, expect.stringContaining('has       ClusterImagePolicy quay: quay.io')]);
    const { stdout: file } = await tryPolicy('site.json', 'has');
    expect(file).toContain('warning   this cluster has ClusterImagePolicy quay, and writes policy.json itself');
    const { stdout: coming } = await tryPolicy('site.json', 'site', '--target-version', '4.21');
    expect(coming).toContain('warning   clusters of 4.21 write policy.json themselves: they would replace yours');
    expect((await tryPolicy('site.json', 'site', '--target-version', '4.20')).stdout).not.toContain('warning');
  });

  test.each<[policy: string, version: string, says: string]>([
    [
      'elsewhere.yaml',
      '4.18',
      'fault     ClusterImagePolicy tried: clusters of 4.18 have v1alpha1, and it is written for v1',
    ],
    ['elsewhere.yaml', '4.14', 'clusters of 4.14 have no image policies'],
    ['alpha.yaml', '4.21', 'clusters of 4.21 have v1, and it is written for v1alpha1'],
    ['many.json', '4.17', 'nodes of 4.17 do not know sigstoreSigned.keyDatas'],
  ])('%s for %s is refused by the cluster or its nodes', async (policy, version, says) => {
    const { status, stdout } = await tryPolicy(policy, 'site', '--target-version', version);
    expect([status, stdout]).toEqual([1, expect.stringContaining(says)]);
    expect(
      (await tryPolicy(policy, 'site', '--target-version', policy === 'alpha.yaml' ? '4.19' : '4.21')).status,
    ).toBe(0);
  });

  test('a release that the cluster runs', async () => {
    await writeFiles(at('release'), { 'cv.yaml': clusterVersion({ desired: `${OCP}@${digestOf('a')}` }) });
    expect(listTouched(await show('wide.yaml', 'release'))).toEqual([`null unknown ${OCP}@${digestOf('a')}`]);
  });
});

describe('signet policy try reads', () => {
  const podList = {
    apiVersion: 'v1',
    items: SITE.slice(0, 4).map((one) => ({ ...one, apiVersion: undefined, kind: undefined })),
    kind: 'PodList',
    metadata: {},
  };
  const gathered: Readonly<Record<string, string>> = {
    'must/quay-io/namespaces/shop/core/pods.yaml': `---\n${stringify(JSON.parse(JSON.stringify(podList)))}`,
    'must/quay-io/namespaces/shop/core/events.yaml': ': [',
    'must/quay-io/namespaces/shop/pods/web-1/web-1.yaml': ': [',
    'must/quay-io/cluster-scoped-resources/machineconfiguration.openshift.io/pinnedimagesets/pinned.yaml': stringify(
      pinnedImageSet(PINNED),
    ),
    'must/quay-io/cluster-scoped-resources/core/nodes/a.yaml': ': [',
  };

  test.each(['folder', 'archive'])('a must-gather as a %s', async (form) => {
    if (form === 'folder') await writeFiles(at('gathered'), gathered);
    const entries = Object.entries(gathered).map(([name, body]) => ({
      header: { name, size: Buffer.byteLength(body) },
      body,
    }));
    await writeFile(at('gathered.tar.gz'), gzipSync(await packTar(entries)));
    const shown = await show('reject.json', form === 'folder' ? 'gathered' : 'gathered.tar.gz');
    expect(shown.counts).toMatchObject({ refused: 5, uncovered: 3 });
  });

  test.each<[name: string, files: Readonly<Record<string, object | string>>, says: string]>([
    ['a file of another name', { 'notes.txt': 'x' }, 'notes.txt: not read'],
    [
      'a kind of a later version',
      { 'x.yaml': { ...pinnedImageSet(), apiVersion: 'machineconfiguration.openshift.io/v9' } },
      'x.yaml: PinnedImageSet pinned: machineconfiguration.openshift.io/v9 is not known',
    ],
    ['a pod that names no image', { 'x.yaml': pod('a', 'b', { images: [['UPPER/case']] }) }, 'UPPER/case'],
    ['a short name that runs nowhere', { 'x.yaml': pod('a', 'b', { images: [['nginx']] }) }, 'it names no registry'],
  ])('%s: not known, exit 3', async (name, files, says) => {
    const folder = `unread-${name.replaceAll(' ', '-')}`;
    await writeFiles(at(folder), { ...files, 'pods.json': list(...SITE) });
    const { status, stdout } = await tryPolicy('elsewhere.yaml', folder);
    expect([status, stdout]).toEqual([3, expect.stringContaining(says)]);
  });

  test('says which kinds it passed over', async () => {
    await writeFiles(at('more'), {
      'a.json': list(...SITE, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } }),
    });
    expect(await show('elsewhere.yaml', 'more')).toMatchObject({ ignored: { Service: 1 } });
  });

  const yaml = stringify(list(...SITE));
  const json = JSON.stringify(list(...SITE));
  const podYaml = stringify(SITE[0]);
  test.each<[name: string, files: Readonly<Record<string, object | string>>, says: string]>([
    ['an empty folder', {}, 'it holds no file of a cluster'],
    [
      'JSON cut in half',
      { 'p.json': json.slice(0, json.length / 2) },
      'p.json:1: the object that starts here does not end',
    ],
    [
      'YAML cut in half',
      { 'p.yaml': yaml.slice(yaml.indexOf('items:'), yaml.indexOf('web-2')) },
      'p.yaml:1: object: no kind and apiVersion: the export was cut',
    ],
    [
      'a list cut behind an item',
      { 'p.yaml': `apiVersion: v1\n${yaml.slice(yaml.indexOf('items:'))}` },
      'no kind and apiVersion',
    ],
    ['a pod cut in its spec', { 'p.yaml': podYaml.slice(0, podYaml.indexOf('volumes')) }, 'Pod web-1: status'],
    ['a pod cut in its status', { 'p.yaml': podYaml.slice(0, podYaml.indexOf('  phase')) }, 'Pod web-1: status.phase'],
    ['a pod without containers', { 'p.json': pod('a', 'b', { images: [] }) }, 'Pod b: it has no container'],
    [
      'other kinds alone',
      { 'p.json': { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } } },
      'nothing that runs is in it, Service alone',
    ],
    ['what is no YAML', { 'p.yaml': 'a: [' }, 'p.yaml:'],
    [
      'two policies of one name',
      { 'p.json': list(...SITE, imagePolicy(key, ['a.example.com']), imagePolicy(key, ['b.example.com'])) },
      'there are two different policies ClusterImagePolicy tried',
    ],
    ['a broken mirror set', { 'p.json': list(...SITE, mirrorSet('UPPER.example.com', 'x')) }, 'p.json:1:'],
  ])('%s: exit 2 with the file', async (name, files, says) => {
    const folder = at(`bad-${name.replaceAll(' ', '-')}`);
    await writeFiles(folder, files);
    if (Object.keys(files).length === 0) await writeFiles(folder, { '.hidden': '' });
    const { status, stdout, stderr } = await tryPolicy('shop.yaml', folder);
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining(says)]);
    expect(stderr).toContain(folder);
  });

  test('an archive cut in half: exit 2', async () => {
    const tar = await packTar([{ header: { name: 'pods.json', size: json.length }, body: json }]);
    const packed = gzipSync(tar);
    await writeFile(at('cut.tar.gz'), packed.subarray(0, packed.length / 2));
    const { status, stdout, stderr } = await tryPolicy('shop.yaml', 'cut.tar.gz');
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining('cut.tar.gz')]);
  });

  test.each<[name: string, files: Readonly<Record<string, object | string>>, says: string]>([
    [
      'another kind',
      { 'a.yaml': 'kind: Pod\napiVersion: v1\n' },
      'a.yaml:1: a Pod was found, expected a ClusterImagePolicy',
    ],
    ['no kind', { 'a.yaml': 'a: b\n' }, 'a.yaml'],
    ['nothing', { 'a.yaml': '# nothing\n' }, 'there is no image policy in it'],
    ['an empty folder', {}, 'the folder is empty'],
    ['a file that is cut', { 'a.yaml': 'kind: [' }, 'a.yaml'],
    ['a policy that the API would refuse', { 'a.yaml': imagePolicy(key, []) }, 'spec.scopes'],
    [
      'an ImagePolicy without a namespace',
      { 'a.yaml': JSON.stringify(imagePolicy(key, [SHOP])).replace('ClusterImagePolicy', 'ImagePolicy') },
      'names no namespace',
    ],
    [
      'two policies of one name',
      { 'a.yaml': imagePolicy(key, [SHOP]), 'b.yaml': imagePolicy(key, ['quay.io']) },
      'two different policies ClusterImagePolicy tried',
    ],
    ['two of a node', { 'a.json': docker({}), 'b.json': docker({}) }, 'a node has one policy.json'],
    ['one of a node and objects', { 'a.json': docker({}), 'b.yaml': imagePolicy(key, [SHOP]) }, 'try one or the other'],
    ['one of a node that it would refuse', { 'a.json': { transports: {} } }, 'a.json'],
  ])('policies: %s is a wrong call', async (name, files, says) => {
    const folder = at(`wrong-${name.replaceAll(' ', '-')}`);
    await writeFiles(folder, files);
    if (Object.keys(files).length === 0) await writeFiles(folder, { '.hidden': '' });
    const { status, stdout, stderr } = await tryPolicy(folder, 'site');
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining(says)]);
  });

  test.each([
    ['site', 'gone'],
    ['gone', 'site'],
  ])('--policy %s --against %s is a wrong call', async (policy, against) => {
    const run = await tryPolicy(policy === 'site' ? 'shop.yaml' : policy, against);
    expect([run.status, run.stderr]).toEqual([2, expect.stringContaining('gone')]);
  });
});
