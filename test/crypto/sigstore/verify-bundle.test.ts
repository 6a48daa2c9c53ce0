import { generateKeyPairSync } from 'node:crypto';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { MAX_SIGSTORE_SIGNATURE_BYTES } from '../../../lib/crypto/sigstore/signature-blob.ts';
import { type SigstoreTrust, usePrehashed } from '../../../lib/crypto/sigstore/sigstore-trust.ts';
import { verifyBundle } from '../../../lib/crypto/sigstore/verify-bundle.ts';
import { isSignedByEd25519ph } from '../../../lib/crypto/sigstore/x509/ed25519ph.ts';
import { toKeyName } from '../../../lib/crypto/sigstore/x509/public-key.ts';
import { codeOf } from './code-of.ts';
import { type BundlePlan, makeBundle, toStatement } from './make-bundle.ts';
import {
  alternativeNames,
  authority,
  EMAIL_TAG,
  fulcioIssuer,
  type KeyPair,
  makeCertificate,
  makeKeys,
} from './make-certificate.ts';
import { makePrehashed } from './make-prehashed.ts';
import { DIGEST, NOW, OTHER_DIGEST, OTHER_SIGNER, REKOR, SIGNER, trustKeys } from './make-signature.ts';

const EMAIL = 'signer@example.com';
const ISSUER = 'https://login.example.com';

const kinds: [name: string, keys: KeyPair, hash: string][] = [
  ['RSA-2048', generateKeyPairSync('rsa', { modulusLength: 2048 }), 'sha256'],
  ['P-256', makeKeys('P-256'), 'sha256'],
  ['P-384 with SHA-256', makeKeys('P-384'), 'sha256'],
  ['P-384 with its own hash', makeKeys('P-384'), 'sha384'],
  ['P-521 with its own hash', makeKeys('P-521'), 'sha512'],
  ['Ed25519', generateKeyPairSync('ed25519'), 'none'],
];

test.each(kinds)('a bundle by a key of the kind %s verifies', (_, keys, hash) => {
  expect(verifyBundle(makeBundle({ keys, hash }), trustKeys([OTHER_SIGNER, keys]), NOW)).toEqual({
    digests: [DIGEST],
    signer: toKeyName(keys.publicKey),
    loggedAt: undefined,
  });
});

test('a bundle by Ed25519ph verifies, as cosign 2 and 3 sign images with keys of Ed25519', () => {
  const { keys, sign } = makePrehashed();
  usePrehashed(isSignedByEd25519ph);
  const bundle = makeBundle({ keys, signBy: sign });
  expect(verifyBundle(bundle, trustKeys([OTHER_SIGNER, keys]), NOW)).toMatchObject({
    digests: [DIGEST],
    signer: toKeyName(keys.publicKey),
  });
  const others = trustKeys([makePrehashed().keys, SIGNER]);
  expect(codeOf(() => verifyBundle(bundle, others, NOW))).toBe('SignatureInvalid');
});

const provenance = 'https://slsa.dev/provenance/v1';
const other = makeBundle({ statement: toStatement([OTHER_DIGEST]) });
const Bundle = v.looseObject({
  dsseEnvelope: v.looseObject({ payload: v.string(), signatures: v.array(v.looseObject({ sig: v.string() })) }),
});
const { dsseEnvelope } = v.parse(Bundle, JSON.parse(other.toString()));

type Row = [name: string, expected: string, plan: BundlePlan, trust?: SigstoreTrust];

const rows: Row[] = [
  ['control', 'accept', {}],
  ['several subjects', 'accept', { statement: toStatement([OTHER_DIGEST, DIGEST]) }],
  ['another key', 'SignatureInvalid', {}, trustKeys([OTHER_SIGNER])],
  ['no key', 'KeyUnknown', {}, trustKeys([])],
  ['a hash that is not the curve\u2019s', 'SignatureInvalid', { hash: 'sha512' }],
  ['provenance by the same key', 'PayloadInvalid', { statement: toStatement([DIGEST], provenance) }],
  ['no subject', 'PayloadInvalid', { statement: toStatement([]) }],
  ['a subject by SHA-1 alone', 'PayloadInvalid', { statement: toStatement([`sha1:${'a'.repeat(40)}`]) }],
  ['another type of statement', 'PayloadInvalid', { statement: { ...toStatement(), _type: 'x' } }],
  ['a payload that is no statement', 'PayloadInvalid', { statement: [] }],
  ['another payload type', 'PayloadInvalid', { payloadType: 'text/plain' }],
  [
    'the payload of another bundle',
    'SignatureInvalid',
    { change: (text) => text.replace(/"payload":"[^"]+"/, `"payload":"${dsseEnvelope.payload}"`) },
  ],
  ['the payload type changed', 'SignatureInvalid', { change: (text) => text.replace('in-toto+json', 'in-toto+JSON') }],
  [
    'two signatures',
    'SignatureMalformed',
    { change: (text) => text.replace('"signatures":[', '"signatures":[{"sig":"YQ==","keyid":""},') },
  ],
  ['no signature', 'SignatureMalformed', { change: (text) => text.replace(/"signatures":\[.*?\]/, '"signatures":[]') }],
  [
    'a member twice',
    'SignatureMalformed',
    { change: (text) => text.replace('"dsseEnvelope":', '"dsseEnvelope":null,"dsseEnvelope":') },
  ],
  ['another media type', 'SignatureMalformed', { change: (text) => text.replace('sigstore.bundle', 'other.bundle') }],
  ['no JSON', 'SignatureMalformed', { change: () => 'bundle' }],
  ['null', 'SignatureMalformed', { change: () => 'null' }],
  ['a signature without a statement', 'SignatureUnsupported', { change: toMessageSignature }],
  ['longer than is read', 'LimitExceeded', { change: (text) => text.padEnd(MAX_SIGSTORE_SIGNATURE_BYTES + 1) }],
  ['entries of a log that nobody asked about', 'accept', { logs: [OTHER_SIGNER] }],
];

function toMessageSignature(text: string): string {
  const { dsseEnvelope: _, ...bundle } = v.parse(Bundle, JSON.parse(text));
  const messageSignature = { messageDigest: { algorithm: 'SHA2_256', digest: 'YQ==' }, signature: 'YQ==' };
  return JSON.stringify({ ...bundle, messageSignature });
}

test.each(rows)('%s: %s', (_, expected, plan, trust = trustKeys([SIGNER])) => {
  expect(codeOf(() => verifyBundle(makeBundle(plan), trust, NOW))).toBe(expected);
});

const elsewhere = { payload: Buffer.from('other'), signature: dsseEnvelope.signatures[0]?.sig ?? '' };
const flip = (member: string) => (text: string) => text.replace(new RegExp(`"${member}":"...`), `"${member}":"AAA`);

const loggedRows: [name: string, expected: string, plan: BundlePlan][] = [
  ['logged', 'accept', { logs: [REKOR] }],
  ['logged, without a promise', 'accept', { logs: [REKOR], hasPromise: false }],
  ['logged here and elsewhere', 'accept', { logs: [OTHER_SIGNER, REKOR] }],
  ['not logged', 'LogEntryInvalid', {}],
  ['logged by another log', 'LogEntryInvalid', { logs: [OTHER_SIGNER] }],
  ['the same entry twice', 'LogEntryInvalid', { logs: [REKOR, REKOR] }],
  ['an entry of another bundle', 'LogEntryInvalid', { logs: [REKOR], logged: elsewhere }],
  [
    'the time changed',
    'LogEntryInvalid',
    { logs: [REKOR], change: (text) => text.replace(`"integratedTime":"${NOW}"`, '"integratedTime":"1"') },
  ],
  ['the body changed', 'LogEntryInvalid', { logs: [REKOR], change: flip('canonicalizedBody') }],
  [
    'the body changed, without a promise',
    'LogEntryInvalid',
    { logs: [REKOR], hasPromise: false, change: flip('canonicalizedBody') },
  ],
  [
    'the root changed',
    'LogEntryInvalid',
    { logs: [REKOR], change: (text) => text.replace('log.example.com\\n1\\n', 'log.example.com\\n2\\n') },
  ],
];

describe('a bundle whose log is asked about', () => {
  test.each(loggedRows)('%s: %s', (_, expected, plan) => {
    expect(codeOf(() => verifyBundle(makeBundle(plan), trustKeys([SIGNER], [REKOR]), NOW))).toBe(expected);
  });

  test('tells when it was logged', () => {
    const bundle = makeBundle({ logs: [REKOR], integratedTime: NOW - 60 });
    expect(verifyBundle(bundle, trustKeys([SIGNER], [REKOR]), NOW).loggedAt).toBe(NOW - 60);
  });
});

const root = makeCertificate({ name: 'root', extensions: [authority()] });
const names = alternativeNames([EMAIL_TAG, EMAIL]);
const { pem: certificate } = makeCertificate({
  name: 'leaf',
  issuer: root,
  keys: SIGNER,
  extensions: [names, fulcioIssuer('v2', ISSUER)],
  notBefore: NOW - 300,
  notAfter: NOW + 300,
});
const fulcio: SigstoreTrust = {
  kind: 'fulcio',
  authorities: [root.parsed],
  oidcIssuer: ISSUER,
  subjectEmail: EMAIL,
  rekorKeys: [REKOR.publicKey],
};
const pki: SigstoreTrust = {
  kind: 'pki',
  roots: [root.parsed],
  intermediates: [],
  subjectEmail: EMAIL,
  subjectHostname: undefined,
};

const certificateRows: Row[] = [
  ['Fulcio', 'accept', { certificate, logs: [REKOR] }, fulcio],
  ['Fulcio, not logged', 'LogEntryInvalid', { certificate }, fulcio],
  [
    'Fulcio, logged without a time that the log signed',
    'LogEntryInvalid',
    { certificate, logs: [REKOR], hasPromise: false },
    fulcio,
  ],
  ['Fulcio, logged too late', 'KeyExpired', { certificate, logs: [REKOR], integratedTime: NOW + 301 }, fulcio],
  [
    'Fulcio, with the time of the entry changed into the validity',
    'LogEntryInvalid',
    {
      certificate,
      logs: [REKOR],
      integratedTime: NOW + 301,
      change: (text) => text.replace(`"integratedTime":"${NOW + 301}"`, `"integratedTime":"${NOW}"`),
    },
    fulcio,
  ],
  [
    'Fulcio, another email address',
    'IdentityMismatch',
    { certificate, logs: [REKOR] },
    { ...fulcio, subjectEmail: 'other@example.com' },
  ],
  ['Fulcio, by a key without certificate', 'KeyUnknown', { logs: [REKOR] }, fulcio],
  [
    'Fulcio, signed by another key than the certificate\u2019s',
    'SignatureInvalid',
    { certificate, keys: OTHER_SIGNER, logs: [REKOR] },
    fulcio,
  ],
  ['a private authority', 'accept', { certificate }, pki],
  [
    'a private authority, another email address',
    'IdentityMismatch',
    { certificate },
    { ...pki, subjectEmail: 'other@example.com' },
  ],
  ['a private authority, by a key without certificate', 'KeyUnknown', {}, pki],
  ['a certificate where a key is asked for', 'accept', { certificate }, trustKeys([SIGNER])],
];

test.each(certificateRows)('%s: %s', (_, expected, plan, trust = fulcio) => {
  expect(codeOf(() => verifyBundle(makeBundle(plan), trust, NOW))).toBe(expected);
});
