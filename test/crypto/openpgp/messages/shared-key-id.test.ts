import { expect, test } from 'vitest';
import { SignatureError } from '../../../../lib/base/errors/signature-error.ts';
import { indexKeyring, type PreparedKey, type PreparedKeyring } from '../../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { parseSignedMessage } from '../../../../lib/crypto/openpgp/messages/signed-message.ts';
import { verifyMessage } from '../../../../lib/crypto/openpgp/messages/verify-message.ts';
import { signMessage, writeRelease } from '../../../fixtures/make/message-writer.ts';
import { KEY_CREATED } from '../../../fixtures/make/payload.ts';
import { makeRsaKey } from '../../../fixtures/make/signing-key.ts';
import { certificate } from '../../../support/certificate-builder.ts';
import { FIXTURE_TIME } from '../../../support/fixture-releases.ts';

const NOW = FIXTURE_TIME.getTime() / 1000;
const signer = makeRsaKey(2048, KEY_CREATED);
const COMPOSITE = { kind: 'composite', scheme: 'ML-DSA-65', x: 'AA', pub: 'AA' } as const;
const other = { algorithm: 1, notForSigning: 'signatures of key algorithm 30 are not supported' } as const;

/** Key IDs have 64 bits: two keys of one ID can be made on purpose. */
test.each<[name: string, neighbour: Partial<PreparedKey>]>([
  ['of an algorithm that is not supported', { ...other, material: undefined, algorithm: 18 }],
  ['that is no key at all', { ...other, material: { kind: 'rsa', n: 'AA', e: 'AA', bits: 8 } }],
  ['of a scheme whose key does not parse', { ...other, material: COMPOSITE, algorithm: 30 }],
  [
    'narrower than the signature',
    { material: { kind: 'rsa', n: 'x'.repeat(171), e: 'AQAB', bits: 1024 }, algorithm: 1 },
  ],
])('a key %s hides no good one with the same ID', async (_, neighbour) => {
  const { keyring } = await prepareKeyring('k', certificate(signer));
  const [own] = keyring.certificates;
  const [key] = own?.keys ?? [];
  if (own === undefined || key === undefined) throw new Error('the certificate has a key');
  const fingerprint = `${'0'.repeat(24)}${key.fingerprint.slice(-16)}`;
  const twin = { ...own, fingerprint, keys: [{ ...key, ...neighbour, fingerprint }] };
  const mixed: PreparedKeyring = { ...keyring, certificates: [twin, own] };
  const message = parseSignedMessage(writeRelease(signMessage(signer)));
  const anonymous = { ...message, signature: { ...message.signature, issuerFingerprint: undefined } };
  expect(verifyMessage(anonymous, indexKeyring(mixed), NOW).signer).toBe(own.fingerprint);
  const forged = { ...anonymous, content: Buffer.from('another content') };
  expect(() => verifyMessage(forged, indexKeyring(mixed), NOW)).toThrow(SignatureError);
});
