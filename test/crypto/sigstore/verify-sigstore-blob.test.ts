import { describe, expect, test } from 'vitest';
import {
  BUNDLE_TYPE,
  formatSignatureBlob,
  type UntrustedCosignSignature,
} from '../../../lib/crypto/sigstore/signature-blob.ts';
import { verifySigstoreBlob } from '../../../lib/crypto/sigstore/verify-sigstore-blob.ts';
import { toKeyName } from '../../../lib/crypto/sigstore/x509/public-key.ts';
import { checkCandidate } from '../../../lib/verdict/judge/requirement.ts';
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

function cosign(signature: UntrustedCosignSignature = makeSignature({ keys: SIGNER })): Uint8Array {
  return formatSignatureBlob(signature);
}

function bundle(bytes = makeBundle()): Uint8Array {
  return formatSignatureBlob({ mimeType: BUNDLE_TYPE, payload: bytes, annotations: new Map() });
}

const { mimeType, payload, annotations } = makeSignature({ keys: SIGNER });
const stored = JSON.stringify({
  mimeType,
  payload: Buffer.from(payload).toString('base64'),
  annotations: Object.fromEntries(annotations),
});
const unknown = cosign(makeSignature({ keys: OTHER_SIGNER }));
const otherDigest = cosign(makeSignature({ keys: SIGNER, payload: toPayload(undefined, OTHER_DIGEST) }));

function attemptOf(bytes: Uint8Array, bundleIdentity: 'refuse' | 'digest' = 'refuse') {
  const source = { store: 'test', location: 'signature-1' };
  return checkCandidate(source, 'keys', () => verifySigstoreBlob(bytes, trust, { ...question, bundleIdentity }, NOW));
}

describe('one stored signature', () => {
  test.each<[name: string, code: string, bytes: Uint8Array, asked?: 'refuse' | 'digest']>([
    ['good', 'Verified', cosign()],
    ['as containers/image stores it', 'Verified', Buffer.from(`\0sigstore-json\n${stored}`)],
    ['of another key', 'SignatureInvalid', unknown],
    ['of another digest', 'DigestMismatch', otherDigest],
    ['an OpenPGP one', 'SignatureUnsupported', Buffer.from([0xa3, 1])],
    ['no signature at all', 'SignatureMalformed', Buffer.from('x')],
    ['no byte', 'SignatureMalformed', Buffer.alloc(0)],
    ['a bundle, which names no repository', 'IdentityMismatch', bundle()],
    ['a bundle where its digest is enough', 'Verified', bundle(), 'digest'],
    [
      'a bundle of another digest',
      'DigestMismatch',
      bundle(makeBundle({ statement: toStatement([OTHER_DIGEST]) })),
      'digest',
    ],
    ['a bundle by another key', 'SignatureInvalid', bundle(makeBundle({ keys: OTHER_SIGNER })), 'digest'],
  ])('%s: %s', (_, code, bytes, bundleIdentity) => {
    const { attempt, proof } = attemptOf(bytes, bundleIdentity);
    expect(attempt.code).toBe(code);
    expect(proof !== undefined).toBe(code === 'Verified');
  });
});

test('an attempt says where, why and by whom', () => {
  expect(attemptOf(otherDigest).attempt).toMatchObject({
    location: 'signature-1',
    signer: toKeyName(SIGNER.publicKey),
  });
  expect(attemptOf(unknown).attempt).toEqual({
    store: 'test',
    location: 'signature-1',
    keyring: 'keys',
    code: 'SignatureInvalid',
    message: 'the signature is not by the key over this content',
  });
});
