import { describe, expect, test } from 'vitest';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { configurationErrorOf } from '../expect-configuration-error.ts';
import { file, IMAGE_POLICY, MIRROR_SETS, profile, trustConfigMap } from '../sample-documents.ts';

const TRUST = file('trust.yaml', trustConfigMap());
const CANONICAL = { canonicalRepositories: ['quay.io/acme/release'] };

async function refusal(name: string | undefined, files: Parameters<typeof prepareTrust>[1]) {
  return configurationErrorOf(() => prepareTrust(name, files));
}

const clusterVersion = (stores: string) =>
  `apiVersion: config.openshift.io/v1\nkind: ClusterVersion\nmetadata: {name: version}\nspec:\n  signatureStores:${stores}\n`;

const imagePolicy = (from: string | RegExp, to: string) => IMAGE_POLICY.replace(from, to);

const withSpec = (spec: object) => file('profile.yaml', profile({ ...CANONICAL, ...spec }));

describe('other documents', () => {
  test.each([
    ['an unknown kind', 'apiVersion: v1\nkind: Secret\n', 'KindUnknown', 'x.yaml:2: the kind Secret (v1) is not known'],
    ['a kind without apiVersion', 'kind: Secret\n', 'KindUnknown', 'x.yaml:1: '],
    ['an apiVersion that is a list', 'apiVersion: [v1]\nkind: ConfigMap\n', 'KindUnknown', 'x.yaml:2: '],
    ['a kind that is a list', 'apiVersion: v1\nkind: [ConfigMap]\n', 'KindUnknown', 'x.yaml:2: '],
    ['neither kind nor default', 'a: 1\n', 'KindUnknown', 'x.yaml:1: '],
    ['an empty mapping', '{}\n', 'KindUnknown', 'x.yaml:1: '],
    [
      'a signature ConfigMap',
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: s\n  labels:\n    release.openshift.io/verification-signatures: ""\n',
      'DocumentInvalid',
      'x.yaml:6: the ConfigMap s holds signatures: it belongs in a signature store',
    ],
    [
      'signatureStores: []',
      clusterVersion(' []'),
      'DocumentInvalid',
      'x.yaml:5: ClusterVersion spec.signatureStores is an empty array. Unset',
    ],
    [
      'a store of a cluster with a query',
      clusterVersion('\n  - url: https://a.example/?x'),
      'DocumentInvalid',
      'x.yaml:6: ',
    ],
    ['a local store of a cluster', clusterVersion('\n  - url: file:///a'), 'DocumentInvalid', 'x.yaml:6: '],
    [
      'a store of a cluster twice',
      clusterVersion('\n  - url: https://a.example\n  - url: https://a.example/'),
      'DocumentInvalid',
      'x.yaml:7: ',
    ],
    [
      '33 stores of a cluster',
      clusterVersion(Array.from({ length: 33 }, (_, n) => `\n  - url: https://${n}.example`).join('')),
      'DocumentInvalid',
      'x.yaml:5: ',
    ],
    [
      'a misspelt field of a store',
      clusterVersion('\n  - url: https://a.example\n    CA: {name: x}'),
      'DocumentInvalid',
      'x.yaml:7: ',
    ],
    [
      'a ClusterVersion whose spec is a list',
      'apiVersion: config.openshift.io/v1\nkind: ClusterVersion\nmetadata: {name: version}\nspec: []\n',
      'DocumentInvalid',
      'x.yaml:4: spec: expected an object',
    ],
    [
      'a HiveConfig whose spec is a list',
      'apiVersion: hive.openshift.io/v1\nkind: HiveConfig\nspec: []\n',
      'DocumentInvalid',
      'x.yaml:3: spec: expected an object',
    ],
    [
      'a HiveConfig whose reference is a list',
      'apiVersion: hive.openshift.io/v1\nkind: HiveConfig\nspec:\n  releaseImageVerificationConfigMapRef: []\n',
      'DocumentInvalid',
      'x.yaml:4: spec.releaseImageVerificationConfigMapRef: expected an object',
    ],
    [
      'a mirror set whose spec is a list',
      'apiVersion: config.openshift.io/v1\nkind: ImageDigestMirrorSet\nmetadata: {name: a}\nspec: []\n',
      'DocumentInvalid',
      'x.yaml:4: spec: expected an object',
    ],
    [
      'a mirror set for tags whose spec is a list',
      'apiVersion: config.openshift.io/v1\nkind: ImageTagMirrorSet\nmetadata: {name: a}\nspec: []\n',
      'DocumentInvalid',
      'x.yaml:4: spec: expected an object',
    ],
    [
      'an ImageContentSourcePolicy whose spec is a list',
      'apiVersion: operator.openshift.io/v1alpha1\nkind: ImageContentSourcePolicy\nmetadata: {name: a}\nspec: []\n',
      'DocumentInvalid',
      'x.yaml:4: spec: expected an object',
    ],
    [
      'two ClusterVersions',
      `${clusterVersion('')}---\n${clusterVersion('')}`,
      'DocumentInvalid',
      'x.yaml:7: a second ClusterVersion',
    ],
    [
      'an image policy without scopes',
      imagePolicy('  - quay.io/acme/release\n', '').replace('scopes:', 'scopes: []'),
      'DocumentInvalid',
      'x.yaml:6: spec.scopes: ',
    ],
    [
      'an image policy with 257 scopes',
      imagePolicy('  - quay.io/acme/release\n', '  - quay.io\n'.repeat(257)),
      'DocumentInvalid',
      'x.yaml:6: spec.scopes: ',
    ],
    [
      'an image policy with a bad scope',
      imagePolicy('quay.io/acme/release', '"*.*.io"'),
      'DocumentInvalid',
      'x.yaml:7: spec.scopes[0]: ',
    ],
    [
      'an image policy without a policy',
      imagePolicy(/ {2}policy:[\s\S]*/, ''),
      'DocumentInvalid',
      'x.yaml:5: spec.policy: ',
    ],
    [
      'an image policy with an unknown field',
      imagePolicy('  scopes:', '  scope: x\n  scopes:'),
      'DocumentInvalid',
      'x.yaml:6: spec.scope: ',
    ],
    ['an image policy of another API version', imagePolicy('/v1', '/v2'), 'KindUnknown', 'x.yaml:2: '],
    [
      'a mirror set with an unknown field',
      MIRROR_SETS.replace('mirrorSourcePolicy', 'mirrorPolicy'),
      'DocumentInvalid',
      'x.yaml:8: ',
    ],
    [
      'a mirror set with an unknown policy',
      MIRROR_SETS.replace('NeverContactSource', 'Never'),
      'DocumentInvalid',
      'x.yaml:8: ',
    ],
    [
      'a mirror set without a name',
      MIRROR_SETS.replace('{name: release}', '{}'),
      'DocumentInvalid',
      'x.yaml:3: metadata.name: ',
    ],
    ['a policy.json with an empty default', 'default: []\n', 'DocumentInvalid', 'x.yaml:1: default: '],
    [
      'a policy.json with an empty scope',
      'default: [{type: reject}]\ntransports:\n  docker:\n    quay.io: []\n',
      'DocumentInvalid',
      'x.yaml:4: ',
    ],
    [
      'a policy.json with an unknown member',
      'default: [{type: reject}]\ntransport: {}\n',
      'DocumentInvalid',
      'x.yaml:2: transport: unknown field',
    ],
    [
      'two policy.jsons',
      'default: [{type: reject}]\n---\ndefault: [{type: reject}]\n',
      'DocumentInvalid',
      'x.yaml:3: a second policy.json',
    ],
    [
      'registries.d with a namespace that is text',
      'docker:\n  quay.io: x\n',
      'DocumentInvalid',
      'x.yaml:2: docker.quay.io: ',
    ],
  ])('%s', async (_name, text, code, start) => {
    const error = await refusal('ocp', [file('x.yaml', text), TRUST]);
    expect(error?.code).toBe(code);
    expect(error?.message.slice(0, start.length)).toBe(start);
  });

  test('anything else in registries.d is left out, with a warning', async () => {
    const files = [file('registries.d/x.yaml', 'docker: {}\nkind: Secret\ndata: {a: b}\n'), TRUST];
    const trust = await prepareTrust('ocp', files);
    expect(trust.warnings).toContain('registries.d/x.yaml:2: kind is not known, and nodes ignore it');
    expect(trust.registriesD).toEqual([{ document: 'registries.d/x.yaml', content: { docker: {} } }]);
  });

  test('a second document of a file in registries.d is left out, with a warning', async () => {
    const text = 'docker: {a.test: {lookaside: "https://a"}}\n---\ndocker: {a.test: {lookaside: "https://b"}}\n';
    const trust = await prepareTrust('ocp', [file('registries.d/x.yaml', text), TRUST]);
    expect(trust.registriesD).toHaveLength(1);
    expect(trust.warnings).toContain(
      'registries.d/x.yaml:3: nodes read the first document of a file alone: this one is ignored',
    );
  });

  test('a member twice in registries.d, with the same value: DuplicateKey, as for nodes', async () => {
    const error = await refusal('ocp', [file('registries.d/x.yaml', 'docker: {a.test: {}, a.test: {}}\n'), TRUST]);
    expect(error?.code).toBe('DuplicateKey');
  });
});

describe('trust that requires nothing', () => {
  const policy = file('policy.yaml', IMAGE_POLICY);
  test.each([
    ['no documents', 'ocp', [], 'TrustMissing'],
    ['files that do not count', 'ocp', [file('notes.txt', 'x')], 'TrustUnusable'],
    ['neither keyrings nor policies', 'acme', [withSpec({})], 'TrustUnusable'],
    ['mirror sets alone', 'ocp', [file('m.yaml', MIRROR_SETS)], 'TrustUnusable'],
    ['openpgp required, policies alone', 'acme', [withSpec({ require: 'openpgp' }), policy], 'TrustUnusable'],
    ['sigstore required, keyrings alone', 'acme', [withSpec({ require: 'sigstore' }), TRUST], 'TrustUnusable'],
    ['no canonical repository', 'acme', [TRUST], 'TrustUnusable'],
    [
      'no canonical repository, disabled',
      'acme',
      [file('p.yaml', profile({ verification: 'disabled' }))],
      'TrustUnusable',
    ],
  ])('%s', async (_name, name, files, code) => {
    expect((await refusal(name, files))?.code).toBe(code);
  });

  test.each([
    ['verification: disabled', [withSpec({ verification: 'disabled' })]],
    ['image policies alone', [withSpec({}), policy]],
    ['sigstore required, both there', [withSpec({ require: 'sigstore' }), policy, TRUST]],
  ])('allowed: %s', async (_name, files) => {
    expect(await refusal('acme', files)).toBeUndefined();
  });
});

describe('a file without a byte', () => {
  const refusedFor = async (name: string) =>
    (await refusal('ocp', [file('a.yaml', trustConfigMap()), file(name, '')]))?.message;

  test.each(['x.yaml', 'x.yml', 'x.json'])('%s is what a copy left that broke off, and no document', async (name) => {
    expect(await refusedFor(name)).toContain('the file is empty: write it, or remove it');
  });

  test.each(['registries.d/x.yaml', 'readme.txt'])('%s is as for nodes, or no document at all', async (name) => {
    expect(await refusedFor(name)).toBeUndefined();
  });
});

describe('names of files', () => {
  test.each([
    ['twice', ['a.yaml', 'a.yaml']],
    ['up', ['../a.yaml']],
    ['absolute', ['/a.yaml']],
    ['with a line feed', ['a\nb.yaml']],
    ['empty', ['']],
  ])('%s', async (_name, names) => {
    expect(
      (
        await refusal(
          'ocp',
          names.map((name) => file(name, '')),
        )
      )?.code,
    ).toBe('DocumentInvalid');
  });
});
