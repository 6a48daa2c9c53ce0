import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { FIXTURE_RELEASES, FIXTURE_TRUST } from '../support/fixture-releases.ts';
import { runSignet, toOverridden } from '../support/run-signet.ts';

const KUSTOMIZE = path.join(import.meta.dirname, '../../deploy/kustomize');
const FOREIGN = `evil.example/my/openshift@sha256:${'5'.repeat(64)}`;

describe('a Policy of Advanced Cluster Management', () => {
  let work = '';
  const at = (...parts: readonly string[]): string => path.join(work, ...parts);

  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'signet-policy-'));
    const from = ['--from', FIXTURE_RELEASES, '--trust', FIXTURE_TRUST];
    const rendered = await runSignet(['render', 'configmaps', ...from, '--to', at('configmaps')]);
    if (rendered.status !== 0) throw new Error(rendered.stderr);
  });
  afterAll(async () => {
    await rm(work, { recursive: true });
  });

  async function renderPolicy(files: readonly string[], ...more: readonly string[]) {
    const named = toOverridden(['--name', 'p', '--namespace', 'policies'], more);
    return await runSignet(['render', 'policy', ...files, ...named, ...more]);
  }

  test.each(['yaml', 'json'])('with signature ConfigMaps is read back by bundle import, as %s', async (format) => {
    const names = (await readdir(at('configmaps'))).map((name) => at('configmaps', name));
    const { status, stdout, stderr } = await renderPolicy(names, '-o', format);
    expect([status, stderr]).toEqual([0, '']);
    await writeFile(at(`policy.${format}`), stdout);
    const to = ['--trust', FIXTURE_TRUST, '-o', 'json', '--to'];
    const direct = await runSignet(['bundle', 'import', at('configmaps'), ...to, at(`direct-${format}`)]);
    const within = await runSignet(['bundle', 'import', at(`policy.${format}`), ...to, at(`within-${format}`)]);
    expect([direct.status, within.status]).toEqual([0, 0]);
    const list = async (folder: string) => (await readdir(at(folder, 'signatures'))).toSorted();
    expect(await list(`within-${format}`)).toEqual(await list(`direct-${format}`));
    expect((await list(`within-${format}`)).length).toBeGreaterThan(0);
  });

  test.each<[name: string, kind: object, says: string]>([
    [
      'a ClusterImageSet',
      { apiVersion: 'hive.openshift.io/v1', kind: 'ClusterImageSet', spec: { releaseImage: FOREIGN } },
      'Policy policies/p: ClusterImageSet a spec.releaseImage',
    ],
    [
      'an update',
      { apiVersion: 'config.openshift.io/v1', kind: 'ClusterVersion', spec: { desiredUpdate: { image: FOREIGN } } },
      'Policy policies/p: ClusterVersion a spec.desiredUpdate.image',
    ],
    [
      'a HiveConfig that verifies nothing',
      {
        apiVersion: 'hive.openshift.io/v1',
        kind: 'HiveConfig',
        spec: { releaseImageVerificationConfigMapRef: { name: 'x', namespace: '' } },
      },
      'a of Policy policies/p',
    ],
  ])('that brings %s to a fleet is judged by fleet check', async (name, object, says) => {
    const folder = at(name.replaceAll(' ', '-'));
    await mkdir(path.join(folder, 'hub'), { recursive: true });
    await writeFile(at('object.json'), JSON.stringify({ metadata: { name: 'a' }, ...object }));
    const own = { apiVersion: 'config.openshift.io/v1', kind: 'ClusterVersion', metadata: { name: 'version' } };
    const { stdout } = await renderPolicy([at('object.json')]);
    await writeFile(path.join(folder, 'hub/all.yaml'), `${JSON.stringify(own)}\n`);
    await writeFile(path.join(folder, 'hub/policy.yaml'), stdout);
    const checked = await runSignet(['fleet', 'check', folder]);
    expect([checked.status, checked.stdout]).toEqual([1, expect.stringContaining(says)]);
    expect(checked.stdout).not.toContain('two ClusterVersions');
  });

  test('that brings the ConfigMap of a NodePool has it found', async () => {
    const folder = at('nodepool/hub');
    await mkdir(folder, { recursive: true });
    const machineConfig = {
      apiVersion: 'machineconfiguration.openshift.io/v1',
      kind: 'MachineConfig',
      metadata: { name: 'os' },
      spec: { osImageURL: FOREIGN },
    };
    const configMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'os', namespace: 'clusters' },
      data: { config: JSON.stringify(machineConfig) },
    };
    const nodePool = {
      apiVersion: 'hypershift.openshift.io/v1beta1',
      kind: 'NodePool',
      metadata: { name: 'n', namespace: 'clusters' },
      spec: { config: [{ name: 'os' }], release: { image: '' } },
    };
    await writeFile(at('os.json'), JSON.stringify(configMap));
    await writeFile(path.join(folder, 'policy.yaml'), (await renderPolicy([at('os.json')])).stdout);
    await writeFile(path.join(folder, 'pool.json'), JSON.stringify(nodePool));
    const { stdout } = await runSignet(['fleet', 'check', at('nodepool')]);
    expect(stdout).toContain('NodePool clusters/n spec.config: ConfigMap os: MachineConfig os spec.osImageURL');
  });

  test.each<[name: string, args: readonly string[], says: string]>([
    ['a label that is none', ['--label', 'x'], '--label takes NAME=VALUE'],
    ['a namespace that is none', ['--namespace', 'A B'], 'not a name of a Kubernetes object'],
  ])('with %s is a wrong call', async (_, args, says) => {
    await writeFile(at('one.json'), JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }));
    const { status, stderr } = await renderPolicy([at('one.json')], ...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(says)]);
  });
});

describe('deploy/kustomize', () => {
  test('has the webhooks that signet renders for a hub', async () => {
    const kinds = ['clusterimagesets', 'clusterdeployments', 'hostedclusters', 'nodepools'];
    const call = ['render', 'webhooks', '--service', 'signet/signet', '--aggregated', '--kind', ...kinds];
    const { stdout } = await runSignet(call);
    expect(await readFile(path.join(KUSTOMIZE, 'webhooks/webhooks.yaml'), 'utf8')).toBe(stdout);
  });

  test('gives no right by a wildcard, and no right to a whole cluster', async () => {
    const files = (await readdir(KUSTOMIZE, { recursive: true })).filter((name) => name.endsWith('.yaml'));
    const texts = await Promise.all(files.map((name) => readFile(path.join(KUSTOMIZE, name), 'utf8')));
    const objects = texts.flatMap((text) => parseAllDocuments(text).map((one) => one.toJS() as Manifest));
    const rules = objects.filter(({ kind }) => kind === 'Role').flatMap((role) => role.rules ?? []);
    expect(rules).toHaveLength(1);
    expect(rules.flatMap((rule) => Object.values(rule).flat())).not.toContain('*');
    expect(objects.map(({ kind }) => kind).filter((kind) => kind?.startsWith('ClusterRole'))).toEqual([]);
  });
});

interface Manifest {
  readonly kind?: string;
  readonly rules?: readonly Readonly<Record<string, readonly string[]>>[];
}
