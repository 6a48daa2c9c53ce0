import { describe, expect, test } from 'vitest';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { configurationErrorOf } from '../expect-configuration-error.ts';
import { CA_PEM, file, KEY, profile, TRUST_DATA, trustConfigMap } from '../sample-documents.ts';

const TRUST = file('trust.yaml', trustConfigMap());
const CANONICAL = { canonicalRepositories: ['quay.io/acme/release'] };

async function refusal(name: string | undefined, files: Parameters<typeof prepareTrust>[1]) {
  return configurationErrorOf(() => prepareTrust(name, files));
}

describe('a trust ConfigMap', () => {
  const badKey = KEY.replace(/^=....$/m, '=AAAA');
  test.each([
    ['without data', null, 'TrustUnusable', 11],
    ['without a store', { 'verifier-public-key-a': KEY }, 'TrustUnusable', 11],
    ['without a key', { 'store-a': 'https://s.example' }, 'TrustUnusable', 11],
    ['with a misspelt prefix', { 'store-a': 'https://s.example', 'verifier-public-keys-a': KEY }, 'TrustUnusable', 11],
    ['with an empty key', { 'store-a': 'https://s.example', 'verifier-public-key-a': '\n' }, 'KeyUnreadable', 13],
    ['with a key that is text', { 'store-a': 'https://s.example', 'verifier-public-key-a': 'x' }, 'KeyUnreadable', 13],
    [
      'with a key whose checksum is wrong',
      { 'store-a': 'https://s.example', 'verifier-public-key-a': badKey },
      'KeyUnreadable',
      13,
    ],
    ['with one bad store of two', { ...TRUST_DATA, 'store-b': 'ftp://s.example' }, 'DocumentInvalid', 14],
    ['with a value that is a number', { ...TRUST_DATA, x: 1 }, 'DocumentInvalid', 14],
    ['with a number called constructor', { ...TRUST_DATA, constructor: 1 }, 'DocumentInvalid', 14],
    ['with a bad repository', { ...TRUST_DATA, 'release-repository-a': 'Not A Repository' }, 'DocumentInvalid', 14],
    [
      'with a repository that has a tag',
      { ...TRUST_DATA, 'release-repository-a': 'quay.io/a/b:c' },
      'DocumentInvalid',
      14,
    ],
  ])('%s', async (_name, data, code, line) => {
    const error = await refusal('ocp', [file('trust.yaml', trustConfigMap({ data }))]);
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(new RegExp(`^trust\\.yaml:${line}: `));
  });

  test('unknown keys are warnings', async () => {
    const { warnings } = await prepareTrust('ocp', [
      file('a.yaml', trustConfigMap({ data: { ...TRUST_DATA, x: '' } })),
    ]);
    expect(warnings).toEqual(['a.yaml:14: the key "x" is not known and is ignored']);
  });
});

describe('a Profile', () => {
  const push = { source: 'ecr', registry: 'ecr.example', repository: 'a/b' };
  test.each([
    ['an unknown field', { cannonicalRepositories: [] }, 'spec.cannonicalRepositories: unknown field', 8],
    ['an unknown field deep inside', { stores: { allowlocal: true } }, 'spec.stores.allowlocal: unknown field', 9],
    ['an unknown mode', { mode: 'Warn' }, 'spec.mode: ', 8],
    ['a list for the stores', { stores: [] }, 'spec.stores: expected an object', 8],
    ['a list for the registries', { registries: [] }, 'spec.registries: expected an object', 8],
    ['a list for the graph aliases', { graphAliases: [] }, 'spec.graphAliases: expected an object', 8],
    ['verification: false', { verification: false }, 'spec.verification: ', 8],
    ['text for a boolean', { stores: { allowLocal: 'yes' } }, 'spec.stores.allowLocal: ', 9],
    ['no canonical repository in the list', { canonicalRepositories: [] }, 'spec.canonicalRepositories: ', 8],
    ['no signed repository in the list', { signedRepositories: [] }, 'spec.signedRepositories: ', 8],
    [
      'a repository with a digest',
      { signedRepositories: [`a/b@sha256:${'0'.repeat(64)}`] },
      'spec.signedRepositories[0]: ',
      9,
    ],
    ['a pattern for a repository', { canonicalRepositories: ['quay.io/acme/*'] }, 'spec.canonicalRepositories[0]: ', 9],
    ['a bad graph alias', { graphAliases: { 'A B': 'quay.io/a/b' } }, 'spec.graphAliases: ', 9],
    ['a graph alias called constructor', { graphAliases: { constructor: 1 } }, 'spec.graphAliases.constructor: ', 9],
    ['a graph alias to nowhere', { graphAliases: { 'a.example/b': '' } }, 'spec.graphAliases.a.example/b: ', 9],
    [
      'a graph alias twice',
      { graphAliases: { 'a.example/b': 'quay.io/a/b', 'A.example/b': 'quay.io/a/c' } },
      'the graph alias',
      10,
    ],
    ['an unknown push source', { pushSources: [{ ...push, source: 'gitlab' }] }, 'spec.pushSources[0].source: ', 10],
    [
      'a push source without a registry',
      { pushSources: [{ source: 'ecr', repository: 'a/b' }] },
      'spec.pushSources[0].registry: ',
      9,
    ],
    [
      'a push source with a tag',
      { pushSources: [{ ...push, repository: 'a/b:c' }] },
      'spec.pushSources[0].repository: ',
      12,
    ],
    ['a path for a host', { registries: { allowed: ['quay.io/acme'] } }, 'spec.registries.allowed[0]: ', 10],
    ['a name that is no host', { registries: { allowed: ['quay'] } }, 'spec.registries.allowed[0]: ', 10],
    ['a known kind to ignore', { ignoreKinds: ['Secret', 'ClusterImagePolicy'] }, 'ClusterImagePolicy is a kind', 10],
  ])('%s', async (_name, spec, reason, line) => {
    const error = await refusal('acme', [file('profile.yaml', profile(spec)), TRUST]);
    expect(error?.code).toBe('DocumentInvalid');
    expect(error?.message.slice(0, `profile.yaml:${line}: ${reason}`.length)).toBe(`profile.yaml:${line}: ${reason}`);
  });

  test('all faults at once', async () => {
    const error = await refusal('acme', [file('profile.yaml', profile({ mode: 'x', force: 'y', z: 1 }))]);
    expect(error?.message).toMatch(/spec\.mode: .*spec\.force: .*spec\.z: unknown field/);
  });

  test.each([
    ['another name than its directory', 'ocp', [file('p.yaml', profile({}, 'okd'))], 'DocumentInvalid', 'p.yaml:5: '],
    ['a name with a slash', undefined, [file('p.yaml', profile({}, 'a/b'))], 'DocumentInvalid', 'p.yaml:5: '],
    [
      'two of them',
      'acme',
      [file('p.yaml', profile({})), file('q.yaml', profile({}))],
      'DocumentInvalid',
      'q.yaml:1: a second Profile; the first is in p.yaml:1',
    ],
    ['none, and no name given', undefined, [], 'TrustMissing', 'no Profile document'],
    ['a directory that cannot name a profile', '..', [], 'DocumentInvalid', '".." cannot name a profile'],
    [
      'a list for its spec',
      'acme',
      [file('p.yaml', profile({}).replace('"spec": {}', '"spec": []'))],
      'DocumentInvalid',
      'p.yaml:7: spec: expected an object',
    ],
    [
      'another apiVersion',
      'acme',
      [file('p.yaml', profile({}).replace('signet/v1', 'signet/v2'))],
      'KindUnknown',
      'p.yaml:3: the kind Profile (signet/v2)',
    ],
  ])('%s', async (_name, name, files, code, start) => {
    const error = await refusal(name, [...files, TRUST]);
    expect(error?.code).toBe(code);
    expect(error?.message.slice(0, start.length)).toBe(start);
  });
});

describe('a caFile', () => {
  const spec = { ...CANONICAL, stores: { caFile: 'ca.pem' } };
  const certificate = CA_PEM.split('\n');
  const HEADERS = 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n';
  test.each([
    ['that is not there', [], 'TrustMissing', 'is not among the documents'],
    ['without a certificate', [file('ca.pem', 'x')], 'DocumentInvalid', 'holds no PEM certificate'],
    [
      'with a private key',
      [file('ca.pem', `${CA_PEM}-----BEGIN PRIVATE KEY-----\nQQ==\n-----END PRIVATE KEY-----\n`)],
      'DocumentInvalid',
      'holds a PRIVATE KEY',
    ],
    [
      'with an encrypted private key, which has headers',
      [file('ca.pem', `${CA_PEM}-----BEGIN RSA PRIVATE KEY-----\n${HEADERS}\nQQ==\n-----END RSA PRIVATE KEY-----\n`)],
      'DocumentInvalid',
      'holds a RSA PRIVATE KEY',
    ],
    [
      'with a private key that ends under another label',
      [file('ca.pem', `${CA_PEM}-----BEGIN PRIVATE KEY-----\nQQ==\n-----END RSA PRIVATE KEY-----\n`)],
      'DocumentInvalid',
      'holds a PRIVATE KEY',
    ],
    [
      'with a private key that does not end',
      [file('ca.pem', `${CA_PEM}-----BEGIN PRIVATE KEY-----\nQQ==\n`)],
      'DocumentInvalid',
      'holds a PRIVATE KEY',
    ],
    [
      'with a private key that does not begin',
      [file('ca.pem', `QQ==\n-----END PRIVATE KEY-----\n${CA_PEM}`)],
      'DocumentInvalid',
      'holds a PRIVATE KEY',
    ],
    [
      'with a private key around a certificate',
      [file('ca.pem', `-----BEGIN PRIVATE KEY-----\nQQ==\n${CA_PEM}-----END PRIVATE KEY-----\n`)],
      'DocumentInvalid',
      'holds a PRIVATE KEY',
    ],
    [
      'with a private key whose label is cut',
      [file('ca.pem', `${CA_PEM}-----BEGIN`)],
      'DocumentInvalid',
      'holds a block',
    ],
    [
      'with a certificate that does not end',
      [file('ca.pem', `${CA_PEM}${certificate.slice(0, 2).join('\n')}`)],
      'DocumentInvalid',
      'holds part of a CERTIFICATE',
    ],
    [
      'with half a certificate',
      [file('ca.pem', certificate.toSpliced(1, 2).join('\n'))],
      'DocumentInvalid',
      'cannot be read',
    ],
  ])('%s', async (_name, files, code, reason) => {
    const error = await refusal('acme', [file('profile.yaml', profile(spec)), TRUST, ...files]);
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(/^profile\.yaml:12: the caFile "ca\.pem" /);
    expect(error?.message).toContain(reason);
  });
});
