import { expect, test } from 'vitest';
import { evaluateSigstore, type SigstoreCandidate } from '../../../lib/crypto/sigstore/evaluate-sigstore.ts';
import { toKeyName } from '../../../lib/crypto/sigstore/verify-blob.ts';
import { makeBundle, toStatement } from './make-bundle.ts';
import {
  makeSignature,
  NOW,
  OTHER_DIGEST,
  OTHER_SIGNER,
  SIGNER,
  toPayload,
  trustKeys,
  WANTED,
} from './make-signature.ts';

const trust = trustKeys([SIGNER]);
const question = { ...WANTED, bundleIdentity: 'refuse' } as const;

function cosign(location: string, signature = makeSignature({ keys: SIGNER })): SigstoreCandidate {
  return { location, untrusted: { kind: 'cosign', signature } };
}

function bundle(bytes = makeBundle()): SigstoreCandidate {
  return { location: 'bundle', untrusted: { kind: 'bundle', bytes } };
}

function blob(bytes: Uint8Array): SigstoreCandidate {
  return { location: 'blob', untrusted: { kind: 'blob', bytes } };
}

const { mimeType, payload, annotations } = makeSignature({ keys: SIGNER });
const stored = JSON.stringify({
  mimeType,
  payload: Buffer.from(payload).toString('base64'),
  annotations: Object.fromEntries(annotations),
});
const unknown = cosign('unknown', makeSignature({ keys: OTHER_SIGNER }));
const otherDigest = cosign('other', makeSignature({ keys: SIGNER, payload: toPayload(undefined, OTHER_DIGEST) }));

type Row = [
  name: string,
  codes: readonly string[],
  candidates: readonly SigstoreCandidate[],
  asked?: 'refuse' | 'digest',
];

const rows: Row[] = [
  ['nothing', [], []],
  ['one good signature', ['Verified'], [cosign('a')]],
  ['a good one behind others', ['SignatureInvalid', 'DigestMismatch', 'Verified'], [unknown, otherDigest, cosign('a')]],
  ['nothing is looked at after a good one', ['Verified'], [cosign('a'), unknown]],
  ['none that is good', ['SignatureInvalid', 'DigestMismatch'], [unknown, otherDigest]],
  ['a stored one', ['Verified'], [blob(Buffer.from(`\0sigstore-json\n${stored}`))]],
  ['an OpenPGP one', ['SignatureUnsupported'], [blob(Buffer.from([0xa3, 1]))]],
  ['a broken one before a good one', ['SignatureMalformed', 'Verified'], [blob(Buffer.from('x')), cosign('a')]],
  ['a bundle, which names no repository', ['IdentityMismatch'], [bundle()]],
  ['a bundle where its digest is enough', ['Verified'], [bundle()], 'digest'],
  [
    'a bundle of another digest',
    ['DigestMismatch'],
    [bundle(makeBundle({ statement: toStatement([OTHER_DIGEST]) }))],
    'digest',
  ],
  ['a bundle by another key', ['SignatureInvalid'], [bundle(makeBundle({ keys: OTHER_SIGNER }))], 'digest'],
];

test.each(rows)('%s: %j', (_, codes, candidates, bundleIdentity = 'refuse') => {
  const { isSatisfied, attempts } = evaluateSigstore(candidates, trust, { ...question, bundleIdentity }, NOW);
  expect(attempts.map(({ code }) => code)).toEqual(codes);
  expect(isSatisfied).toBe(codes.at(-1) === 'Verified');
});

test('attempts tell where, why and by whom', () => {
  const { attempts } = evaluateSigstore([otherDigest, unknown], trust, question, NOW);
  expect(attempts[0]).toMatchObject({ location: 'other', signer: toKeyName(SIGNER.publicKey) });
  expect(attempts[1]).toEqual({
    location: 'unknown',
    code: 'SignatureInvalid',
    message: 'the signature is not by the key over this content',
  });
});

test('a fault of ours is no rejection', () => {
  const acceptsReference = () => {
    throw new TypeError('ours');
  };
  expect(() => evaluateSigstore([cosign('a')], trust, { ...question, acceptsReference }, NOW)).toThrow(TypeError);
});
