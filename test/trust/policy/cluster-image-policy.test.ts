import { expect, test } from 'vitest';
import { parseClusterImagePolicy } from '../../../lib/trust/policy/parse-cluster-image-policy.ts';
import { PolicyError } from '../../../lib/trust/policy/policy-members.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const KEY = base64(`-----BEGIN PUBLIC KEY-----\n${'A'.repeat(64)}\n-----END PUBLIC KEY-----\n`);
const CA = base64(`-----BEGIN CERTIFICATE-----\n${'A'.repeat(64)}\n-----END CERTIFICATE-----`);
const SCOPE = 'quay.io/openshift-release-dev/ocp-release';

const publicKey = { policyType: 'PublicKey', publicKey: { keyData: KEY } };
const fulcio = {
  policyType: 'FulcioCAWithRekor',
  fulcioCAWithRekor: {
    fulcioCAData: CA,
    rekorKeyData: KEY,
    fulcioSubject: { oidcIssuer: 'https://login.example.com', signedEmail: 'signer@example.com' },
  },
};
const pki = { policyType: 'PKI', pki: { caRootsData: CA, pkiCertificateSubject: { email: 'signer@example.com' } } };

interface Plan {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: unknown;
  readonly scopes?: readonly unknown[];
  readonly rootOfTrust?: unknown;
  readonly signedIdentity?: unknown;
  readonly extra?: Readonly<Record<string, unknown>>;
}

function manifest({ apiVersion = 'config.openshift.io/v1', kind = 'ClusterImagePolicy', ...plan }: Plan = {}): unknown {
  const { metadata = { name: 'x' }, scopes = [SCOPE], rootOfTrust = publicKey, signedIdentity, extra = {} } = plan;
  const policy = { rootOfTrust, ...(signedIdentity === undefined ? {} : { signedIdentity }) };
  return { apiVersion, kind, metadata, spec: { scopes, policy }, ...extra };
}

function outcomeOf(parse: () => unknown): string {
  try {
    const outcome = parse();
    return outcome === 'unsupported' ? outcome : 'accept';
  } catch (error) {
    if (error instanceof PolicyError) return error.message;
    throw error;
  }
}

const ALPHA = 'config.openshift.io/v1alpha1';
const key = (keyData: unknown, more = {}): unknown => ({ policyType: 'PublicKey', publicKey: { keyData, ...more } });
const exact = (repository: unknown): object => ({ matchPolicy: 'ExactRepository', exactRepository: { repository } });
const fulcioWith = (member: string, value: unknown): unknown => ({
  ...fulcio,
  fulcioCAWithRekor: { ...fulcio.fulcioCAWithRekor, [member]: value },
});
const subject = (value: unknown): unknown => ({ ...pki, pki: { ...pki.pki, pkiCertificateSubject: value } });
const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `example.com/${index}`);
const text = 'spec.policy.rootOfTrust';

const rows: [name: string, expected: string, plan: Plan][] = [
  ['a public key', 'accept', {}],
  ['a public key with Rekor', 'accept', { rootOfTrust: key(KEY, { rekorKeyData: KEY }) }],
  ['Fulcio', 'accept', { rootOfTrust: fulcio }],
  ['PKI', 'accept', { rootOfTrust: pki }],
  ['v1alpha1', 'accept', { apiVersion: ALPHA }],
  ['an ImagePolicy', 'accept', { kind: 'ImagePolicy', metadata: { name: 'x', namespace: 'y' } }],
  ['a status', 'accept', { extra: { status: { conditions: [] } } }],
  ['256 scopes', 'accept', { scopes: many(256) }],
  ['257 scopes', 'spec.scopes: at most 256 scopes', { scopes: many(257) }],
  ['no scope', 'spec.scopes: the list must not be empty', { scopes: [] }],
  ['a scope twice', 'spec.scopes[1]: the scope occurs twice', { scopes: [SCOPE, SCOPE] }],
  ['a later version', 'apiVersion: expected v1 or v1alpha1', { apiVersion: 'config.openshift.io/v2' }],
  ['another group', 'apiVersion: expected config.openshift.io/v1 or', { apiVersion: 'policy.sigstore.dev/v1' }],
  ['another kind', 'kind: expected ClusterImagePolicy or ImagePolicy', { kind: 'ImagePolicies' }],
  ['an unknown member', 'spc: unknown field', { extra: { spc: {} } }],
  ['no name', 'metadata: the field name is missing', { metadata: {} }],
  ['another policy type', 'unsupported', { rootOfTrust: { policyType: 'None' } }],
  ['another policy type with its member', 'unsupported', { rootOfTrust: { policyType: 'X', x: { keyData: 'YQ==' } } }],
  ['an unknown member of the root', 'unsupported', { rootOfTrust: { ...publicKey, trustedTime: {} } }],
  [
    'a policy type without its member',
    `${text}.publicKey: expected an object`,
    { rootOfTrust: { policyType: 'PublicKey' } },
  ],
  [
    'a member of another policy type',
    `${text}.pki: forbidden for the policyType`,
    { rootOfTrust: { ...publicKey, pki: pki.pki } },
  ],
  ['a key that is no base64', `${text}.publicKey.keyData: expected base64`, { rootOfTrust: key('!'.repeat(68)) }],
  [
    'a key that is no PEM',
    `${text}.publicKey.keyData: expected the base64 of PEM`,
    { rootOfTrust: key(base64('x'.repeat(99))) },
  ],
  ['a key that is short', `${text}.publicKey.keyData: at least 68`, { rootOfTrust: key('YQ==') }],
  ['a key that is long', `${text}.publicKey.keyData: expected the base64`, { rootOfTrust: key('A'.repeat(32_768)) }],
  ['a key that is too long', `${text}.publicKey.keyData: at most 32768`, { rootOfTrust: key('A'.repeat(32_772)) }],
  ['a key of v1alpha1, whose PEM is not looked at', 'accept', { apiVersion: ALPHA, rootOfTrust: key('YQ==') }],
  ['a certificate as key', `${text}.publicKey.keyData: expected the base64 of PEM`, { rootOfTrust: key(CA) }],
  [
    'a Rekor key that is empty',
    `${text}.publicKey.rekorKeyData: the string must not`,
    { rootOfTrust: key(KEY, { rekorKeyData: '' }) },
  ],
  [
    'Fulcio without Rekor',
    `${text}.fulcioCAWithRekor: the field rekorKeyData`,
    {
      rootOfTrust: {
        ...fulcio,
        fulcioCAWithRekor: { fulcioCAData: CA, fulcioSubject: fulcio.fulcioCAWithRekor.fulcioSubject },
      },
    },
  ],
  [
    'an issuer that is no URL',
    `${text}.fulcioCAWithRekor.fulcioSubject.oidcIssuer: expected a URL`,
    { rootOfTrust: fulcioWith('fulcioSubject', { oidcIssuer: 'login', signedEmail: 'a@b' }) },
  ],
  [
    'an email address with a space',
    `${text}.fulcioCAWithRekor.fulcioSubject.signedEmail: expected`,
    { rootOfTrust: fulcioWith('fulcioSubject', { oidcIssuer: 'https://a', signedEmail: 'a @b' }) },
  ],
  [
    'an email address that is long',
    `${text}.fulcioCAWithRekor.fulcioSubject.signedEmail: at most 320`,
    { rootOfTrust: fulcioWith('fulcioSubject', { oidcIssuer: 'https://a', signedEmail: `${'a'.repeat(320)}@b` }) },
  ],
  ['PKI without a subject', `${text}.pki.pkiCertificateSubject: at least one of`, { rootOfTrust: subject({}) }],
  ['PKI by a wildcard', 'accept', { rootOfTrust: subject({ hostname: '*.example.com' }) }],
  [
    'PKI by a host in upper case',
    `${text}.pki.pkiCertificateSubject.hostname: expected a DNS`,
    { rootOfTrust: subject({ hostname: 'Example.com' }) },
  ],
  [
    'PKI with a broken bundle',
    `${text}.pki.caRootsData: `,
    {
      rootOfTrust: {
        ...pki,
        pki: {
          ...pki.pki,
          caRootsData: base64(
            `-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n${'A'.repeat(64)}\n-----END CERTIFICATE-----`,
          ),
        },
      },
    },
  ],
  ['MatchRepoDigestOrExact', 'accept', { signedIdentity: { matchPolicy: 'MatchRepoDigestOrExact' } }],
  ['MatchRepository', 'accept', { signedIdentity: { matchPolicy: 'MatchRepository' } }],
  ['ExactRepository', 'accept', { signedIdentity: exact('quay.io/a/b') }],
  [
    'RemapIdentity',
    'accept',
    {
      signedIdentity: {
        matchPolicy: 'RemapIdentity',
        remapIdentity: { prefix: 'mirror.example:5000/a', signedPrefix: 'quay.io' },
      },
    },
  ],
  [
    'RemapIdentity without its member',
    'spec.policy.signedIdentity.remapIdentity: expected an object',
    { signedIdentity: { matchPolicy: 'RemapIdentity' } },
  ],
  [
    'a member of another match policy',
    'spec.policy.signedIdentity.exactRepository: forbidden',
    { signedIdentity: { ...exact('quay.io/a'), matchPolicy: 'MatchRepository' } },
  ],
  ['no match policy', 'spec.policy.signedIdentity: the field matchPolicy is missing', { signedIdentity: {} }],
  ['another match policy', 'unsupported', { signedIdentity: { matchPolicy: 'MatchExact' } }],
  [
    'a repository with a tag',
    'spec.policy.signedIdentity.exactRepository.repository: expected a domain',
    { signedIdentity: exact('quay.io/a/b:v1') },
  ],
  [
    'a repository with a digest',
    'spec.policy.signedIdentity.exactRepository.repository: expected a domain',
    { signedIdentity: exact(`quay.io/a@sha256:${'a'.repeat(64)}`) },
  ],
  [
    'a bare host with a port',
    'spec.policy.signedIdentity.exactRepository.repository: the API refuses',
    { signedIdentity: exact('mirror.example:5000') },
  ],
  ['localhost with a port', 'accept', { signedIdentity: exact('localhost:5000') }],
  [
    'a repository without domain',
    'spec.policy.signedIdentity.exactRepository.repository: expected a domain',
    { signedIdentity: exact('library/busybox') },
  ],
];

test.each(rows)('%s: %s', (_, expected, plan) => {
  const read = (): string => {
    const { requirement } = parseClusterImagePolicy(manifest(plan));
    return requirement.type;
  };
  const outcome = outcomeOf(read);
  expect(outcome.slice(0, expected.length)).toBe(expected);
});

test.each([
  ['quay.io', true],
  ['quay.io:5000', true],
  ['localhost:5000/a', true],
  ['quay.io/a/b', true],
  ['quay.io/a/b:v1.0', true],
  [`quay.io/a/b@sha256:${'a'.repeat(64)}`, true],
  ['*.example.com', true],
  ['*.com', true],
  ['quay', false],
  ['busybox', false],
  ['quay.io/A', false],
  ['quay.io/', false],
  ['quay.io/a//b', false],
  ['*.example.com/a', false],
  ['quay.*.com', false],
  ['*', false],
  ['https://quay.io', false],
  [`quay.io/${'a'.repeat(512)}`, false],
  [`quay.io/${'a-'.repeat(240)}`, false],
  [`example.com/${'a'.repeat(480)}!`, false],
])('the scope %s: %s', (scope, isTaken) => {
  const outcome = outcomeOf(() => parseClusterImagePolicy(manifest({ scopes: [scope] })));
  expect(outcome === 'accept').toBe(isTaken);
});
