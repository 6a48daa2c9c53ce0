import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { OF_SITE } from '../../../lib/cluster/fleet/read-fleet-archive.ts';
import { listExport, readClusterFiles } from '../../../lib/cluster/fleet/read-fleet-directory.ts';
import {
  checkFiles,
  checkGates,
  checkUpgradeable,
  checkVersion,
  findDemands,
} from '../../../lib/cluster/readiness/check-cluster.ts';
import { checkInternalRegistry } from '../../../lib/cluster/readiness/check-mirror-sets.ts';
import { checkFirstBoot, checkLive, checkPolicies } from '../../../lib/cluster/readiness/check-nodes.ts';
import { chooseRelease } from '../../../lib/cluster/readiness/check-site.ts';
import { parseSite, type SiteState } from '../../../lib/cluster/readiness/parse-site.ts';
import { concludeSite, type SiteFinding } from '../../../lib/cluster/readiness/readiness.ts';
import { FIXTURE_TRUST } from '../../support/fixture-releases.ts';
import { runSignet } from '../../support/run-signet.ts';
import { makeCertificatePolicy, makeKeyPolicy } from './sample-policies.ts';
import { configMap, makeSite, type SamplePlan, SIGSTORE_GATE } from './sample-site.ts';

const read = (text: string): SiteState => parseSite('site', [{ name: 'site.yaml', contents: Buffer.from(text) }]);
const site = (plan: SamplePlan = {}): SiteState => read(makeSite(plan));
const answerOf = ({ answer }: SiteFinding): string => answer;

/** In the order in which oc writes a list. */
function toYaml(text: string): string {
  const { kind, ...list } = JSON.parse(text) as { readonly kind: string };
  return stringify({ ...list, kind });
}

interface Row {
  readonly name: string;
  readonly to?: string;
  readonly plan: SamplePlan;
  readonly expected: string;
  readonly says?: string;
}

/** The answer, and what was to be said where it is; else all that was said. */
function show({ answer, message, details, commands }: SiteFinding, { says = '' }: Row): readonly string[] {
  const said = [message, ...details, ...commands].join('\n');
  return [answer, said.includes(says) ? says : said];
}

const toShow = ({ expected, says = '' }: Row): readonly string[] => [expected, says];

describe('the version', () => {
  test.each<Row>([
    { name: 'the one before', plan: {}, expected: 'yes' },
    { name: 'two before', plan: { version: '4.19.7' }, expected: 'no', says: 'update to 4.20 first' },
    { name: 'two before 4.22', to: '4.22', plan: {}, expected: 'no', says: 'signet readiness --to 4.21' },
    { name: 'the same', plan: { version: '4.21.1' }, expected: 'yes', says: 'already' },
    { name: 'a later one', plan: { version: '4.22.1' }, expected: 'no', says: 'does not go back' },
    { name: '4.22 before 5.0', to: '5.0', plan: { version: '4.22.1' }, expected: 'yes' },
    { name: '4.23 before 5.0', to: '5.0', plan: { version: '4.23.1' }, expected: 'yes' },
    { name: '4.21 before 5.0', to: '5.0', plan: { version: '4.21.1' }, expected: 'no' },
    { name: 'none', plan: { version: '' }, expected: 'unknown', says: 'oc get clusterversion' },
    { name: 'what is no version', plan: { version: 'latest' }, expected: 'unknown' },
  ])('$name: $expected', (row) => {
    expect(show(checkVersion(site(row.plan), findDemands(row.to ?? '4.21')), row)).toEqual(toShow(row));
  });

  test.each(['4.20', '4.24', '4.2', 'latest', '04.21', '4.21x', ''])('--to %s is a wrong call', async (to) => {
    const { status, stdout, stderr } = await runSignet([
      'readiness',
      '--to',
      to,
      '--cluster',
      '.',
      '--trust',
      FIXTURE_TRUST,
    ]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).not.toBe('');
  });
});

describe('gates', () => {
  const closed = { [SIGSTORE_GATE]: 'sign the mirrors' };
  test.each<Row>([
    { name: 'none', plan: {}, expected: 'yes' },
    { name: 'not exported', plan: { gates: null }, expected: 'unknown', says: 'admin-gates' },
    { name: 'closed', plan: { gates: closed }, expected: 'no', says: `"${SIGSTORE_GATE}":"true"` },
    { name: 'acknowledged', plan: { gates: closed, acknowledged: { [SIGSTORE_GATE]: 'true' } }, expected: 'yes' },
    { name: 'refused', plan: { gates: closed, acknowledged: { [SIGSTORE_GATE]: 'false' } }, expected: 'no' },
    {
      name: 'closed, and what was acknowledged is not exported',
      plan: { gates: closed, acknowledged: null },
      expected: 'unknown',
    },
    { name: 'of another version', plan: { gates: { 'ack-4.19-x-in-4.20': 'x' } }, expected: 'yes' },
    {
      name: 'another one of this version',
      plan: { gates: { 'ack-4.20-kube-1.34-in-4.21': 'x' } },
      expected: 'no',
      says: 'kube-1.34',
    },
    {
      name: 'one of two',
      plan: { gates: { ...closed, 'ack-4.20-b': 'x' }, acknowledged: { 'ack-4.20-b': 'true' } },
      expected: 'no',
    },
    {
      name: 'a key that would end the command',
      plan: { gates: { "ack-4.20-x'; rm -rf ~; '": 'x' } },
      expected: 'unknown',
      says: 'no API server takes',
    },
    {
      name: 'none on the way to 4.22',
      to: '4.22',
      plan: { version: '4.21.3' },
      expected: 'yes',
      says: 'nothing in the cluster warns',
    },
    {
      name: 'about boot images on the way to 4.22',
      to: '4.22',
      plan: { version: '4.21.3', gates: { 'ack-4.21-boot-image-opt-out-in-4.22': 'x' } },
      expected: 'no',
    },
    { name: 'no version', plan: { version: '' }, expected: 'unknown' },
  ])('$name: $expected', (row) => {
    const found = checkGates(site(row.plan), findDemands(row.to ?? '4.21'));
    expect(show(found, row)).toEqual(toShow(row));
    expect(found.commands.join()).not.toContain('rm -rf');
  });
});

describe('what the cluster says against it', () => {
  const condition = (status: string, reason = 'PoolUpdating') => ({ status, reason, message: 'a pool is not ready' });
  test.each<Row>([
    { name: 'nothing', plan: {}, expected: 'yes' },
    { name: 'it may', plan: { upgradeable: condition('True') }, expected: 'yes' },
    { name: 'an operator', plan: { upgradeable: condition('False') }, expected: 'no', says: 'a pool is not ready' },
    {
      name: 'a gate alone, which has a line of its own',
      plan: { upgradeable: condition('False', 'AdminAckRequired') },
      expected: 'yes',
    },
    { name: 'several reasons', plan: { upgradeable: condition('False', 'MultipleReasons') }, expected: 'no' },
    { name: 'not known', plan: { upgradeable: condition('Unknown') }, expected: 'unknown' },
    {
      name: 'an override',
      plan: { overrides: [{ kind: 'Deployment', group: 'apps', namespace: 'a', name: 'b', unmanaged: true }] },
      expected: 'no',
      says: 'Deployment a/b',
    },
    {
      name: 'an override that was taken back',
      plan: { overrides: [{ kind: 'Deployment', group: 'apps', namespace: 'a', name: 'b', unmanaged: false }] },
      expected: 'yes',
    },
  ])('$name: $expected', (row) => {
    expect(show(checkUpgradeable(site(row.plan)), row)).toEqual(toShow(row));
  });
});

describe('first boot', () => {
  const keyed = makeKeyPolicy();
  const certified = makeCertificatePolicy();
  test.each<Row & { readonly policies?: readonly object[]; readonly named?: string }>([
    { name: 'installed with 4.18', plan: {}, expected: 'yes' },
    { name: 'installed with 4.12', plan: { history: ['4.20.5', '4.12.0'] }, expected: 'yes' },
    { name: 'installed with 4.11', plan: { history: ['4.20.5', '4.11.9'] }, expected: 'unknown', says: '--boot-image' },
    {
      name: 'installed with 4.6, and a boot image of 4.18',
      plan: { history: ['4.6.1'] },
      named: '4.18',
      expected: 'yes',
    },
    { name: 'a boot image of 4.8', plan: {}, named: '4.8', expected: 'no', says: 'read no Sigstore signatures' },
    { name: 'no history', plan: { history: [] }, expected: 'unknown' },
    {
      name: 'a policy by certificates and 4.13',
      plan: {},
      named: '4.13',
      policies: [certified],
      expected: 'no',
      says: 'sigstoreSigned.fulcio',
    },
    { name: 'a policy by certificates and 4.14', plan: {}, named: '4.14', policies: [certified], expected: 'yes' },
    { name: 'a policy by a key and 4.12', plan: {}, named: '4.12', policies: [keyed], expected: 'yes' },
  ])('$name: $expected', ({ policies = [], named, ...row }) => {
    const inForce = site({ more: policies }).policies.map(({ policy }) => policy);
    expect(inForce).toHaveLength(policies.length);
    expect(show(checkFirstBoot(site(row.plan), { named, policies: inForce }), row)).toEqual(toShow(row));
  });
});

describe('policies of the site', () => {
  test.each<Row>([
    { name: 'none', plan: {}, expected: 'yes' },
    { name: 'one by a key', plan: { more: [makeKeyPolicy()] }, expected: 'yes', says: 'registry.example.com/acme' },
    { name: 'one by certificates', plan: { more: [makeCertificatePolicy()] }, expected: 'yes' },
  ])('$name: $expected', (row) => {
    const { policies } = site(row.plan);
    expect(
      show(
        checkPolicies(
          policies.map(({ policy }) => policy),
          findDemands('4.21'),
        ),
        row,
      ),
    ).toEqual(toShow(row));
  });

  test('one that cannot be read is a fault of the exports', () => {
    const { faults, policies } = site({ more: [{ ...makeKeyPolicy(), spec: { scopes: [] } }] });
    expect([policies.length, faults.length]).toEqual([0, 1]);
    expect(checkFiles(site({ more: [{ ...makeKeyPolicy(), spec: { scopes: [] } }] })).map(answerOf)).toEqual([
      'unknown',
    ]);
  });

  test('without the pools their rollout is not known', () => {
    const state = site({ more: [makeKeyPolicy()] });
    const policies = state.policies.map(({ policy }) => policy);
    expect(answerOf(checkLive(state, policies))).toBe('unknown');
    expect(answerOf(checkLive(state, []))).toBe('yes');
    const pool = {
      apiVersion: 'machineconfiguration.openshift.io/v1',
      kind: 'MachineConfigPool',
      metadata: { name: 'worker' },
      spec: {},
      status: {},
    };
    const withPool = site({ more: [makeKeyPolicy(), pool] });
    expect(withPool.faults).toEqual([]);
    expect(answerOf(checkLive(withPool, policies))).not.toBe('yes');
  });
});

describe('a registry in the cluster', () => {
  const internal = {
    apiVersion: 'machineconfiguration.openshift.io/v1alpha1',
    kind: 'InternalReleaseImage',
    metadata: { name: 'cluster' },
  };
  const release = 'quay.io/openshift-release-dev/ocp-release';
  test.each<Row>([
    { name: 'none', to: '4.22', plan: {}, expected: 'yes' },
    { name: 'before nodes pull from it', to: '4.21', plan: { more: [internal] }, expected: 'yes' },
    { name: 'one that was not read', to: '4.22', plan: { more: [internal] }, expected: 'unknown', says: ':22625' },
    {
      name: 'one that a mirror set names',
      to: '4.22',
      plan: { more: [internal], mirrors: { [release]: ['api-int.example.com:22625/openshift/release-images'] } },
      expected: 'yes',
    },
  ])('$name: $expected', (row) => {
    const sources = [{ repository: parseRepository(release) }];
    expect(show(checkInternalRegistry(site(row.plan), findDemands(row.to ?? '4.21'), sources), row)).toEqual(
      toShow(row),
    );
  });
});

describe('the release that is offered', () => {
  const offer = (version: string) => ({
    version,
    image: `quay.io/openshift-release-dev/ocp-release@sha256:${version.replaceAll(/\D/g, '').padStart(64, '0')}`,
  });
  test.each([
    { name: 'the latest of the version', versions: ['4.21.2', '4.21.10', '4.22.1', '4.20.9'], expected: '4.21.10' },
    { name: 'a candidate comes before the release', versions: ['4.21.0-rc.1', '4.21.0'], expected: '4.21.0' },
    { name: 'none', versions: ['4.20.9', '4.210.1'], expected: undefined },
  ])('$name', ({ versions, expected }) => {
    expect(chooseRelease(site({ offered: versions.map(offer) }), '4.21')?.version).toBe(expected);
  });
});

describe('exports', () => {
  let work = '';
  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'signet-site-'));
  });
  afterAll(async () => {
    await rm(work, { recursive: true });
  });
  const readAt = async (place: string) => {
    const folder = await listExport(place, OF_SITE);
    return parseSite(folder.cluster, await readClusterFiles(folder, OF_SITE));
  };
  const gathered = {
    'x/cluster-scoped-resources/config.openshift.io/clusterversions/version.yaml': makeSite({
      gates: null,
      acknowledged: null,
    }),
    'x/cluster-scoped-resources/config.openshift.io/clusterimagepolicies/acme.yaml': JSON.stringify(makeKeyPolicy()),
    'x/namespaces/openshift-config-managed/core/configmaps.yaml': JSON.stringify(
      configMap('openshift-config-managed', 'admin-gates', { [SIGSTORE_GATE]: 'x' }),
    ),
    'x/namespaces/openshift-config/core/configmaps.yaml': JSON.stringify(
      configMap('openshift-config', 'admin-acks', {}),
    ),
    'x/namespaces/openshift-etcd/core/configmaps.yaml': 'not read: [',
  };

  test('a must-gather, as a folder and as an archive, shows what is needed', async () => {
    for (const [name, text] of Object.entries(gathered)) {
      await mkdir(path.dirname(path.join(work, 'gathered', name)), { recursive: true });
      await writeFile(path.join(work, 'gathered', name), text);
    }
    const entries = Object.entries(gathered).map(([name, body]) => ({
      header: { name, size: Buffer.byteLength(body), type: 'file' as const },
      body,
    }));
    const archive = path.join(work, 'must-gather.tar.gz');
    await writeFile(archive, gzipSync(await packTar(entries)));
    for (const place of [path.join(work, 'gathered'), archive]) {
      const { version, gates, acknowledged, policies, faults } = await readAt(place);
      expect([version, Object.keys(gates ?? {}), acknowledged, policies.length, faults]).toEqual([
        '4.20.5',
        [SIGSTORE_GATE],
        {},
        1,
        [],
      ]);
    }
  });

  const whole = makeSite({ gates: { [SIGSTORE_GATE]: 'x' }, more: [makeKeyPolicy()] });
  const pretty = JSON.stringify(JSON.parse(whole), null, 2);
  test.each([
    { name: 'JSON, in one line', text: whole },
    { name: 'JSON, in lines', text: pretty },
  ])('cut anywhere ($name) they are never taken for whole', ({ text }) => {
    for (let at = 1; at < text.length - 1; at += 41) {
      const state = read(text.slice(0, at));
      const findings = [
        ...checkFiles(state),
        checkVersion(state, findDemands('4.21')),
        checkGates(state, findDemands('4.21')),
      ];
      expect([at, concludeSite(findings)]).toEqual([at, expect.stringMatching(/^(?:not ready|unknown)$/)]);
    }
  });

  test.each<[string, (text: string) => string | Buffer]>([
    ['JSON', (text) => text.slice(0, text.length / 2)],
    ['JSON in lines', (text) => JSON.stringify(JSON.parse(text), null, 2).slice(0, text.length / 2)],
    ['YAML', (text) => toYaml(text).slice(0, text.length / 2)],
    ['YAML in the kind of the list', (text) => toYaml(text).slice(0, -3)],
    ['an archive', (text) => gzipSync(text).subarray(0, 200)],
  ])('cut in half, as %s, they are a wrong call: the file and the reason, and nothing else', async (form, cut) => {
    const folder = path.join(work, `half-${form}`);
    await mkdir(folder);
    const name = form === 'an archive' ? 'site.json.gz' : form.startsWith('YAML') ? 'site.yaml' : 'site.json';
    await writeFile(path.join(folder, name), cut(makeSite({ gates: { [SIGSTORE_GATE]: 'x' } })));
    await writeFile(path.join(folder, 'whole.json'), makeSite());
    const asked = ['--digest', `sha256:${'0'.repeat(64)}`, '--cluster', folder, '--trust', FIXTURE_TRUST];
    const { status, stdout, stderr } = await runSignet(['readiness', '--to', '4.21', ...asked]);
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining(name)]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('YAML whose end with the kind of the list is gone is a fault, with the file and the line', () => {
    const { faults } = read(
      'apiVersion: v1\nitems:\n- apiVersion: config.openshift.io/v1\n  kind: ImageDigestMirrorSet\n',
    );
    expect(faults).toEqual([expect.stringContaining('site.yaml:1: an object without a kind')]);
  });

  test('two objects of one name that differ are a fault', () => {
    const { faults } = site({ more: [configMap('openshift-config', 'admin-acks', { [SIGSTORE_GATE]: 'true' })] });
    expect(faults).toEqual([expect.stringContaining('ConfigMap admin-acks occurs twice')]);
  });

  test.each([
    { name: 'a folder that is not there', cluster: 'nowhere', status: 2 },
    { name: 'a folder of exports that offer nothing', cluster: 'empty', status: 2 },
  ])('$name: exit $status', async ({ cluster, status }) => {
    await mkdir(path.join(work, 'empty'), { recursive: true });
    await writeFile(path.join(work, 'empty/site.yaml'), makeSite());
    const ran = await runSignet([
      'readiness',
      '--to',
      '4.21',
      '--cluster',
      path.join(work, cluster),
      '--trust',
      FIXTURE_TRUST,
    ]);
    expect([ran.status, ran.stdout]).toEqual([status, '']);
  });
});
