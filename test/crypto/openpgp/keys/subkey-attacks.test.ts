import { describe, expect, test } from 'vitest';
import { parseDigest } from '../../../../lib/base/names/digest.ts';
import { parsePullspec } from '../../../../lib/base/names/reference.ts';
import { prepareKeyring } from '../../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { decideImage } from '../../../../lib/verdict/decide/decide-image.ts';
import { FLAG } from '../../../fixtures/make/certificate-writer.ts';
import { signMessage, writeRelease } from '../../../fixtures/make/message-writer.ts';
import { KEY_CREATED, RELEASE_DIGEST, RELEASE_REPOSITORY } from '../../../fixtures/make/payload.ts';
import { keyFlags, keyLifetime, SIGNATURE, subpacket } from '../../../fixtures/make/signature-writer.ts';
import { makeRsaKey } from '../../../fixtures/make/signing-key.ts';
import {
  type AttackRow,
  binding,
  boundSubkey,
  CERTIFY_ONLY,
  certificate,
  EXPIRES,
  hashedPair,
  judgeKeyFile,
  keyPacket,
  LATER,
  MAY_SIGN,
  subkeyPacket,
  userIdPacket,
  userIdRevocation,
  writeCrossSignature,
} from '../../../support/certificate-builder.ts';
import { FIXTURE_TIME, readFixtureTrust } from '../../../support/fixture-releases.ts';
import { createMemorySignatureStore } from '../../../support/memory-signature-store.ts';
import { untouchedManifests, untouchedStore } from '../../../support/untouched-store.ts';

const primary = makeRsaKey(2048, KEY_CREATED);
const weak = makeRsaKey(1024, KEY_CREATED);
const subkey = makeRsaKey(2048, KEY_CREATED);
const other = makeRsaKey(2048, KEY_CREATED);

const join = (...packets: readonly Uint8Array[]): Buffer => Buffer.concat(packets);
const SIGN = keyFlags(FLAG.sign);
const ENCRYPT = keyFlags(FLAG.encrypt);
const NO_CROSS_SIGNATURE = 'no valid cross-signature';
const NO_SELF_SIGNATURE = 'no valid self-signature';
const NO_BINDING = 'no valid binding signature';
const NOT_UNDERSTOOD = 'not understood';
const NOT_FOR_DATA = 'not made for signing data';

describe('a subkey signs, and what binds it is attacked', () => {
  const base = certificate(primary);
  const pair = hashedPair(primary, subkey);
  const bound = boundSubkey(primary, subkey);
  const crossed = (name: string, cross: Buffer | 'none'): AttackRow => [
    name,
    'KeyNotForSigning',
    join(base, boundSubkey(primary, subkey, { cross })),
    NO_CROSS_SIGNATURE,
  ];
  const rows: readonly AttackRow[] = [
    ['an honest binding', 'accept', join(base, bound)],
    crossed('no cross-signature', 'none'),
    crossed('a document signature (type 0x00) as cross-signature', writeCrossSignature(subkey, pair, SIGNATURE.binary)),
    crossed('a text signature (0x01) as cross-signature', writeCrossSignature(subkey, pair, SIGNATURE.text)),
    crossed('a binding (0x18) as cross-signature', writeCrossSignature(subkey, pair, SIGNATURE.subkeyBinding)),
    crossed('a cross-signature by another key', writeCrossSignature(other, pair)),
    crossed('a cross-signature by the primary key', writeCrossSignature(primary, pair)),
    crossed('a cross-signature over another primary key', writeCrossSignature(subkey, hashedPair(other, subkey))),
    crossed('a cross-signature over another subkey', writeCrossSignature(subkey, hashedPair(primary, other))),
    ['no binding', 'KeyNotForSigning', join(base, subkeyPacket(subkey)), NO_BINDING],
    [
      'a binding by another key',
      'KeyNotForSigning',
      join(base, boundSubkey(primary, subkey, { by: other, named: primary })),
      NO_BINDING,
    ],
    [
      'a binding by the subkey itself',
      'KeyNotForSigning',
      join(base, boundSubkey(primary, subkey, { by: subkey, named: primary })),
      NO_BINDING,
    ],
    [
      'the binding of another subkey',
      'KeyNotForSigning',
      join(base, subkeyPacket(subkey), binding(primary, other)),
      NO_BINDING,
    ],
    [
      'the binding by another primary key',
      'KeyNotForSigning',
      join(base, subkeyPacket(subkey), binding(other, subkey)),
      NO_BINDING,
    ],
    [
      'flags for signing in the unhashed area alone',
      'KeyNotForSigning',
      join(base, boundSubkey(primary, subkey, { says: [ENCRYPT], saysUnprotected: [SIGN] })),
      NOT_FOR_DATA,
    ],
    [
      'an expiry in the unhashed area alone',
      'accept',
      join(base, boundSubkey(primary, subkey, { saysUnprotected: [EXPIRES] })),
    ],
    ['an expiry', 'KeyExpired', join(base, boundSubkey(primary, subkey, { says: [SIGN, EXPIRES] }))],
    [
      'an expiry, and none in the unhashed area',
      'KeyExpired',
      join(base, boundSubkey(primary, subkey, { says: [SIGN, EXPIRES], saysUnprotected: [keyLifetime(0)] })),
    ],
    [
      'an expiry given twice: half a year, then never',
      'KeyNotForSigning',
      join(base, boundSubkey(primary, subkey, { says: [SIGN, EXPIRES, keyLifetime(0)] })),
      NOT_UNDERSTOOD,
    ],
    [
      'a newer binding with an unknown critical subpacket',
      'KeyNotForSigning',
      join(base, bound, binding(primary, subkey, { day: LATER, says: [SIGN, subpacket(100, Buffer.from('x'), true)] })),
      NOT_UNDERSTOOD,
    ],
    [
      'a newer binding with an expiry',
      'KeyExpired',
      join(base, bound, binding(primary, subkey, { day: LATER, says: [SIGN, EXPIRES] })),
    ],
    [
      'the same subkey twice, the second time newer and with an expiry',
      'KeyExpired',
      join(base, bound, boundSubkey(primary, subkey, { day: LATER, says: [SIGN, EXPIRES] })),
    ],
    [
      'the same subkey twice, the second time newer and not for signing',
      'KeyNotForSigning',
      join(base, bound, boundSubkey(primary, subkey, { day: LATER, says: [ENCRYPT], cross: 'none' })),
      NOT_FOR_DATA,
    ],
    [
      'the same subkey twice, the newer and stricter one first',
      'KeyExpired',
      join(base, boundSubkey(primary, subkey, { day: LATER, says: [SIGN, EXPIRES] }), bound),
    ],
    [
      'the same subkey twice, the newer one bound by another key',
      'accept',
      join(base, bound, boundSubkey(primary, subkey, { day: LATER, says: [ENCRYPT], by: other, named: primary })),
    ],
  ];

  test.each(rows)('%s: %s', async (_, expected, keyFile, because = '') => {
    const judged = await judgeKeyFile(keyFile, subkey);
    expect(judged.code).toBe(expected);
    expect(judged.because).toContain(because);
  });
});

describe('a subkey signs, and its primary key is attacked', () => {
  const bound = boundSubkey(primary, subkey);
  const rows: readonly AttackRow[] = [
    ['an honest certificate', 'accept', join(certificate(primary), bound)],
    ['a primary key for certifying only', 'accept', join(certificate(primary, { says: [CERTIFY_ONLY] }), bound)],
    ['an expired primary key', 'KeyExpired', join(certificate(primary, { says: [MAY_SIGN, EXPIRES] }), bound)],
    ['its user ID stripped', 'KeyNotForSigning', join(keyPacket(primary), bound), NO_SELF_SIGNATURE],
    [
      'its self-signature stripped',
      'KeyNotForSigning',
      join(keyPacket(primary), userIdPacket(), bound),
      NO_SELF_SIGNATURE,
    ],
    [
      'its user ID replaced by one that it did not sign',
      'KeyNotForSigning',
      join(keyPacket(primary), userIdPacket('Somebody else'), bound),
      NO_SELF_SIGNATURE,
    ],
    [
      'its sole user ID revoked',
      'KeyNotForSigning',
      join(certificate(primary, { says: [MAY_SIGN, EXPIRES] }), userIdRevocation(primary, { day: 1 }), bound),
      NO_SELF_SIGNATURE,
    ],
    [
      'a weak primary key',
      'KeyNotForSigning',
      join(certificate(weak), boundSubkey(weak, subkey)),
      `the RSA key ${weak.fingerprint} has 1024 bits`,
    ],
  ];

  test.each(rows)('%s: %s', async (_, expected, keyFile, because = '') => {
    const judged = await judgeKeyFile(keyFile, subkey);
    expect(judged.code).toBe(expected);
    expect(judged.because).toContain(because);
  });

  test('a certify-only primary key that is bound as its own subkey still signs nothing', async () => {
    const keyFile = join(certificate(primary, { says: [CERTIFY_ONLY] }), boundSubkey(primary, primary));
    expect(await judgeKeyFile(keyFile, primary)).toMatchObject({ code: 'KeyNotForSigning' });
  });
});

/**
 * Whoever runs the second keyring has the vendor sign a blob of their choice as a document, and presents that
 * signature as the vendor's key agreeing to be a subkey. One signature would then count as two parties' word.
 */
describe('a second certificate adopts the key of the first', async () => {
  const vendor = subkey;
  const auditor = other;
  const digest = parseDigest(RELEASE_DIGEST);
  const pair = hashedPair(auditor, vendor);
  const store = createMemorySignatureStore(new Map([[digest, [writeRelease(signMessage(vendor))]]]));
  const vendorKeyring = await prepareKeyring('verifier-public-key-vendor', certificate(vendor));

  test.each([
    ['through a document signature', SIGNATURE.binary, ['rejected', 'KeyringUnsatisfied', 'KeyNotForSigning']],
    ['through a text signature', SIGNATURE.text, ['rejected', 'KeyringUnsatisfied', 'KeyNotForSigning']],
    ['with its consent: the key is in both', SIGNATURE.primaryKeyBinding, ['accepted']],
  ])('%s', async (_, type, expected) => {
    const cross = writeCrossSignature(vendor, pair, type);
    const keyFile = join(certificate(auditor, { says: [CERTIFY_ONLY] }), boundSubkey(auditor, vendor, { cross }));
    const { keyring } = await prepareKeyring('verifier-public-key-auditor', keyFile);
    const trust = await readFixtureTrust({ keyrings: [vendorKeyring.keyring, keyring] });
    const { verdict } = await decideImage({ pullspec: parsePullspec(`${RELEASE_REPOSITORY}@${digest}`) }, trust, {
      store,
      lookaside: untouchedStore,
      manifests: untouchedManifests,
      now: () => FIXTURE_TIME,
      signal: new AbortController().signal,
    });
    expect([verdict.outcome, ...verdict.reasons.map(({ code }) => code)]).toEqual(expected);
  });
});
