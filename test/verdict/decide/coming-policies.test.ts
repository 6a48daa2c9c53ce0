import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { formatSignatureBlob } from '../../../lib/crypto/sigstore/signature-blob.ts';
import { createPolicyStore } from '../../../lib/stores/port/composites.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { type KeyPair, makeCertificate } from '../../crypto/sigstore/make-certificate.ts';
import { makeSignature, REKOR, toPayload, toPem } from '../../crypto/sigstore/make-signature.ts';
import { NAME, NOW } from '../../registry/images/image-setup.ts';
import { createMemoryLookaside } from '../../support/memory-lookaside.ts';
import { file, profile } from '../../trust/sample-documents.ts';
import { decideBy, IMAGE } from './policy-setup.ts';

const toData = (text: string): string => Buffer.from(text).toString('base64');
const AUTHORITY = toData(makeCertificate({ name: 'authority' }).pem);
const REKOR_KEY = toData(toPem(REKOR.publicKey));

const cluster = (rootOfTrust: object): string =>
  JSON.stringify({
    apiVersion: 'config.openshift.io/v1',
    kind: 'ClusterImagePolicy',
    metadata: { name: 'one' },
    spec: { scopes: [NAME], policy: { rootOfTrust } },
  });

async function prepare(policy: string) {
  const named = file('profile.yaml', profile({ canonicalRepositories: [NAME] }));
  return await prepareTrust('acme', [named, file('policy.yaml', policy)]);
}

const kinds: [name: string, make: () => KeyPair][] = [
  ['ML-DSA-44', () => generateKeyPairSync('ml-dsa-44')],
  ['ML-DSA-65', () => generateKeyPairSync('ml-dsa-65')],
  ['ML-DSA-87', () => generateKeyPairSync('ml-dsa-87')],
];

describe.each(kinds)('a ClusterImagePolicy with a key of the kind %s', (_, make) => {
  test.each<[name: string, isOwn: boolean, outcome: string]>([
    ['what it signed', true, 'accepted'],
    ['what another key of its kind signed', false, 'rejected'],
  ])('%s is decided', async (__, isOwn, outcome) => {
    const keys = make();
    const signer = isOwn ? keys : make();
    const prepared = await prepare(
      cluster({ policyType: 'PublicKey', publicKey: { keyData: toData(toPem(keys.publicKey)) } }),
    );
    expect(prepared.warnings).toEqual([]);
    const digest = IMAGE.slice(IMAGE.indexOf('@') + 1);
    const signature = formatSignatureBlob(makeSignature({ keys: signer, payload: toPayload(`${NAME}:1`, digest) }));
    const held = createMemoryLookaside({ [IMAGE]: [signature] });
    const lookaside = createPolicyStore({ openpgp: held, sigstore: held });
    const { verdict } = await decideBy(toReadyTrust(prepared, NOW), { pullspec: IMAGE, lookaside });
    expect(verdict.outcome).toBe(outcome);
  });
});

const fulcio = (signedEmail: string): object => ({
  policyType: 'FulcioCAWithRekor',
  fulcioCAWithRekor: {
    fulcioCAData: AUTHORITY,
    rekorKeyData: REKOR_KEY,
    fulcioSubject: { oidcIssuer: 'https://login.example.com', signedEmail },
  },
});
const pki = (subject: object): object => ({
  policyType: 'PKI',
  pki: { caRootsData: AUTHORITY, pkiCertificateSubject: subject },
});

describe('a subject that certificates can name is no warning', () => {
  test.each<[name: string, root: object]>([
    ['an email address', fulcio('a@b.example')],
    ['the email address of a private authority', pki({ email: 'a@b.example' })],
    ['a host name', pki({ hostname: 'builder.example.com' })],
  ])('%s', async (_, root) => {
    expect((await prepare(cluster(root))).warnings).toEqual([]);
  });
});

const URI = 'https://ci.example.com/org/app/.ci/release.yml@refs/tags/v1';
const byFulcio = (subjectEmail: string): object => ({
  fulcio: { caData: AUTHORITY, oidcIssuer: 'https://login.example.com', subjectEmail },
  rekorPublicKeyData: REKOR_KEY,
});
const byPki = (subject: object): object => ({ pki: { caRootsData: AUTHORITY, ...subject } });

test.each<[name: string, root: object, warning: string]>([
  ['the URI of a workflow as an email address', byFulcio(URI), 'the URI of a workflow cannot be asked for: no image'],
  ['a name as an email address', byFulcio('release'), '"release" is no email address'],
  ['a URI as an email address of a private authority', byPki({ subjectEmail: URI }), 'the URI of a workflow'],
  ['a URL as a host name', byPki({ subjectHostname: 'https://builder.example.com' }), 'is no host name'],
])('in a policy.json, %s is a warning', async (_, root, warning) => {
  const requirement = { type: 'sigstoreSigned', ...root };
  const policy = { default: [{ type: 'reject' }], transports: { docker: { [NAME]: [requirement] } } };
  const named = file('profile.yaml', profile({ canonicalRepositories: [NAME] }));
  const { warnings } = await prepareTrust('acme', [named, file('policy.json', JSON.stringify(policy))]);
  expect(warnings).toEqual([expect.stringContaining(warning)]);
});
