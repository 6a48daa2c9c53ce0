import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { formatSignatureBlob } from '../../../lib/crypto/sigstore/signature-blob.ts';
import { createPolicyStore } from '../../../lib/stores/port/composites.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { parsePreparedTrust } from '../../../lib/trust/prepared/parse-prepared-trust.ts';
import { toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { makeSignature, SIGNER, toPayload, toPem } from '../../crypto/sigstore/make-signature.ts';
import { NAME, NOW } from '../../registry/images/image-setup.ts';
import { createMemoryLookaside } from '../../support/memory-lookaside.ts';
import { file, profile } from '../../trust/sample-documents.ts';
import { bySecond, bySigner, decideBy, IMAGE, KEYS, policyOf, second, signer } from './policy-setup.ts';

const toData = (text: string): string => Buffer.from(text).toString('base64');
const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const KEY = toData(toPem(SIGNER.publicKey));
const ED448 = toData(pemOf(generateKeyPairSync('ed448').publicKey));
const SECP256K1 = toData(pemOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey));
const RSA1024 = toData(pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey));
const NO_PEM = toData(`-----BEGIN PUBLIC KEY-----\n${'A'.repeat(64)}\n-----END PUBLIC KEY-----\n`);
const NO_CERTIFICATE = toData('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');

const signedBySigstore = (): Uint8Array => {
  const digest = IMAGE.slice(IMAGE.indexOf('@') + 1);
  return formatSignatureBlob(makeSignature({ keys: SIGNER, payload: toPayload(`${NAME}:1`, digest) }));
};
/** Every signature that the requirements of these tests could ask for. */
const SIGNATURES = [signer.sign(), second.sign(), signedBySigstore()];

async function decide(documents: Readonly<Record<string, unknown>>, pullspec = IMAGE) {
  const files = Object.entries(documents).map(([name, content]) => file(name, JSON.stringify(content)));
  const keys = 'policy.json' in documents ? Object.entries(KEYS).map(([name, bytes]) => ({ name, bytes })) : [];
  const named = file('profile.yaml', profile({ canonicalRepositories: [NAME] }));
  const prepared = await prepareTrust('acme', [named, ...files, ...keys]);
  // As functions read it: from what was published.
  const published = parsePreparedTrust('prepared.json', Buffer.from(JSON.stringify(prepared)));
  const held = createMemoryLookaside({ [IMAGE]: SIGNATURES });
  const lookaside = createPolicyStore({ openpgp: held, sigstore: held });
  const { verdict } = await decideBy(toReadyTrust(published, NOW), { pullspec, lookaside });
  return { outcome: verdict.outcome, codes: verdict.reasons.map(({ code }) => code), warnings: prepared.warnings };
}

/** A ClusterImagePolicy of the image's repository, or of another scope. */
const cluster = (policy: object, scope = NAME): object => ({
  apiVersion: 'config.openshift.io/v1',
  kind: 'ClusterImagePolicy',
  metadata: { name: 'one' },
  spec: { scopes: [scope], policy },
});
const byKey = (keyData: string): object => ({ rootOfTrust: { policyType: 'PublicKey', publicKey: { keyData } } });
const pki = (caRootsData: string): object => ({
  rootOfTrust: { policyType: 'PKI', pki: { caRootsData, pkiCertificateSubject: { email: 'a@b.example' } } },
});

describe('a ClusterImagePolicy that nothing can meet', () => {
  test.each<[string, object, string, string]>([
    ['a good one', byKey(KEY), 'accepted', ''],
    ['a key of an unsupported kind', byKey(ED448), 'indeterminate', 'PolicyNotEvaluated'],
    ['a key of an unsupported curve', byKey(SECP256K1), 'indeterminate', 'PolicyNotEvaluated'],
    ['a key that is too short', byKey(RSA1024), 'indeterminate', 'PolicyNotEvaluated'],
    ['a key that is none', byKey(NO_PEM), 'rejected', 'KeyringUnsatisfied'],
    ['roots that are none', pki(NO_CERTIFICATE), 'rejected', 'KeyringUnsatisfied'],
    ['an unknown type', { rootOfTrust: { policyType: 'Notary', notary: {} } }, 'indeterminate', 'PolicyNotEvaluated'],
    [
      'an unknown identity',
      { ...byKey(KEY), signedIdentity: { matchPolicy: 'MatchAny' } },
      'indeterminate',
      'PolicyNotEvaluated',
    ],
    ['an unknown member', { ...byKey(KEY), threshold: 2 }, 'indeterminate', 'PolicyNotEvaluated'],
    [
      'an unknown member of the key',
      { rootOfTrust: { policyType: 'PublicKey', publicKey: { keyData: KEY, hash: 'SHA3' } } },
      'indeterminate',
      'PolicyNotEvaluated',
    ],
  ])('%s: %#', async (_, policy, outcome, code) => {
    const decided = await decide({ 'one.json': cluster(policy) });
    expect(decided.outcome).toBe(outcome);
    if (outcome === 'accepted') return expect(decided.warnings).toEqual([]);
    expect(decided.codes).toContain(code);
    expect(decided.warnings).toHaveLength(1);
    expect(decided.warnings[0]).toContain('no image that this policy covers can be accepted');
  });

  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    [
      'of another scope',
      { 'bad.json': cluster(byKey(ED448), 'quay.io/other'), 'policy.json': policyOf([bySigner]) },
      'accepted',
    ],
    [
      'beside a good one of the same scope',
      { 'bad.json': cluster(byKey(ED448)), 'good.json': { ...cluster(byKey(KEY)), metadata: { name: 'two' } } },
      'indeterminate',
    ],
    [
      'beside a policy.json that is met',
      { 'bad.json': cluster(byKey(ED448)), 'policy.json': policyOf([bySigner]) },
      'indeterminate',
    ],
    [
      'beside a policy.json that rejects',
      { 'bad.json': cluster(byKey(ED448)), 'policy.json': policyOf([{ type: 'reject' }]) },
      'rejected',
    ],
    [
      'around a good one of a narrower scope',
      {
        'bad.json': cluster(byKey(ED448), 'registry.example.com'),
        'good.json': { ...cluster(byKey(KEY)), metadata: { name: 'two' } },
      },
      'accepted',
    ],
  ])('%s: %s', async (_, documents, outcome) => {
    expect((await decide(documents)).outcome).toBe(outcome);
  });
});

describe('a requirement of a policy.json that nothing can meet', () => {
  const gpg = (more: object): object => ({ type: 'signedBy', keyType: 'GPGKeys', ...more });
  const sigstore = (more: object): object => ({ type: 'sigstoreSigned', ...more });
  test.each<[string, object, string]>([
    ['good', bySigner, 'accepted'],
    ['Sigstore, good', sigstore({ keyData: KEY }), 'accepted'],
    ['keyData empty', gpg({ keyData: '' }), 'rejected'],
    ['keyData of no octets', gpg({ keyData: [] }), 'rejected'],
    ['Sigstore, keyDatas of no octets', sigstore({ keyDatas: [[]] }), 'rejected'],
    ['keyPaths empty', gpg({ keyPaths: [] }), 'rejected'],
    ['keyPaths with nothing', gpg({ keyPaths: ['', '/etc/pki/rpm-gpg/signer.gpg'] }), 'rejected'],
    ['keyPath with NUL', gpg({ keyPath: '/etc/pki/rpm-gpg/signer.gpg\0' }), 'rejected'],
    ['keyData that is none', gpg({ keyData: toData('no key') }), 'rejected'],
    ['Sigstore, keyData empty', sigstore({ keyData: '' }), 'rejected'],
    ['Sigstore, keyDatas with nothing', sigstore({ keyDatas: [KEY, ''] }), 'rejected'],
    ['Sigstore, keyPaths with nothing', sigstore({ keyPaths: [''] }), 'rejected'],
    ['Sigstore, a Rekor key empty', sigstore({ keyData: KEY, rekorPublicKeyData: '' }), 'rejected'],
    ['Sigstore, one of two of an unsupported kind', sigstore({ keyDatas: [KEY, ED448] }), 'indeterminate'],
    ['Sigstore, a path of Rekor empty, which is none', sigstore({ keyData: KEY, rekorPublicKeyPath: '' }), 'accepted'],
  ])('%s: %#', async (_, requirement, outcome) => {
    const decided = await decide({ 'policy.json': policyOf([requirement]) });
    expect(decided.outcome).toBe(outcome);
    const said = decided.warnings.filter((text) => text.includes('no image that it covers can be accepted'));
    expect(said).toHaveLength(outcome === 'accepted' ? 0 : 1);
  });

  test.each<[string, object, string]>([
    [
      'of another scope: the others work',
      policyOf([bySigner], { 'quay.io/other': [gpg({ keyData: '' })] }),
      'accepted',
    ],
    ['beside one that is met', policyOf([bySigner, gpg({ keyData: '' })]), 'rejected'],
    ['in front of one that is met', policyOf([sigstore({ keyData: ED448 }), bySecond]), 'indeterminate'],
  ])('%s', async (_, policy, outcome) => {
    expect((await decide({ 'policy.json': policy })).outcome).toBe(outcome);
  });
});

test.each([8192, 8193, 32_768])('%i characters of roots load; above 8,192 with a warning', async (length) => {
  const begin = '-----BEGIN CERTIFICATE-----\n';
  const end = '\n-----END CERTIFICATE-----\n';
  const text = `${begin}${'A'.repeat(Math.floor(length / 4) * 3 - begin.length - end.length)}${end}`;
  const caRootsData = toData(text).padEnd(length, '\n').slice(0, length);
  const { warnings } = await decide({ 'one.json': cluster(pki(caRootsData.trimEnd())) });
  const said = warnings.filter((one) => one.includes('API servers of OpenShift through 5.0 refuse'));
  expect(said).toHaveLength(caRootsData.trimEnd().length > 8192 ? 1 : 0);
});
