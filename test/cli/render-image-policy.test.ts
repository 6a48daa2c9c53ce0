import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { parseClusterImagePolicy } from '../../lib/trust/policy/parse-cluster-image-policy.ts';
import { type Run, runSignet, toOverridden } from '../support/run-signet.ts';

const FIXTURES = path.join(import.meta.dirname, '../fixtures/cosign/keys');
const KEY = path.join(FIXTURES, 'p256.pub');
const OTHER = path.join(FIXTURES, 'rsa4096.pub');
const ROOTS = path.join(FIXTURES, 'root.crt');
const APP = 'registry.example.com/shop';
let work = '';
const at = (name: string): string => path.join(work, name);

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-image-policy-'));
  const root = await readFile(ROOTS, 'utf8');
  await writeFile(at('noted.pub'), `the key of the shop\r\n\r\n${await readFile(KEY, 'utf8')}`);
  await writeFile(at('many.crt'), root.repeat(Math.ceil(8192 / root.length)));
  await writeFile(at('endless.crt'), root.repeat(Math.ceil(32_768 / root.length)));
  await writeFile(at('ml-dsa.pub'), generateKeyPairSync('ml-dsa-65').publicKey.export({ type: 'spki', format: 'pem' }));
  const pem = { type: 'pkcs8', format: 'pem' } as const;
  await writeFile(at('private.key'), generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pem));
  await writeFile(at('ed25519.pub'), await readFile(path.join(FIXTURES, 'ed25519.pub')));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

const render = (...args: readonly string[]): Promise<Run> =>
  runSignet(['render', 'image-policy', ...toOverridden(['--name', 'shop'], args), ...args]);
const byKey = ['--scope', APP, '--key', KEY];
const TWO_MIRRORS = `mirror.example.com/shop=${APP} --remap other.example.com=registry.example.org`;
const withMirrors = [...byKey, ...`--scope registry.example.org --remap ${TWO_MIRRORS}`.split(' ')];
const EXCEPTING = `--except legacy=${APP}/old --except legacy=${APP}/older --except-key legacy=${OTHER}`.split(' ');
const pki = (file: string): readonly string[] => ['--scope', APP, '--pki-roots', file, '--email', 'a@shop.example'];
const fulcio = ['--fulcio-ca', ROOTS, '--oidc-issuer', 'https://issuer.example', '--email', 'a@shop.example'];

describe('signet render image-policy writes', () => {
  test.each<[name: string, args: () => readonly string[], kinds: readonly string[]]>([
    ['one for a key', () => byKey, ['ClusterImagePolicy shop registry.example.com/shop matchRepoDigestOrExact keys']],
    [
      'one for a key and its log, by the repository alone',
      () => [...byKey, '--rekor-key', KEY, '--match', 'MatchRepository'],
      ['ClusterImagePolicy shop registry.example.com/shop matchRepository keys'],
    ],
    [
      'one for Fulcio',
      () => ['--scope', APP, ...fulcio, '--rekor-key', KEY],
      ['ClusterImagePolicy shop registry.example.com/shop matchRepoDigestOrExact fulcio'],
    ],
    [
      'one for an authority',
      () => [...pki(ROOTS), '--exact-repository', 'registry.example.com/origin'],
      ['ClusterImagePolicy shop registry.example.com/shop exactRepository pki'],
    ],
    [
      'ImagePolicies with --namespace',
      () => [...byKey, '--namespace', 'shop'],
      ['ImagePolicy shop registry.example.com/shop matchRepoDigestOrExact keys'],
    ],
    [
      'one for a mirror by its own name',
      () => ['--remap', `mirror.example.com/shop=${APP}`, '--key', KEY],
      ['ClusterImagePolicy shop mirror.example.com/shop remapIdentity keys'],
    ],
    [
      'those of mirrors and named exceptions beside it',
      () => [...withMirrors, ...EXCEPTING],
      [
        'ClusterImagePolicy shop registry.example.com/shop,registry.example.org matchRepoDigestOrExact keys',
        'ClusterImagePolicy shop-mirror-1 mirror.example.com/shop remapIdentity keys',
        'ClusterImagePolicy shop-mirror-2 other.example.com remapIdentity keys',
        'ClusterImagePolicy shop-legacy registry.example.com/shop/old,registry.example.com/shop/older matchRepoDigestOrExact keys',
      ],
    ],
    [
      'what covers the cluster’s own images, when the root is said to sign them',
      () => ['--scope', 'registry.redhat.io', '--key', KEY, '--signed', 'registry.redhat.io'],
      ['ClusterImagePolicy shop registry.redhat.io matchRepoDigestOrExact keys'],
    ],
    [
      'a wide scope that the cluster’s own policy takes release and components out of',
      () => ['--scope', 'quay.io', '--key', KEY, '--target-version', '4.22'],
      ['ClusterImagePolicy shop quay.io matchRepoDigestOrExact keys'],
    ],
    [
      'what an API after 5.0 takes',
      () => [...pki(at('many.crt')), '--target-version', '5.1'],
      ['ClusterImagePolicy shop registry.example.com/shop matchRepoDigestOrExact pki'],
    ],
    [
      'release images in a namespace of a user',
      () => ['--scope', 'quay.io', '--key', KEY, '--namespace', 'shop'],
      ['ImagePolicy shop quay.io matchRepoDigestOrExact keys'],
    ],
  ])('%s', async (_, args, kinds) => {
    const { status, stdout, stderr } = await render(...args());
    expect([status, stderr]).toEqual([0, '']);
    const read = parseAllDocuments(stdout).map((document) => parseClusterImagePolicy(document.toJS()));
    const shown = read.map(({ kind, name, scopes, requirement }) => {
      if (requirement.type !== 'sigstoreSigned') throw new Error(requirement.type);
      return `${kind} ${name} ${scopes.join(',')} ${requirement.signedIdentity.type} ${requirement.root.kind}`;
    });
    expect(shown).toEqual(kinds);
  });

  test('a key as the API takes it, whatever stands around it in the file', async () => {
    const { stdout } = await render('--scope', APP, '--key', at('noted.pub'), '-o', 'json');
    const { items } = JSON.parse(stdout) as { items: [{ spec: { policy: { rootOfTrust: object } } }] };
    const { rootOfTrust } = items[0].spec.policy;
    const keyData = (rootOfTrust as { publicKey: { keyData: string } }).publicKey.keyData;
    const pem = Buffer.from(keyData, 'base64').toString();
    expect(pem).toMatch(/^-----BEGIN PUBLIC KEY-----\n[^-]+-----END PUBLIC KEY-----\n$/);
    const format = { type: 'spki', format: 'der' } as const;
    expect(createPublicKey(pem).export(format)).toEqual(createPublicKey(await readFile(KEY)).export(format));
  });

  test('a Technology Preview where the kind is one, with a warning', async () => {
    const { status, stdout, stderr } = await render(...byKey, '--target-version', '4.18.3');
    expect([status, stdout]).toEqual([0, expect.stringContaining('config.openshift.io/v1alpha1')]);
    expect(stderr).toContain('warning: clusters of 4.18 have v1alpha1 with the feature set TechPreviewNoUpgrade alone');
  });

  test('and says which scope of an ImagePolicy does not count', async () => {
    const scope = ['--scope', 'quay.io/openshift-release-dev/ocp-release/x', '--key', KEY];
    const { status, stderr } = await render(...scope, '--namespace', 'shop', '--target-version', '4.21');
    expect([status, stderr]).toEqual([0, expect.stringContaining('the cluster’s alone counts')]);
  });
});

describe('signet render image-policy refuses, and writes nothing:', () => {
  const locked = (scope: string, ...more: readonly string[]) => ['--scope', scope, '--key', KEY, ...more];

  test.each<[name: string, args: () => readonly string[], says: string]>([
    [
      'the release',
      () => locked('quay.io/openshift-release-dev/ocp-release'),
      'ocp-release: the cluster can pull none',
    ],
    ['a component', () => locked('quay.io/openshift-release-dev/ocp-v4.0-art-dev'), 'the cluster can pull none of it'],
    ['what is around them', () => locked('quay.io'), 'quay.io covers quay.io/openshift-release-dev/ocp-release, quay'],
    [
      'one release by its digest',
      () => locked(`quay.io/openshift-release-dev/ocp-release@sha256:${'a'.repeat(64)}`),
      'aaaa covers quay.io/openshift-release-dev/ocp-release@sha256:aaaa',
    ],
    [
      'one catalog by its tag',
      () => locked('registry.redhat.io/redhat/redhat-operator-index:v4.21', '--target-version', '4.22'),
      'the cluster can pull none of it',
    ],
    ['every host of a domain', () => locked('*.io'), '*.io covers quay.io/openshift-release-dev/ocp-release'],
    ['a wildcard around catalogs', () => locked('*.redhat.io'), '*.redhat.io covers registry.redhat.io/redhat/'],
    [
      'components of 4.21',
      () => locked('quay.io', '--target-version', '4.21'),
      'quay.io covers quay.io/openshift-release-dev/ocp-v4.0-art-dev',
    ],
    [
      'the scope of the cluster’s own policy',
      () => locked('quay.io/openshift-release-dev/ocp-release', '--target-version', '4.22'),
      'can pull none',
    ],
    ['those of OKD', () => locked('quay.io/okd', '--profile', 'okd'), 'quay.io/okd/scos-release'],
    ['a namespace of the cluster', () => locked('quay.io', '--namespace', 'openshift-etcd'), 'can pull none'],
    ['what else has to be pulled', () => locked(APP, '--pull-source', `${APP}/base`), `${APP} covers ${APP}/base`],
    [
      'an exception by another key that covers them',
      () => [
        ...locked('quay.io', '--signed', 'quay.io/other'),
        '--except',
        'r=quay.io/openshift-release-dev',
        '--except-key',
        `r=${OTHER}`,
      ],
      'quay.io/openshift-release-dev covers',
    ],
    [
      'a cluster without image policies',
      () => [...byKey, '--target-version', '4.15'],
      'clusters of 4.15 have no image policies',
    ],
    [
      'PKI of 4.20',
      () => [...pki(ROOTS), '--target-version', '4.20.9'],
      'clusters of 4.20 take no PKI in image policies, 4.21',
    ],
    ['more than today’s API takes', () => pki(at('many.crt')), 'API servers through 5.0 take 8192'],
    [
      'more than 5.0 takes',
      () => [...pki(at('many.crt')), '--target-version', '5.0'],
      'API servers through 5.0 take 8192',
    ],
    ['more than coming ones take', () => [...pki(at('endless.crt')), '--target-version', '5.1'], 'the API takes 32768'],
    [
      'a key of ML-DSA',
      () => ['--scope', APP, '--key', at('ml-dsa.pub')],
      'a key of the kind ML-DSA-65, which no node can use yet',
    ],
    ['a log of Ed25519', () => [...byKey, '--rekor-key', at('ed25519.pub')], 'a Rekor key that is not for ECDSA'],
    [
      'a workflow as e-mail',
      () => ['--scope', APP, '--pki-roots', ROOTS, '--email', 'https://github.com/a/b@main'],
      'is no email address',
    ],
    [
      'an exception that nobody signs',
      () => [...byKey, '--except', `legacy=${APP}/old`],
      'no image policy can let registry.example.com/shop/old through unsigned',
    ],
    [
      'an exception elsewhere',
      () => [...byKey, '--except', 'x=other.example.com', '--except-key', `x=${OTHER}`],
      'no scope of the policy covers',
    ],
    [
      'a scope that the API does not take',
      () => ['--scope', 'Registry.Example.com/shop', '--key', KEY],
      'write "registry.example.com/shop"',
    ],
    ['a scope without a host', () => ['--scope', 'shop', '--key', KEY], 'spec.scopes[0]'],
    ['everything', () => ['--scope', '*', '--key', KEY], 'spec.scopes[0]'],
  ])('%s', async (_, args, says) => {
    const { status, stdout, stderr } = await render(...args());
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(says);
    expect(stderr).toContain('signet: refused: ');
  });

  test('what is forced is written with a warning', async () => {
    const { status, stdout, stderr } = await render(...locked('quay.io'), '--force');
    expect([status, stdout]).toEqual([0, expect.stringContaining('- quay.io')]);
    expect(stderr).toContain('signet: warning: forced: quay.io covers');
  });

  test.each<[name: string, args: () => readonly string[], says: string]>([
    ['a name of OpenShift', () => [...byKey, '--name', 'openshift'], 'begins with openshift, which is reserved'],
    ['one that begins so', () => [...byKey, '--name', 'openshift-shop'], 'begins with openshift, which is reserved'],
    ['no name at all', () => [...byKey, '--name', 'A_B'], 'is not a name of a Kubernetes object'],
    ['a namespace that is none', () => [...byKey, '--namespace', 'a/b'], 'is not a name of a Kubernetes object'],
    ['no scope', () => ['--key', KEY], 'name what it covers: --scope or --remap'],
    ['a scope twice', () => [...byKey, '--scope', APP], `the scope ${APP} is given twice`],
    ['no root of trust', () => ['--scope', APP], 'name one root of trust'],
    ['two roots of trust', () => [...byKey, '--pki-roots', ROOTS], 'name one root of trust'],
    ['a flag of another root', () => [...byKey, '--email', 'a@b.c'], '--email does not go with the root of trust'],
    [
      'Fulcio without its log',
      () => ['--scope', APP, ...fulcio],
      '--fulcio-ca needs --oidc-issuer, --email and --rekor-key',
    ],
    [
      'an authority without a name',
      () => ['--scope', APP, '--pki-roots', ROOTS],
      '--pki-roots needs --email or --hostname',
    ],
    ['no public key', () => ['--scope', APP, '--key', ROOTS], `--key ${ROOTS}: the key: a PEM block CERTIFICATE`],
    [
      'a private key',
      () => ['--scope', APP, '--key', at('private.key')],
      'a PEM block PRIVATE KEY is not a public key',
    ],
    ['no certificate', () => pki(KEY), `--pki-roots ${KEY}: the file: expected PEM certificates`],
    ['no file', () => ['--scope', APP, '--key', at('gone.pub')], 'cannot read'],
    [
      'a mirror without its name',
      () => [...byKey, '--remap', 'mirror.example.com'],
      '--remap: expected <mirror>=<signed name>',
    ],
    ['a key of no exception', () => [...byKey, '--except-key', `x=${OTHER}`], 'there is no exception "x"'],
    ['no version', () => [...byKey, '--target-version', 'new'], '"new" is not a version'],
    ['no repository', () => [...byKey, '--pull-source', 'shop'], '"shop" names no registry'],
  ])('%s is a wrong call', async (_, args, says) => {
    const { status, stdout, stderr } = await render(...args());
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining(says)]);
  });
});
