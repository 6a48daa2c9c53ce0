import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  MAX_SIGSTORE_SIGNATURE_BYTES,
  type UntrustedCosignSignature,
} from '../../../lib/crypto/sigstore/signature-blob.ts';
import { type SigstoreTrust, usePrehashed } from '../../../lib/crypto/sigstore/sigstore-trust.ts';
import { verifyCosignSignature } from '../../../lib/crypto/sigstore/verify-cosign-signature.ts';
import { isSignedByEd25519ph } from '../../../lib/crypto/sigstore/x509/ed25519ph.ts';
import { toKeyName } from '../../../lib/crypto/sigstore/x509/public-key.ts';
import { codeOf } from './code-of.ts';
import { type KeyPair, makeKeys } from './make-certificate.ts';
import { makePrehashed } from './make-prehashed.ts';
import {
  DIGEST,
  makeRekorSet,
  makeSignature,
  NOW,
  OTHER_DIGEST,
  OTHER_SIGNER,
  REFERENCE,
  REKOR,
  SIGNER,
  signContent,
  toPayload,
  toPem,
  trustKeys,
  WANTED,
} from './make-signature.ts';

type Row = [name: string, expected: string, signature: UntrustedCosignSignature, trust?: SigstoreTrust];

const kinds: [string, KeyPair][] = [
  ['RSA-2048', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['RSA-4096', generateKeyPairSync('rsa', { modulusLength: 4096 })],
  ['P-256', makeKeys('P-256')],
  ['P-384', makeKeys('P-384')],
  ['P-521', makeKeys('P-521')],
  ['Ed25519', generateKeyPairSync('ed25519')],
];

test.each(kinds)('a signature by a key of the kind %s verifies, and none with one byte changed', (_, keys) => {
  const signature = makeSignature({ keys });
  const verified = verifyCosignSignature(signature, trustKeys([OTHER_SIGNER, keys]), WANTED, NOW);
  expect(verified).toEqual({
    digest: DIGEST,
    signedReference: REFERENCE,
    signer: toKeyName(keys.publicKey),
    loggedAt: undefined,
  });
  const payload = Buffer.from(signature.payload);
  payload[20] = (payload[20] ?? 0) ^ 1;
  const changed = { ...signature, payload };
  expect(codeOf(() => verifyCosignSignature(changed, trustKeys([keys]), WANTED, NOW))).toBe('SignatureInvalid');
});

test.each(['P-256', 'P-384', 'P-521'])(
  'the two numbers of a signature by %s verify without DER, as on nodes',
  (curve) => {
    const [keys, other] = [makeKeys(curve), makeKeys(curve)];
    const signBy = ({ privateKey: key }: KeyPair): Buffer =>
      sign('sha256', toPayload(), { key, dsaEncoding: 'ieee-p1363' });
    const codeFor = (bytes: Buffer): string => {
      const signature = makeSignature({ keys, signature: bytes.toString('base64') });
      return codeOf(() => verifyCosignSignature(signature, trustKeys([OTHER_SIGNER, keys]), WANTED, NOW));
    };
    const numbers = signBy(keys);
    const changed = Buffer.from(numbers);
    changed[5] = (changed[5] ?? 0) ^ 1;
    expect([numbers, changed, signBy(other), numbers.subarray(1), Buffer.alloc(numbers.length)].map(codeFor)).toEqual([
      'accept',
      ...Array.from({ length: 4 }, () => 'SignatureInvalid'),
    ]);
  },
);

test('Ed25519ph, which nodes do not verify, is said; one by another key is not', () => {
  const { keys, sign: signBy } = makePrehashed();
  usePrehashed(isSignedByEd25519ph);
  const signature = makeSignature({ keys, signature: Buffer.from(signBy(toPayload())).toString('base64') });
  const codeBy = (by: readonly KeyPair[]) => codeOf(() => verifyCosignSignature(signature, trustKeys(by), WANTED, NOW));
  expect([codeBy([OTHER_SIGNER, keys]), codeBy([OTHER_SIGNER, makePrehashed().keys])]).toEqual([
    'SignatureUnsupported',
    'SignatureInvalid',
  ]);
});

const good = signContent(toPayload(), SIGNER);
const garbage = `${good.slice(0, 8)}!!${good.slice(10)}`;
const doubled = Buffer.concat([Buffer.from(good, 'base64'), Buffer.from(good, 'base64')]).toString('base64');
const twice = toPayload().toString().replace('"optional":null', '"optional":null,"optional":null');
const otherType = toPayload().toString().replace('cosign container', 'atomic container');

const rows: Row[] = [
  ['control', 'accept', makeSignature({ keys: SIGNER })],
  [
    'a line break in the base64',
    'accept',
    makeSignature({ keys: SIGNER, signature: `${good.slice(0, 8)}\n${good.slice(8)}` }),
  ],
  ['an empty key list', 'KeyUnknown', makeSignature({ keys: SIGNER }), trustKeys([])],
  ['another key', 'SignatureInvalid', makeSignature({ keys: SIGNER }), trustKeys([OTHER_SIGNER])],
  [
    'the right key over another payload',
    'SignatureInvalid',
    makeSignature({ keys: SIGNER, payload: toPayload(REFERENCE, OTHER_DIGEST), signature: good }),
  ],
  ['another digest', 'DigestMismatch', makeSignature({ keys: SIGNER, payload: toPayload(REFERENCE, OTHER_DIGEST) })],
  [
    'another identity',
    'IdentityMismatch',
    makeSignature({ keys: SIGNER, payload: toPayload('registry.example.com/other') }),
  ],
  ['an empty identity', 'IdentityMismatch', makeSignature({ keys: SIGNER, payload: toPayload('') })],
  [
    'another digest and identity',
    'DigestMismatch',
    makeSignature({ keys: SIGNER, payload: toPayload('x', OTHER_DIGEST) }),
  ],
  ['a payload with a member twice', 'PayloadInvalid', makeSignature({ keys: SIGNER, payload: Buffer.from(twice) })],
  ['a payload of simple signing', 'PayloadInvalid', makeSignature({ keys: SIGNER, payload: Buffer.from(otherType) })],
  ['a payload that is not UTF-8', 'PayloadInvalid', makeSignature({ keys: SIGNER, payload: Buffer.from([0xff]) })],
  ['base64 with garbage', 'SignatureMalformed', makeSignature({ keys: SIGNER, signature: garbage })],
  ['base64url', 'SignatureMalformed', makeSignature({ keys: SIGNER, signature: `${good.slice(0, -4)}-_==` })],
  ['base64 with stray bits', 'SignatureMalformed', makeSignature({ keys: SIGNER, signature: 'AB==' })],
  ['an empty signature', 'SignatureInvalid', makeSignature({ keys: SIGNER, signature: '' })],
  ['a signature with another behind it', 'SignatureInvalid', makeSignature({ keys: SIGNER, signature: doubled })],
  ['no signature', 'SignatureMalformed', { ...makeSignature({ keys: SIGNER }), annotations: new Map() }],
  ['another media type', 'SignatureUnsupported', makeSignature({ keys: SIGNER, mimeType: 'text/plain' })],
  [
    'a certificate where a key is asked for',
    'accept',
    makeSignature({ keys: SIGNER, certificate: 'none of it is read' }),
  ],
];

test.each(rows)('%s: %s', (_, expected, signature, trust = trustKeys([SIGNER])) => {
  expect(codeOf(() => verifyCosignSignature(signature, trust, WANTED, NOW))).toBe(expected);
});

test('a P-384 key signs SHA-256, as containers/image has it, and not its own hash', () => {
  const keys = makeKeys('P-384');
  const signature = sign('sha384', toPayload(), keys.privateKey).toString('base64');
  const verify = () => verifyCosignSignature(makeSignature({ keys, signature }), trustKeys([keys]), WANTED, NOW);
  expect(codeOf(verify)).toBe('SignatureInvalid');
});

test('a signature longer than is read', () => {
  const chain = 'x'.repeat(MAX_SIGSTORE_SIGNATURE_BYTES);
  const verify = () => verifyCosignSignature(makeSignature({ keys: SIGNER, chain }), trustKeys([SIGNER]), WANTED, NOW);
  expect(codeOf(verify)).toBe('LimitExceeded');
});

test('the identity is not asked for before the digest is right', () => {
  const acceptsReference = () => {
    throw new Error('asked');
  };
  const verify = () =>
    verifyCosignSignature(
      makeSignature({ keys: SIGNER }),
      trustKeys([SIGNER]),
      { digest: OTHER_DIGEST, acceptsReference },
      NOW,
    );
  expect(codeOf(verify)).toBe('DigestMismatch');
});

const logged = { rekor: REKOR, pem: toPem(SIGNER.publicKey), signature: good };
const withSet = (rekorSet: string) => makeSignature({ keys: SIGNER, signature: good, rekorSet });
const byOther = makeRekorSet({ ...logged, pem: toPem(OTHER_SIGNER.publicKey) });
const byUnknown = makeRekorSet({ ...logged, pem: toPem(makeKeys().publicKey) });
const ofOther = makeRekorSet({ ...logged, signature: signContent(toPayload(), SIGNER) });
const overOther = makeRekorSet({ ...logged, payload: toPayload('other') });

const loggedRows: [name: string, expected: string, signature: UntrustedCosignSignature, rekor?: readonly KeyPair[]][] =
  [
    ['logged', 'accept', withSet(makeRekorSet(logged))],
    ['logged, by one of several logs', 'accept', withSet(makeRekorSet(logged)), [OTHER_SIGNER, REKOR]],
    ['not logged', 'SignatureMalformed', makeSignature({ keys: SIGNER })],
    ['logged by another log', 'LogEntryInvalid', withSet(makeRekorSet({ ...logged, rekor: OTHER_SIGNER }))],
    ['an entry about another key', 'LogEntryInvalid', withSet(byUnknown)],
    ['an entry about another signature', 'LogEntryInvalid', withSet(ofOther)],
    ['an entry about other content', 'LogEntryInvalid', withSet(overOther)],
    ['an entry that is no JSON', 'SignatureMalformed', withSet('not JSON')],
    [
      'an entry with its time changed',
      'LogEntryInvalid',
      withSet(makeRekorSet(logged).replace(String(NOW), String(NOW + 1))),
    ],
  ];

test.each(loggedRows)('%s: %s', (_, expected, signature, rekor = [REKOR]) => {
  const trust = trustKeys([OTHER_SIGNER, SIGNER], rekor);
  expect(codeOf(() => verifyCosignSignature(signature, trust, WANTED, NOW))).toBe(expected);
});

test('an entry tells when it was logged', () => {
  const set = withSet(makeRekorSet({ ...logged, integratedTime: NOW - 60 }));
  expect(verifyCosignSignature(set, trustKeys([SIGNER], [REKOR]), WANTED, NOW).loggedAt).toBe(NOW - 60);
});

test('an entry about a key that is trusted and did not sign does not help', () => {
  const signature = makeSignature({ keys: SIGNER, signature: good, rekorSet: byOther });
  const verify = () => verifyCosignSignature(signature, trustKeys([SIGNER, OTHER_SIGNER], [REKOR]), WANTED, NOW);
  expect(codeOf(verify)).toBe('LogEntryInvalid');
});
