import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { KEY_PATH, KEY_TEXT } from '../cluster/render/machine-config/machine-config-example.ts';
import { type Run, runSignet } from '../support/run-signet.ts';

let work = '';
const SIGSTORE_KEY = '/etc/pki/site/cosign.pub';
const PUBLIC_KEY = readFileSync(path.join(import.meta.dirname, '../fixtures/cosign/keys/p256.pub'), 'utf8');
const RELEASE = 'quay.io/openshift-release-dev/ocp-release';

const accept = { type: 'insecureAcceptAnything' };
const bySite = { type: 'sigstoreSigned', keyPath: SIGSTORE_KEY, signedIdentity: { type: 'matchRepository' } };
const byRedHat = { type: 'signedBy', keyType: 'GPGKeys', keyPath: KEY_PATH };
const data = Buffer.from('-----BEGIN PUBLIC KEY-----\neA==\n-----END PUBLIC KEY-----\n').toString('base64');
const ofCluster = { type: 'sigstoreSigned', keyData: data, signedIdentity: { type: 'matchRepository' } };
const remap = { type: 'remapIdentity', prefix: 'mirror.example/a', signedPrefix: 'quay.io/a' };
const fulcio = {
  type: 'sigstoreSigned',
  fulcio: { caData: data, oidcIssuer: 'https://issuer.example', subjectEmail: 'a@site.example' },
  rekorPublicKeyData: data,
};
const pki = { type: 'sigstoreSigned', pki: { caRootsData: data, subjectEmail: 'a@site.example' } };

const docker = (scopes: object, byDefault: object = accept): string =>
  JSON.stringify({ default: [byDefault], transports: { docker: scopes } });

const POLICIES: Readonly<Record<string, string>> = {
  site: docker({ 'registry.site.example/a': [bySite] }),
  keyPaths: docker({ 'registry.site.example/a': [{ ...byRedHat, keyPath: undefined, keyPaths: [KEY_PATH] }] }),
  sigstoreKeyPaths: docker({ 'a.example': [{ ...bySite, keyPath: undefined, keyPaths: [SIGSTORE_KEY] }] }),
  remap: docker({ 'mirror.example': [{ ...byRedHat, signedIdentity: remap }] }),
  inDefault: JSON.stringify({ default: [{ ...ofCluster }] }),
  fulcio: docker({ 'a.example': [fulcio] }),
  rekor: docker({ 'a.example': [{ ...bySite, rekorPublicKeyData: data }] }),
  pki: docker({ 'a.example': [pki] }),
  email: docker({
    'a.example': [{ ...pki, pki: { ...pki.pki, subjectEmail: 'https://github.com/a/b/.github/x@main' } }],
  }),
  signedBy: docker({ 'registry.site.example/a': [bySite], 'registry.redhat.io': [byRedHat] }),
  rejecting: docker({ 'a.example': [bySite], 'b.example': [{ type: 'reject' }] }),
  excepting: docker({ 'a.example': [bySite], 'a.example/open': [accept] }),
  exact: docker({ 'a.example': [{ ...bySite, signedIdentity: { type: 'matchExact' } }] }),
  byDefault: docker({ 'a.example': [bySite] }, { type: 'reject' }),
  covering: docker({ 'quay.io': [bySite] }),
  nothing: docker({ 'a.example': [accept] }),
  narrower: docker({ [`${RELEASE}/x`]: [bySite], [RELEASE]: [byRedHat] }),
  cluster: docker({ [RELEASE]: [ofCluster] }),
};

async function write(name: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(work, name)), { recursive: true });
  await writeFile(path.join(work, name), text);
}

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-cli-target-'));
  for (const [name, text] of Object.entries(POLICIES)) await write(`${name}.json`, text);
  await write(`root${KEY_PATH}`, KEY_TEXT);
  await write(`root${SIGSTORE_KEY}`, PUBLIC_KEY);
  await write('attached.yaml', 'docker:\n  registry.site.example: {use-sigstore-attachments: true}\n');
  await write('partly.yaml', 'docker:\n  registry.site.example/a/b: {use-sigstore-attachments: true}\n');
  await write('off.yaml', 'docker:\n  registry.site.example/a: {use-sigstore-attachments: false}\n');
  await write('default-docker.yaml', 'default-docker: {use-sigstore-attachments: true}\n');
  await write('redhat.yaml', 'docker:\n  registry.redhat.io: {lookaside: https://a.example}\n');
  await write('registry.redhat.io.yaml', 'docker:\n  registry.redhat.io: {lookaside: https://a.example}\n');
  await write('release.yaml', `docker:\n  ${RELEASE}: {use-sigstore-attachments: true}\n`);
  await write(
    'components.yaml',
    'docker:\n  quay.io/openshift-release-dev/ocp-v4.0-art-dev: {lookaside: https://a.example}\n',
  );
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

/** Every key that a policy here names is given, and the ones that it does not name are not. */
async function render(policy: string, ...args: readonly string[]): Promise<Run> {
  return runSignet(['render', 'machineconfig', '--policy', `${policy}.json`, '--root', 'root', ...args], { cwd: work });
}

describe('what nodes of a version cannot read', () => {
  test.each<[policy: string, target: readonly string[], member: string]>([
    ['keyPaths', ['--target-version', '4.8'], 'nodes of 4.8 do not know signedBy.keyPaths'],
    ['keyPaths', ['--target-version', '4.11.9'], 'signedBy.keyPaths'],
    ['keyPaths', ['--ignition', '2.2'], 'nodes before 4.6 do not know signedBy.keyPaths'],
    ['site', ['--target-version', '4.11'], 'do not know sigstoreSigned '],
    ['site', ['--ignition', '2.2'], 'do not know sigstoreSigned '],
    ['inDefault', ['--target-version', '4.8'], 'default[0].type: nodes of 4.8 do not know sigstoreSigned'],
    ['sigstoreKeyPaths', ['--target-version', '4.12'], 'sigstoreSigned.keyPaths (nodes of 4.18 do)'],
    ['sigstoreKeyPaths', ['--target-version', '4.17'], 'sigstoreSigned.keyPaths'],
    ['remap', ['--target-version', '4.7'], 'do not know remapIdentity (nodes of 4.8 do)'],
    ['fulcio', ['--target-version', '4.13'], 'sigstoreSigned.fulcio (nodes of 4.14 do)'],
    ['rekor', ['--target-version', '4.12'], 'sigstoreSigned.rekorPublicKeyData'],
    ['pki', ['--target-version', '4.19'], 'sigstoreSigned.pki (nodes of 4.20 do)'],
  ])('%s %j: exit 1, naming %s', async (policy, target, member) => {
    const refused = await render(policy, ...target);
    expect([refused.status, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain(member);
    expect(refused.stderr).toContain('the whole policy is invalid there, and no image can be pulled');
    const forced = await render(policy, ...target, '--force');
    expect(forced.status).toBe(0);
    expect(forced.stderr).toContain(`signet: warning: forced: `);
  });

  test.each<[policy: string, target: readonly string[]]>([
    ['keyPaths', ['--target-version', '4.12']],
    ['keyPaths', []],
    ['site', ['--target-version', '4.12']],
    ['sigstoreKeyPaths', ['--target-version', '4.18']],
    ['sigstoreKeyPaths', ['--target-version', '4.20.3']],
    ['remap', ['--target-version', '4.8']],
    ['fulcio', ['--target-version', '4.14']],
    ['pki', ['--target-version', '4.20']],
    ['pki', ['--ignition', '2.2', '--target-version', '4.20']],
  ])('%s %j is read', async (policy, target) => {
    expect((await render(policy, ...target)).status).toBe(0);
  });

  test('is said before a key is asked for, which --force needs', async () => {
    const args = ['render', 'machineconfig', '--policy', 'keyPaths.json', '--target-version', '4.8'];
    const refused = await runSignet(args, { cwd: work });
    expect([refused.status, refused.stderr.includes('signedBy.keyPaths')]).toEqual([1, true]);
    const forced = await runSignet([...args, '--force'], { cwd: work });
    expect([forced.status, forced.stdout]).toEqual([2, '']);
    expect(forced.stderr).toContain(`the policy names ${KEY_PATH}, which is not given`);
  });

  test('a scope that nothing serves is warned of, although a key is missing', async () => {
    const { status, stderr } = await runSignet(['render', 'machineconfig', '--policy', 'site.json'], { cwd: work });
    expect(status).toBe(2);
    expect(stderr).toContain('registry.site.example/a requires Sigstore signatures, and no file of registries.d');
    expect(stderr).toContain(`${SIGSTORE_KEY}, which is not given`);
  });

  test.each(['4', 'latest', '4.021'])('%s is no version: exit 2', async (version) => {
    const { status, stderr } = await render('site', '--target-version', version);
    expect([status, stderr.includes('is not a version')]).toEqual([2, true]);
  });
});

describe('sections of registries.d that nodes have already', () => {
  test.each<[files: readonly string[], target: readonly string[], fault: string]>([
    [['redhat.yaml'], [], 'RHEL CoreOS has this section in registry.redhat.io.yaml'],
    [['default-docker.yaml'], ['--target-version', '4.16'], 'RHEL CoreOS has this section in default.yaml'],
    [
      ['release.yaml'],
      ['--target-version', '4.21', '--override-cluster-policy', 'cluster.json'],
      'sigstore-registries',
    ],
    [
      ['components.yaml'],
      ['--target-version', '4.22', '--override-cluster-policy', 'cluster.json'],
      'leave the section',
    ],
  ])('%j %j: exit 1', async (files, target, fault) => {
    const given = files.flatMap((file) => ['--registries-d', file]);
    const { status, stdout, stderr } = await render('site', ...given, ...target);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(fault);
  });

  test.each<[files: readonly string[], target: readonly string[]]>([
    [['registry.redhat.io.yaml'], []],
    [['release.yaml'], ['--target-version', '4.20']],
    [['components.yaml'], ['--target-version', '4.21', '--override-cluster-policy', 'cluster.json']],
  ])('%j %j is written', async (files, target) => {
    const given = files.flatMap((file) => ['--registries-d', file]);
    expect((await render('site', ...given, ...target)).status).toBe(0);
  });

  test('lookaside is ignored by old nodes', async () => {
    const { status, stderr } = await render(
      'remap',
      '--registries-d',
      'registry.redhat.io.yaml',
      '--target-version',
      '4.11',
    );
    expect([status, stderr.includes('nodes of 4.11 ignore lookaside: write sigstore')]).toEqual([0, true]);
  });
});

describe('warnings', () => {
  const unserved = 'registry.site.example/a requires Sigstore signatures, and no file of registries.d';
  test.each<[name: string, files: readonly string[], isWarned: boolean]>([
    ['no file', [], true],
    ['one that says it around the scope', ['attached.yaml'], false],
    ['one that says it for a part of the scope', ['partly.yaml'], true],
    ['one that says false for the scope', ['attached.yaml', 'off.yaml'], true],
  ])('a sigstoreSigned scope and %s', async (_, files, isWarned) => {
    const { status, stderr } = await render('site', ...files.flatMap((file) => ['--registries-d', file]));
    expect([status, stderr.includes(unserved)]).toEqual([0, isWarned]);
  });

  test('the default has no scope', async () => {
    expect((await render('inDefault')).stderr).toContain('the default requires Sigstore signatures, and no file');
  });

  test('an e-mail identity that is a URL', async () => {
    const { status, stderr } = await render('email');
    expect(status).toBe(0);
    expect(stderr).toContain('warning: a.example: the subjectEmail https://github.com/a/b/.github/x@main is a URL');
  });
});

describe('from 4.21 on', () => {
  const toObjects = ({ stdout }: Run) => parseAllDocuments(stdout).map((document) => document.toJS() as object);

  test('sigstoreSigned scopes are a ClusterImagePolicy, and no policy.json is written', async () => {
    const run = await render('site', '--registries-d', 'attached.yaml', '--target-version', '4.21.2');
    expect(run.status).toBe(0);
    expect(run.stderr).toContain('this is a ClusterImagePolicy, and no MachineConfig');
    expect(run.stderr).toContain('the given files are left out');
    const keyData = Buffer.from(PUBLIC_KEY).toString('base64');
    expect(toObjects(run)).toEqual([
      {
        apiVersion: 'config.openshift.io/v1',
        kind: 'ClusterImagePolicy',
        metadata: { name: 'signet-policy' },
        spec: {
          scopes: ['registry.site.example/a'],
          policy: {
            rootOfTrust: { policyType: 'PublicKey', publicKey: { keyData } },
            signedIdentity: { matchPolicy: 'MatchRepository' },
          },
        },
      },
    ]);
  });

  test.each<[policy: string, fault: string]>([
    ['signedBy', 'registry.redhat.io: a ClusterImagePolicy cannot say signedBy'],
    ['rejecting', 'b.example: a ClusterImagePolicy cannot say reject'],
    ['excepting', 'a.example/open: a ClusterImagePolicy for a.example cannot except it'],
    ['exact', 'a.example: a ClusterImagePolicy cannot say the identity matchExact'],
    ['byDefault', 'the default: a ClusterImagePolicy cannot say reject'],
    ['inDefault', 'the default: a ClusterImagePolicy needs scopes of registries'],
    ['nothing', 'the policy requires nothing of any image'],
  ])('%s cannot be said: exit 1', async (policy, fault) => {
    const { status, stdout, stderr } = await render(policy, '--target-version', '4.21');
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(fault);
  });

  test('one that covers release images is warned of', async () => {
    const { status, stderr } = await render('covering', '--target-version', '5.0');
    expect(status).toBe(0);
    expect(stderr).toContain(`quay.io covers ${RELEASE}: nodes can pull none that its own root`);
  });

  test.each([
    [['--name', 'openshift-site'], 'begins with openshift, which is reserved'],
    [['--name', '51-{pool}-x'], 'leave {pool} out of --name'],
  ])('%j: exit 2', async (args, fault) => {
    const { status, stderr } = await render('site', '--target-version', '4.21', ...args);
    expect([status, stderr.includes(fault)]).toEqual([2, true]);
  });
});

interface Written {
  readonly spec: {
    readonly config: {
      readonly storage: { readonly files: readonly { readonly path: string; readonly contents: { source: string } }[] };
    };
  };
}

describe('--override-cluster-policy', () => {
  const OVERRIDE = ['--target-version', '4.21', '--override-cluster-policy', 'cluster.json', '--pool', 'worker'];
  const readPolicy = ({ stdout }: Run) => {
    const [manifest] = parseAllDocuments(stdout).map((document) => document.toJS() as Written);
    const file = manifest?.spec.config.storage.files.find((one) => one.path === '/etc/containers/policy.json');
    return JSON.parse(Buffer.from(file?.contents.source.split(',')[1] ?? '', 'base64').toString()) as {
      transports: { docker: Readonly<Record<string, readonly object[]>> };
    };
  };

  test('keeps the scopes of the cluster, and sorts last', async () => {
    const run = await render('signedBy', ...OVERRIDE);
    expect(run.status).toBe(0);
    expect(run.stdout).toContain('name: 99-worker-signet-policy');
    expect(Object.entries(readPolicy(run).transports.docker)).toEqual([
      ['registry.site.example/a', [bySite]],
      ['registry.redhat.io', [byRedHat]],
      [RELEASE, [ofCluster]],
    ]);
  });

  test('what the cluster requires stays required where both have a scope, and a part of it is warned of', async () => {
    const run = await render('narrower', ...OVERRIDE);
    expect(readPolicy(run).transports.docker[RELEASE]).toEqual([ofCluster, byRedHat]);
    expect(run.stderr).toContain(`${RELEASE}/x is within ${RELEASE} of the cluster’s policy`);
  });

  test.each<[name: string, args: readonly string[], fault: string]>([
    ['a name that sorts before', [...OVERRIDE, '--name', '51-{pool}-x'], '99-worker-generated-registries sorts after'],
    ['no target', ['--override-cluster-policy', 'cluster.json'], 'goes with a --target-version of 4.21 or later'],
    ['an older target', ['--target-version', '4.20', '--override-cluster-policy', 'cluster.json'], 'goes with a'],
    [
      'a policy that is not a cluster’s',
      ['--target-version', '4.21', '--override-cluster-policy', 'site.json'],
      'site.json requires no Sigstore signature of quay.io',
    ],
  ])('%s: exit 2', async (_, args, fault) => {
    const { status, stdout, stderr } = await render('site', ...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(fault);
  });
});
