import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CLUSTER_VERSION_STATUS,
  COMPONENT,
  FOREIGN,
  make,
  makeClusterVersion,
  toApiPath,
} from '../../apiserver/cluster-objects.ts';
import { type ApiServer, findApiServer, type Ran, startApiServer } from '../../apiserver/start-api-server.ts';
import { FIXTURE_RELEASES, FIXTURE_TRUST } from '../../support/fixture-releases.ts';
import { runSignet } from '../../support/run-signet.ts';

const programs = findApiServer();
const KEYS = path.join(import.meta.dirname, '../../fixtures/cosign/keys');
const ACCEPTING = { default: [{ type: 'insecureAcceptAnything' }] };
const TOKEN = '5f1b9f0d6f3a4c0e8f2f6a7b8c9d0e1f';

describe.skipIf(programs === undefined)('a real API server takes', () => {
  let work: string;
  let api: ApiServer;
  const at = (name: string): string => path.join(work, name);

  beforeAll(async () => {
    if (programs === undefined) return;
    work = await mkdtemp(path.join(tmpdir(), 'signet-apply-'));
    api = await startApiServer(programs, at('api'));
    await writeFile(at('token'), TOKEN);
    const keyData = (await readFile(path.join(KEYS, 'p256.pub'))).toString('base64');
    const sigstore = { 'registry.example.com': [{ type: 'sigstoreSigned', keyData }] };
    await writeFile(at('sigstore.json'), JSON.stringify({ ...ACCEPTING, transports: { docker: sigstore } }));
    const signed = { type: 'signedBy', keyType: 'GPGKeys', keyPath: '/etc/pki/rpm-gpg/RPM-GPG-KEY-redhat-release' };
    const transports = {
      docker: { 'quay.io/openshift-release-dev': [{ type: 'insecureAcceptAnything' }], 'example.com': [signed] },
    };
    await writeFile(at('policy.json'), JSON.stringify({ ...ACCEPTING, transports }));
  }, 180_000);

  afterAll(async () => {
    await api?.close();
    if (work !== undefined) await rm(work, { recursive: true });
  });

  const service = ['webhooks', '--service', 'signet/signet'];
  const machineConfig = (): readonly string[] => [
    'machineconfig',
    '--policy',
    at('policy.json'),
    '--key-on-node',
    '/etc/pki/rpm-gpg/RPM-GPG-KEY-redhat-release',
  ];
  const imagePolicy = (...root: readonly string[]): readonly string[] =>
    ['image-policy --name shop --scope registry.example.com/shop --target-version 4.21', ...root].flatMap((part) =>
      part.split(' '),
    );
  const mirrors = ['mirror-sets', '--mirror', 'mirror.example.com/ocp/release'];

  test.each<[string, () => readonly string[]]>([
    ['signature ConfigMaps', () => ['configmaps', '--from', FIXTURE_RELEASES, '--trust', FIXTURE_TRUST]],
    ['the trust ConfigMap', () => ['trust', '--trust', FIXTURE_TRUST]],
    ['an ImageDigestMirrorSet', () => mirrors],
    ['an ImageTagMirrorSet', () => [...mirrors, '--kind', 'itms']],
    ['an ImageContentSourcePolicy', () => [...mirrors, '--kind', 'icsp']],
    ['MachineConfigs', machineConfig],
    ['MachineConfigs of old nodes', () => [...machineConfig(), '--ignition', '2.2', '--name', '52-{pool}-old']],
    ['ClusterImagePolicies', () => ['machineconfig', '--policy', at('sigstore.json'), '--target-version', '4.21']],
    [
      'a ClusterImagePolicy with mirrors and exceptions',
      () =>
        imagePolicy(
          `--key ${KEYS}/p256.pub --rekor-key ${KEYS}/rekor.pub --scope *.example.org`,
          '--remap mirror.example.com/shop=registry.example.com/shop',
          `--except old=registry.example.com/shop/old --except-key old=${KEYS}/rsa4096.pub`,
        ),
    ],
    [
      'a ClusterImagePolicy for Fulcio',
      () =>
        imagePolicy(
          `--fulcio-ca ${KEYS}/root.crt --rekor-key ${KEYS}/rekor.pub --match MatchRepository`,
          '--oidc-issuer https://issuer.example.com --email a@example.com',
        ),
    ],
    [
      'a ClusterImagePolicy for an authority',
      () =>
        imagePolicy(
          `--pki-roots ${KEYS}/root.crt --pki-intermediates ${KEYS}/chain.crt --email a@example.com`,
          '--hostname *.example.com --exact-repository registry.example.org/a',
        ),
    ],
    ['an ImagePolicy', () => imagePolicy(`--key ${KEYS}/p256.pub --namespace default`)],
    ['policies in CEL', () => ['admission-policy', '--trust', FIXTURE_TRUST]],
    ['webhooks of a Service', () => service],
    [
      'webhooks without conditions',
      () => [...service, '--no-match-conditions', '--object-selector', 'a=b', '--namespace-selector', 'c in (d)'],
    ],
    ['webhooks through the API of the cluster', () => [...service, '--aggregated']],
    ['webhooks by URL', () => ['webhooks', '--url', 'https://signet.example.com', '--token-file', at('token')]],
  ])('%s, by the client and by the server, strictly and without a warning; again changes nothing', async (_, args) => {
    const { status, stdout } = await runSignet(['render', ...args()]);
    expect(status).toBe(0);
    const versions = async (): Promise<string> => (await api.kubectl([...VERSIONS, '-f', '-'], stdout)).stdout;
    const applied: Ran[] = [];
    const seen: string[] = [];
    for (const mode of [[], [], ['--server-side'], ['--server-side']]) {
      applied.push(await api.kubectl(['apply', '--validate=strict', ...mode, '-f', '-'], stdout));
      seen.push(await versions());
    }
    const quiet = { status: 0, stderr: '' };
    expect(applied).toEqual([
      expect.objectContaining(quiet),
      expect.objectContaining({ ...quiet, stdout: expect.not.stringMatching(/configured|created/) as unknown }),
      expect.objectContaining(quiet),
      expect.objectContaining(quiet),
    ]);
    // Who owns the fields goes over from the client to the server, once.
    expect([seen[0], seen[2]]).toEqual([seen[1], seen[3]]);
    const deleted = await api.kubectl(['delete', '-f', '-'], stdout);
    expect(deleted.status).toBe(0);
  });

  test('what the guide of admission has written out', async () => {
    const guide = await readFile(path.join(import.meta.dirname, '../../../docs/guides/admission.md'), 'utf8');
    const blocks = [...guide.matchAll(/^( *)```yaml\n([\s\S]*?)^ *```/gm)].map(([, indent = '', text = '']) =>
      text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    );
    const kinds = blocks.flatMap((text) => /^kind: (\w+)/m.exec(text)?.[1] ?? []);
    expect(kinds).toEqual(expect.arrayContaining(['Service', 'NetworkPolicy', 'ValidatingWebhookConfiguration']));
    for (const text of blocks.filter((one) => !one.includes('…'))) {
      const applied = await api.kubectl(['apply', '--validate=strict', '-f', '-'], text);
      expect([applied.status, applied.stderr]).toEqual([0, '']);
    }
  });

  test('exports of its objects, which every command that reads them understands', async () => {
    const rendered = await runSignet(['render', ...machineConfig(), '--pool', 'worker']);
    await api.kubectl(['apply', '-f', '-'], rendered.stdout);
    const version = makeClusterVersion({ desiredUpdate: { image: FOREIGN } });
    const annotations = { 'hypershift.openshift.io/image-overrides': `a=${COMPONENT}` };
    const hosted = make.hostedclusters('a', { annotations });
    const deployment = make.clusterdeployments('b', { provisioning: { installerImageOverride: COMPONENT } });
    for (const object of [version, hosted, deployment]) {
      await api.kubectl(['apply', '-f', '-'], JSON.stringify(object));
    }
    const place = `${toApiPath('clusterversions', version, true)}/status`;
    const current = JSON.parse((await api.request('GET', place)).body) as object;
    await api.request('PUT', place, { ...current, status: CLUSTER_VERSION_STATUS });
    await mkdir(at('fleet/one'), { recursive: true });
    const kinds = 'clusterversions,clusterdeployments,hostedclusters,nodepools,machineconfigs,imagedigestmirrorsets';
    const exported = await api.kubectl(['get', kinds, '-A', '-o', 'yaml']);
    await writeFile(at('fleet/one/objects.yaml'), exported.stdout);
    const fleet = await runSignet(['fleet', 'check', at('fleet'), '--trust', FIXTURE_TRUST]);
    expect([fleet.status, fleet.stdout]).toEqual([1, expect.stringContaining(FOREIGN)]);
    expect(fleet.stdout).toContain(
      'HostedCluster clusters/a metadata.annotations["hypershift.openshift.io/image-overrides"]',
    );
    expect(fleet.stdout).toContain('ClusterDeployment clusters/b spec.provisioning.installerImageOverride');
    await writeFile(at('expected.yaml'), rendered.stdout);
    const pool = {
      apiVersion: 'machineconfiguration.openshift.io/v1',
      kind: 'MachineConfigPool',
      metadata: { name: 'worker' },
      spec: { machineConfigSelector: { matchLabels: { a: 'b' } } },
    };
    await api.kubectl(['apply', '-f', '-'], JSON.stringify(pool));
    const poolPath = '/apis/machineconfiguration.openshift.io/v1/machineconfigpools/worker/status';
    const stored = JSON.parse((await api.request('GET', poolPath)).body) as object;
    const status = {
      observedGeneration: 1,
      configuration: { name: 'rendered-worker-1', source: [] },
      machineCount: 1,
      updatedMachineCount: 1,
      readyMachineCount: 1,
      unavailableMachineCount: 0,
      degradedMachineCount: 0,
      conditions: [],
    };
    const put = await api.request('PUT', poolPath, { ...stored, status });
    expect([put.status, put.body]).toEqual([200, expect.anything()]);
    const state = await api.kubectl(['get', 'machineconfigpools,machineconfigs', '-o', 'yaml']);
    await writeFile(at('pool.yaml'), state.stdout);
    const rollout = await runSignet(['rollout', 'check', '--pool', at('pool.yaml'), '--expect', at('expected.yaml')]);
    expect([rollout.status, rollout.stderr]).toEqual([1, '']);
    const trust = await runSignet(['render', 'trust', '--trust', FIXTURE_TRUST]);
    await api.kubectl(['apply', '-f', '-'], trust.stdout);
    await mkdir(at('trust/ocp'), { recursive: true });
    const map = await api.kubectl([
      'get',
      'configmap',
      'release-verification',
      '-n',
      'openshift-config-managed',
      '-o',
      'yaml',
    ]);
    await writeFile(at('trust/ocp/release-verification.yaml'), map.stdout);
    expect((await runSignet(['trust', 'check', '--trust', at('trust')])).status).toBe(0);
    const denied = await api.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Nothing' }));
    expect(denied.status).toBe(1);
  });

  test('exports of pods, mirror sets and image policies, on which policies are tried', async () => {
    const policy = await runSignet(['render', ...imagePolicy(`--key ${KEYS}/p256.pub`)]);
    const own = await runSignet(['render', ...imagePolicy(`--key ${KEYS}/p256.pub --namespace default`)]);
    const mirrorSet = await runSignet(['render', ...mirrors]);
    const image = 'registry.example.com/shop/web:1';
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default' },
      spec: { automountServiceAccountToken: false, containers: [{ name: 'app', image }] },
    };
    for (const text of [own.stdout, mirrorSet.stdout, JSON.stringify(pod)]) {
      expect((await api.kubectl(['apply', '-f', '-'], text)).status).toBe(0);
    }
    await mkdir(at('running'), { recursive: true });
    const kinds = 'pods,imagedigestmirrorsets,imagepolicies,clusterimagepolicies';
    const exported = await api.kubectl(['get', kinds, '-A', '-o', 'yaml']);
    await writeFile(at('running/all.yaml'), exported.stdout);
    await writeFile(at('shop.yaml'), policy.stdout);
    const tried = await runSignet(['policy', 'try', '--policy', at('shop.yaml'), '--against', at('running')]);
    expect([tried.status, tried.stderr]).toEqual([3, '']);
    expect(tried.stdout).toContain(
      'left out  registry.example.com/shop of ImagePolicy default/shop: ClusterImagePolicy shop has registry.example.com/shop',
    );
    expect(tried.stdout).toMatch(
      /unknown +unknown +registry\.example\.com\/shop\/web:1 +registry\.example\.com\/shop +Pod web/,
    );
    await api.kubectl(['apply', '-f', '-'], policy.stdout);
    const stored = await api.kubectl(['get', 'clusterimagepolicies', '-o', 'yaml']);
    await writeFile(at('stored.yaml'), stored.stdout);
    const again = await runSignet(['policy', 'try', '--policy', at('stored.yaml'), '--against', at('running')]);
    expect([again.status, again.stdout]).toEqual([3, tried.stdout]);
  });

  test('the signature stores of a Technology Preview, as a patch', async () => {
    const preview = path.join(programs?.crds ?? '', '../crds-tech-preview');
    if (!existsSync(preview)) return;
    await api.kubectl(['apply', '--server-side', '--force-conflicts', '-f', preview]);
    await api.kubectl(['apply', '-f', '-'], JSON.stringify(makeClusterVersion({})));
    const { stdout } = await runSignet([
      'render',
      'signature-stores',
      'https://mirror.example.com/signatures',
      '-o',
      'json',
    ]);
    const patch = ['patch', 'clusterversion', 'version', '--type', 'merge', '--patch', stdout];
    const [first, second] = [await api.kubectl(patch), await api.kubectl(patch)];
    expect([first.status, first.stderr, second.stdout]).toEqual([0, '', expect.stringContaining('no change')]);
  });
});

const VERSIONS = [
  'get',
  '-o',
  'jsonpath={range .items[*]}{.metadata.resourceVersion} {end}{.metadata.resourceVersion}',
];
