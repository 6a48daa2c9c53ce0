import { describe, expect, test } from 'vitest';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { MAX_DOCUMENTS, MAX_KEYRINGS } from '../../../lib/trust/prepared/prepared-trust.ts';
import { configurationErrorOf } from '../expect-configuration-error.ts';
import {
  CA_PEM,
  file,
  IMAGE_POLICY,
  KEY,
  MIRROR_SETS,
  profile,
  TRUST_DATA,
  trustConfigMap,
} from '../sample-documents.ts';

const CANONICAL = { canonicalRepositories: ['quay.io/acme/release'] };
const TRUST = file('trust.yaml', trustConfigMap());
const PROFILE = file('profile.yaml', profile(CANONICAL));

const trustData = (url: string) => ({ 'store-b': url, 'verifier-public-key-b': KEY });

const hive = (reference: unknown) =>
  file(
    'hive.json',
    JSON.stringify({
      apiVersion: 'hive.openshift.io/v1',
      kind: 'HiveConfig',
      metadata: { name: 'hive' },
      spec: { releaseImageVerificationConfigMapRef: reference },
    }),
  );

const keyrings = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`verifier-public-key-${n}`, KEY]));

const emptyFiles = (count: number) => Array.from({ length: count }, (_, n) => file(`${n}.yaml`, '#\n'));

const withKeyrings = (count: number) =>
  file('a.yaml', trustConfigMap({ data: { 'store-a': 'https://s.example', ...keyrings(count) } }));

describe('defaults', () => {
  test('ocp from a ConfigMap alone', async () => {
    const trust = await prepareTrust('ocp', [TRUST]);
    expect(trust).toMatchObject({
      schema: 1,
      profile: 'ocp',
      verification: 'enabled',
      canonicalRepositories: ['quay.io/openshift-release-dev/ocp-release'],
      signedRepositories: ['quay.io/openshift-release-dev/ocp-release'],
      signedRepository: 'enforce',
      mode: 'enforce',
      force: 'allow',
      require: 'configured',
      bundleIdentity: 'refuse',
      graphAliases: {},
      pushSources: [],
      stores: [{ url: 'https://signatures.example/release', origin: 'store-a' }],
      storeAccess: { allowPrivateAddresses: false, allowLocal: false },
      registries: { allowed: [] },
      imagePolicies: [],
      warnings: [],
    });
    expect(trust.keyrings.map(({ name, certificates }) => [name, certificates.length])).toEqual([
      ['verifier-public-key-a', 1],
    ]);
    expect(trust.documents.map(({ name }) => name)).toEqual(['trust.yaml']);
  });

  test('a Profile document without a spec says nothing', async () => {
    const bare = file('profile.yaml', 'apiVersion: signet/v1\nkind: Profile\nmetadata: {name: ocp}\n');
    const { revision, documents, ...rest } = await prepareTrust('ocp', [bare, TRUST]);
    const { revision: other, documents: fewer, ...same } = await prepareTrust('ocp', [TRUST]);
    expect(rest).toEqual(same);
    expect([documents.length, fewer.length, revision === other]).toEqual([2, 1, false]);
  });

  test('okd has its CI registry as a signed repository and a graph alias', async () => {
    const trust = await prepareTrust('okd', [TRUST]);
    expect(trust.canonicalRepositories).toEqual(['quay.io/okd/scos-release']);
    expect(trust.signedRepositories).toEqual([
      'quay.io/okd/scos-release',
      'registry.ci.openshift.org/origin/release-scos',
    ]);
    expect(trust.graphAliases).toEqual({ 'registry.ci.openshift.org/origin/release-scos': 'quay.io/okd/scos-release' });
  });
});

describe('repositories', () => {
  const withKeys = file(
    'trust.yaml',
    trustConfigMap({ data: { ...TRUST_DATA, 'release-repository-a': ' quay.io/a/release\n' } }),
  );
  test.each([
    ['the Profile before all else', 'okd', CANONICAL, withKeys, ['quay.io/acme/release'], ['quay.io/acme/release']],
    [
      'keys of the ConfigMap before what is built in',
      'okd',
      {},
      withKeys,
      ['quay.io/a/release'],
      ['quay.io/a/release'],
    ],
    [
      'signed repositories alone keep the built-in canonical ones',
      'okd',
      { signedRepositories: ['quay.io/b/b'] },
      TRUST,
      ['quay.io/okd/scos-release'],
      ['quay.io/b/b'],
    ],
    [
      'a built-in one that is named keeps what is built in beside it',
      'okd',
      { canonicalRepositories: ['quay.io/okd/scos-release'] },
      TRUST,
      ['quay.io/okd/scos-release'],
      ['quay.io/okd/scos-release', 'registry.ci.openshift.org/origin/release-scos'],
    ],
    [
      'the same under another name, beside another repository',
      'acme',
      { canonicalRepositories: ['quay.io/okd/scos-release', 'quay.io/acme/release'] },
      TRUST,
      ['quay.io/okd/scos-release', 'quay.io/acme/release'],
      ['quay.io/okd/scos-release', 'quay.io/acme/release', 'registry.ci.openshift.org/origin/release-scos'],
    ],
    [
      'the same by a key of the ConfigMap',
      'okd',
      {},
      file(
        'trust.yaml',
        trustConfigMap({ data: { ...TRUST_DATA, 'release-repository-a': 'quay.io/okd/scos-release' } }),
      ),
      ['quay.io/okd/scos-release'],
      ['quay.io/okd/scos-release', 'registry.ci.openshift.org/origin/release-scos'],
    ],
    [
      'both named',
      'acme',
      { ...CANONICAL, signedRepositories: ['quay.io/b/b'] },
      TRUST,
      ['quay.io/acme/release'],
      ['quay.io/b/b'],
    ],
    [
      'canonical spelling, each once',
      'acme',
      { canonicalRepositories: ['QUAY.io:443/acme/release', 'quay.io/acme/release'] },
      TRUST,
      ['quay.io/acme/release'],
      ['quay.io/acme/release'],
    ],
  ])('%s', async (_name, name, spec, trust, canonical, signed) => {
    const prepared = await prepareTrust(name, [file('profile.yaml', profile(spec, name)), trust]);
    expect([prepared.canonicalRepositories, prepared.signedRepositories]).toEqual([canonical, signed]);
    expect(Object.keys(prepared.graphAliases)).toHaveLength(canonical[0]?.startsWith('quay.io/okd/') ? 1 : 0);
  });
});

test('everything that a profile may hold', async () => {
  const spec = {
    verification: 'enabled',
    ...CANONICAL,
    signedRepository: 'off',
    mode: 'warn',
    force: 'deny',
    require: 'openpgp',
    bundleIdentity: 'digest',
    platforms: ['linux/amd64', 'linux/arm64'],
    graphAliases: { 'CI.example/acme/release': 'quay.io/acme/release' },
    pushSources: [
      { source: 'ecr', registry: 'ECR.example', repository: 'acme/release', mirrorOf: 'quay.io/acme/release' },
      { source: 'quay', registry: 'quay.io', repository: 'acme/release' },
    ],
    stores: { allowPrivateAddresses: true, allowLocal: true, caFile: 'ca.pem' },
    registries: { allowed: ['QUAY.io:443', 'mirror.example:5000'] },
    ignoreKinds: ['Secret', 'ConfigMap'],
  };
  const trust = await prepareTrust('acme', [
    file('profile.yaml', profile(spec)),
    TRUST,
    file('other.yaml', 'apiVersion: v1\nkind: Secret\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n'),
    file('mirrors.yaml', MIRROR_SETS),
    file('image-policy.yaml', IMAGE_POLICY),
    file('policy.json', '{"default":[{"type":"reject"}]}'),
    file('registries.d/quay.yaml', 'docker: {quay.io: {lookaside: "https://l.example"}}\n'),
    file('registries.yml', 'default-docker: {lookaside: "https://d.example"}\n'),
    file('registries.d/README.md', 'not read'),
    file(
      'cluster.yaml',
      'apiVersion: config.openshift.io/v1\nkind: ClusterVersion\nmetadata: {name: version}\nspec: {signatureStores: [{url: "https://c.example/", ca: {name: x}}]}\n',
    ),
    file('ca.pem', `text before\n${CA_PEM}`),
    file('notes.txt', 'not read'),
  ]);
  expect(trust).toMatchObject({
    signedRepository: 'off',
    mode: 'warn',
    force: 'deny',
    require: 'openpgp',
    bundleIdentity: 'digest',
    platforms: ['linux/amd64', 'linux/arm64'],
    graphAliases: { 'ci.example/acme/release': 'quay.io/acme/release' },
    pushSources: [
      { source: 'ecr', registry: 'ecr.example', repository: 'acme/release', mirrorOf: 'quay.io/acme/release' },
      { source: 'quay', registry: 'quay.io', repository: 'acme/release' },
    ],
    stores: [{ url: 'https://c.example', origin: 'ClusterVersion/version spec.signatureStores' }],
    storeAccess: { allowPrivateAddresses: true, allowLocal: true, ca: CA_PEM },
    registries: { allowed: ['quay.io', 'mirror.example:5000'] },
    mirrorRules: [
      { source: 'quay.io/acme/release', neverContactSource: true, origin: 'ImageDigestMirrorSet/release' },
      { source: 'quay.io/acme/tools', neverContactSource: false, tagsOnly: true, origin: 'ImageTagMirrorSet/tools' },
      { source: 'quay.io/acme/old', neverContactSource: false, origin: 'ImageContentSourcePolicy/old' },
    ],
    warnings: [
      "cluster.yaml:4: ca is ignored, as clusters do: use the Profile's caFile",
      'notes.txt: not a trust document, ignored',
      'registries.d/README.md: not a trust document, ignored',
    ],
  });
  expect(trust.mirrorRules[0]).not.toHaveProperty('tagsOnly');
  expect(trust.imagePolicies.map(({ kind, name, coverage }) => [kind, name, coverage])).toEqual([
    ['ClusterImagePolicy', 'releases', { kind: 'scopes', scopes: ['quay.io/acme/release'] }],
    ['policy.json', 'policy.json', { kind: 'everything' }],
  ]);
  expect(trust.registriesD.map(({ document }) => document)).toEqual(['registries.d/quay.yaml', 'registries.yml']);
  expect(trust.documents.map(({ name }) => name)).toEqual(
    'ca.pem cluster.yaml image-policy.yaml mirrors.yaml other.yaml policy.json profile.yaml registries.d/quay.yaml registries.yml trust.yaml'.split(
      ' ',
    ),
  );
});

describe('which ConfigMap counts', () => {
  const first = file('a.yaml', trustConfigMap({ name: 'first', data: trustData('https://first.example') }));
  const second = file('b.yaml', trustConfigMap({ name: 'second', data: trustData('https://second.example') }));
  const plain = file(
    'c.yaml',
    trustConfigMap({ name: 'plain', annotated: false, data: trustData('https://plain.example') }),
  );
  const broken = file('z.yaml', trustConfigMap({ name: 'broken', data: { 'store-b': 'nonsense' } }));
  const both = file(
    'a.yaml',
    `${trustConfigMap({ name: 'x', data: trustData('https://x.example') })}\n---\n${trustConfigMap({ name: 'y' })}`,
  );
  test.each([
    ['the first by file name', [second, first], 'https://first.example', 1],
    ['the first in a file', [both], 'https://x.example', 1],
    ['a later broken one is not read', [broken, first], 'https://first.example', 1],
    [
      'the one that a HiveConfig refers to',
      [first, second, hive({ namespace: 'openshift-config-managed', name: 'second' })],
      'https://second.example',
      1,
    ],
    [
      'that one without an annotation',
      [first, plain, hive({ namespace: 'openshift-config-managed', name: 'plain' })],
      'https://plain.example',
      1,
    ],
    ['a HiveConfig that refers to none', [first, hive(null)], 'https://first.example', 0],
    ['a reference without a name', [first, hive({ namespace: 'x' })], 'https://first.example', 1],
  ])('%s', async (_name, files, url, warnings) => {
    const trust = await prepareTrust('ocp', files);
    expect(trust.stores.map((store) => store.url)).toEqual([url]);
    expect(trust.warnings).toHaveLength(warnings);
  });

  test.each([
    ['the first is broken', [file('a.yaml', trustConfigMap({ data: {} })), second], 'TrustUnusable', 'a.yaml:'],
    ['a reference without a namespace', [first, hive({ name: 'first' })], 'DocumentInvalid', 'hive.json:1: '],
    [
      'a reference to one that is not there',
      [first, hive({ namespace: 'n', name: 'first' })],
      'TrustMissing',
      'hive.json:1: ',
    ],
    [
      'an unknown member of the reference',
      [first, hive({ namespace: 'n', Name: 'first' })],
      'DocumentInvalid',
      'hive.json:1: ',
    ],
    ['one that nothing points to', [first, plain], 'KindUnknown', 'c.yaml:3: '],
  ])('refused: %s', async (_name, files, code, start) => {
    const error = await configurationErrorOf(() => prepareTrust('ocp', files));
    expect(error?.code).toBe(code);
    expect(error?.message.slice(0, start.length)).toBe(start);
  });
});

describe('revision', () => {
  test('is independent of the order of the files, and of files that do not count', async () => {
    const one = await prepareTrust('acme', [TRUST, PROFILE]);
    const two = await prepareTrust('acme', [PROFILE, file('notes.txt', 'x'), TRUST]);
    expect(two.revision).toBe(one.revision);
  });

  test('changes with a byte of a comment', async () => {
    const one = await prepareTrust('ocp', [file('a.yaml', `${trustConfigMap()}\n#a`)]);
    const two = await prepareTrust('ocp', [file('a.yaml', `${trustConfigMap()}\n#b`)]);
    expect(two.revision).not.toBe(one.revision);
  });
});

describe('limits', () => {
  test('as many keyrings and documents as are allowed', async () => {
    const trust = await prepareTrust('ocp', [withKeyrings(MAX_KEYRINGS), ...emptyFiles(MAX_DOCUMENTS - 1)]);
    expect([trust.keyrings.length, trust.documents.length]).toEqual([MAX_KEYRINGS, MAX_DOCUMENTS]);
  });

  test.each([
    ['a keyring too many', [withKeyrings(MAX_KEYRINGS + 1)], 'a.yaml:'],
    ['a file too many', [TRUST, ...emptyFiles(MAX_DOCUMENTS)], 'a profile has more than 256'],
    [
      'a document too many in one file',
      [TRUST, file('x.yaml', 'docker: {}\n---\n'.repeat(MAX_DOCUMENTS))],
      'a profile has more than 256',
    ],
  ])('%s', async (_name, documents, start) => {
    const error = await configurationErrorOf(() => prepareTrust('ocp', documents));
    expect(error?.code).toBe('LimitExceeded');
    expect(error?.message.slice(0, start.length)).toBe(start);
  });
});
