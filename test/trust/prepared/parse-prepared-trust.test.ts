import { describe, expect, test } from 'vitest';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { parsePreparedTrust } from '../../../lib/trust/prepared/parse-prepared-trust.ts';
import { configurationErrorOf } from '../expect-configuration-error.ts';
import { file, IMAGE_POLICY, MIRROR_SETS, profile, trustConfigMap } from '../sample-documents.ts';

const trust = await prepareTrust('acme', [
  file(
    'profile.yaml',
    profile({
      canonicalRepositories: ['quay.io/acme/release'],
      graphAliases: { 'a.example/b': 'quay.io/acme/release' },
    }),
  ),
  file('trust.yaml', trustConfigMap()),
  file('policy.yaml', IMAGE_POLICY),
  file('mirrors.yaml', MIRROR_SETS),
  file('registries.d/a.yaml', 'docker: {}'),
]);

function parse(value: unknown) {
  return parsePreparedTrust('prepared.json', new TextEncoder().encode(JSON.stringify(value)));
}

test('comes back as it was', () => {
  expect(parse(trust)).toEqual(trust);
});

test('disabled trust may require nothing', () => {
  const disabled = { ...trust, verification: 'disabled', keyrings: [], imagePolicies: [], stores: [] };
  expect(parse(disabled)).toEqual(disabled);
});

describe('refused', () => {
  const [keyring] = trust.keyrings;
  const [certificate] = keyring?.certificates ?? [];
  const [key] = certificate?.keys ?? [];
  const withKeyring = (parts: object) => ({ ...trust, keyrings: [{ ...keyring, ...parts }] });
  const withKey = (parts: object) => withKeyring({ certificates: [{ ...certificate, keys: [{ ...key, ...parts }] }] });
  const without = (member: string) => Object.fromEntries(Object.entries(trust).filter(([name]) => name !== member));
  test.each([
    ['nothing', null, 'RevisionInvalid'],
    ['a list', [], 'RevisionInvalid'],
    ['a newer schema', { schema: 2, whatever: true }, 'SchemaUnsupported'],
    ['an older schema', { ...trust, schema: 0 }, 'RevisionInvalid'],
    ['no schema', without('schema'), 'RevisionInvalid'],
    ['an unknown member', { ...trust, x: 1 }, 'RevisionInvalid'],
    ['no keyrings and no policies', { ...trust, keyrings: [], imagePolicies: [] }, 'TrustUnusable'],
    ['keyrings without stores', { ...trust, stores: [] }, 'TrustUnusable'],
    ['openpgp required, no keyrings', { ...trust, require: 'openpgp', keyrings: [] }, 'TrustUnusable'],
    ['sigstore required, no policies', { ...trust, require: 'sigstore', imagePolicies: [] }, 'TrustUnusable'],
    ['no list of keyrings', without('keyrings'), 'RevisionInvalid'],
    ['no say on verification', without('verification'), 'RevisionInvalid'],
    ['another word for disabled', { ...trust, verification: 'off' }, 'RevisionInvalid'],
    ['a keyring without certificates', withKeyring({ certificates: [] }), 'RevisionInvalid'],
    ['65 certificates', withKeyring({ certificates: Array(65).fill(certificate) }), 'RevisionInvalid'],
    ['a certificate without keys', withKeyring({ certificates: [{ ...certificate, keys: [] }] }), 'RevisionInvalid'],
    ['ten keyrings', { ...trust, keyrings: Array(10).fill(keyring) }, 'RevisionInvalid'],
    ['a key with an unknown member', withKey({ revokedAt: 1 }), 'RevisionInvalid'],
    ['a key with a broken time', withKey({ expiresAt: null }), 'RevisionInvalid'],
    ['a key that expires after all time', withKey({ expiresAt: 8_640_000_000_001 }), 'RevisionInvalid'],
    ['a key of another kind', withKey({ material: { kind: 'dsa' } }), 'RevisionInvalid'],
    [
      'an RSA key with an exponent of 37 bits or more',
      withKey({ material: { kind: 'rsa', n: 'AQAB', e: 'AAAAAAAA', bits: 2048 } }),
      'RevisionInvalid',
    ],
    ['a lower-case fingerprint', withKey({ fingerprint: 'a'.repeat(40) }), 'RevisionInvalid'],
    ['no canonical repository', { ...trust, canonicalRepositories: [] }, 'RevisionInvalid'],
    ['a repository in another spelling', { ...trust, signedRepositories: ['Quay.io/a/b'] }, 'RevisionInvalid'],
    ['an alias in another spelling', { ...trust, graphAliases: { 'Quay.io/a/b': 'quay.io/a/b' } }, 'RevisionInvalid'],
    ['a list for the aliases', { ...trust, graphAliases: [] }, 'RevisionInvalid'],
    [
      'an alias that every object inherits',
      { ...trust, graphAliases: JSON.parse('{"__proto__":"quay.io/a/b"}') as unknown },
      'RevisionInvalid',
    ],
    ['an alias called constructor', { ...trust, graphAliases: { constructor: 'quay.io/a/b' } }, 'RevisionInvalid'],
    ['a list for the access to stores', { ...trust, storeAccess: [] }, 'RevisionInvalid'],
    [
      'a list for a policy’s coverage',
      { ...trust, imagePolicies: [{ ...trust.imagePolicies[0], coverage: [] }] },
      'RevisionInvalid',
    ],
    ['null for what older trust lacks', { ...trust, policyKeyrings: null }, 'RevisionInvalid'],
    [
      'a policy without scopes',
      { ...trust, imagePolicies: [{ ...trust.imagePolicies[0], coverage: { kind: 'scopes', scopes: [] } }] },
      'RevisionInvalid',
    ],
    ['a profile that is a path', { ...trust, profile: '../x' }, 'RevisionInvalid'],
    ['other documents', { ...trust, documents: trust.documents.slice(1) }, 'RevisionInvalid'],
    ['no documents', { ...trust, documents: [] }, 'RevisionInvalid'],
  ])('%s', async (_name, value, code) => {
    const error = await configurationErrorOf(() => parse(value));
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(code === 'TrustUnusable' ? /^the profile acme / : /^prepared\.json: /);
  });

  test.each([
    ['a member twice', `${JSON.stringify(trust).slice(0, -1)},"keyrings":[]}`],
    ['an endless number', JSON.stringify(trust).replace(/"createdAt":\d+/, '"createdAt":1e400')],
    ['a byte order mark', `\uFEFF${JSON.stringify(trust)}`],
  ])('%s', async (_name, text) => {
    const error = await configurationErrorOf(() => parsePreparedTrust('x', new TextEncoder().encode(text)));
    expect(error?.code).toBe('RevisionInvalid');
  });
});
