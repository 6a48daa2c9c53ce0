import { describe, expect, test } from 'vitest';
import { prepareKeyring } from '../../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { KEY_CREATED } from '../../../fixtures/make/payload.ts';
import { designatedRevoker, keyLifetime, primaryUserId, subpacket } from '../../../fixtures/make/signature-writer.ts';
import { makeRsaKey } from '../../../fixtures/make/signing-key.ts';
import {
  type AttackRow,
  CERTIFY_ONLY,
  certificate,
  directKeySignature,
  EXPIRES,
  judgeKeyFile,
  keyPacket,
  keyRevocation,
  LATER,
  MAY_SIGN,
  selfSignature,
  USER_ID,
  userIdPacket,
  userIdRevocation,
} from '../../../support/certificate-builder.ts';

const primary = makeRsaKey(2048, KEY_CREATED);
const other = makeRsaKey(2048, KEY_CREATED);

const join = (...packets: readonly Uint8Array[]): Buffer => Buffer.concat(packets);
const OTHER_ID = 'Somebody else <else@example.com>';
const NO_SELF_SIGNATURE = 'no valid self-signature';
const NOT_UNDERSTOOD = 'not understood';
const NOT_FOR_DATA = 'not made for signing data';
const EXPIRED = { says: [MAY_SIGN, EXPIRES] };
const NEWER_AND_EXPIRED = { day: LATER, ...EXPIRED };
const UNKNOWN_CRITICAL = subpacket(100, Buffer.from('x'), true);

describe('the primary key signs, and its self-signatures are attacked', () => {
  const rows: readonly AttackRow[] = [
    ['an honest certificate', 'accept', certificate(primary)],
    ['an expired one', 'KeyExpired', certificate(primary, EXPIRED)],
    ['no user ID', 'KeyNotForSigning', keyPacket(primary), NO_SELF_SIGNATURE],
    [
      'a user ID without self-signature',
      'KeyNotForSigning',
      join(keyPacket(primary), userIdPacket()),
      NO_SELF_SIGNATURE,
    ],
    [
      'a self-signature by another key',
      'KeyNotForSigning',
      certificate(primary, { by: other, named: primary }),
      NO_SELF_SIGNATURE,
    ],
    [
      'a self-signature of another user ID',
      'KeyNotForSigning',
      join(keyPacket(primary), userIdPacket(), selfSignature(primary, {}, OTHER_ID)),
      NO_SELF_SIGNATURE,
    ],
    [
      'the sole user ID revoked',
      'KeyNotForSigning',
      join(certificate(primary), userIdRevocation(primary, { day: 1 })),
      NO_SELF_SIGNATURE,
    ],
    [
      'the sole user ID revoked by another key',
      'accept',
      join(certificate(primary), userIdRevocation(primary, { day: 1, by: other, named: primary })),
    ],
    [
      'the sole user ID revoked, then certified anew',
      'accept',
      join(certificate(primary), userIdRevocation(primary, { day: 1 }), selfSignature(primary, { day: LATER })),
    ],
    [
      'a direct-key signature that allows as much',
      'accept',
      join(keyPacket(primary), directKeySignature(primary), userIdPacket(), selfSignature(primary)),
    ],
    [
      'a direct-key signature with an expiry',
      'KeyExpired',
      join(
        keyPacket(primary),
        directKeySignature(primary, EXPIRED),
        userIdPacket(),
        selfSignature(primary, { day: 1 }),
      ),
    ],
    [
      'a direct-key signature with an expiry, by another key',
      'accept',
      join(
        keyPacket(primary),
        directKeySignature(primary, { ...EXPIRED, by: other, named: primary }),
        userIdPacket(),
        selfSignature(primary),
      ),
    ],
    [
      'a direct-key signature for certifying only',
      'KeyNotForSigning',
      join(
        keyPacket(primary),
        directKeySignature(primary, { says: [CERTIFY_ONLY] }),
        userIdPacket(),
        selfSignature(primary, { says: [] }),
      ),
      NOT_FOR_DATA,
    ],
    [
      'a direct-key signature with a designated revoker',
      'accept',
      join(
        keyPacket(primary),
        directKeySignature(primary, { says: [MAY_SIGN, designatedRevoker(other)] }),
        userIdPacket(),
        selfSignature(primary),
      ),
    ],
    [
      'a newer self-signature with a designated revoker beside an older one',
      'accept',
      join(certificate(primary), selfSignature(primary, { day: LATER, says: [MAY_SIGN, designatedRevoker(other)] })),
    ],
    [
      'a newer self-signature with a designated revoker and an expiry',
      'KeyExpired',
      join(
        certificate(primary),
        selfSignature(primary, { day: LATER, says: [MAY_SIGN, designatedRevoker(other), EXPIRES] }),
      ),
    ],
    [
      'a newer self-signature with a designated revoker and an unknown critical subpacket',
      'KeyNotForSigning',
      join(
        certificate(primary),
        selfSignature(primary, { day: LATER, says: [MAY_SIGN, designatedRevoker(other), UNKNOWN_CRITICAL] }),
      ),
      NOT_UNDERSTOOD,
    ],
    [
      'a newer self-signature with a designated revoker, by another key',
      'accept',
      join(
        certificate(primary),
        selfSignature(primary, { day: LATER, by: other, named: primary, says: [designatedRevoker(other), EXPIRES] }),
      ),
    ],
    [
      'a newer self-signature with an unknown critical subpacket beside an older one',
      'KeyNotForSigning',
      join(certificate(primary), selfSignature(primary, { day: LATER, says: [MAY_SIGN, EXPIRES, UNKNOWN_CRITICAL] })),
      NOT_UNDERSTOOD,
    ],
    [
      'an older self-signature with an unknown critical subpacket beside a newer one',
      'accept',
      join(
        keyPacket(primary),
        userIdPacket(),
        selfSignature(primary, { says: [MAY_SIGN, UNKNOWN_CRITICAL] }),
        selfSignature(primary, { day: LATER }),
      ),
    ],
    [
      'two user IDs: the primary one old and without expiry, the other newer and with one',
      'KeyExpired',
      join(
        certificate(primary, { says: [MAY_SIGN, primaryUserId()] }),
        userIdPacket(OTHER_ID),
        selfSignature(primary, NEWER_AND_EXPIRED, OTHER_ID),
      ),
    ],
    [
      'two user IDs: one with an expiry, the other newer and without',
      'KeyExpired',
      join(
        certificate(primary, EXPIRED),
        userIdPacket(OTHER_ID),
        selfSignature(primary, { day: LATER, says: [MAY_SIGN] }, OTHER_ID),
      ),
    ],
    [
      'two user IDs: an expiry that was taken away again, the other newer and without',
      'accept',
      join(
        certificate(primary, EXPIRED),
        selfSignature(primary, { day: 1 }),
        userIdPacket(OTHER_ID),
        selfSignature(primary, { day: LATER, says: [MAY_SIGN] }, OTHER_ID),
      ),
    ],
    [
      'two user IDs: the one with an expiry revoked, the other newer and without',
      'accept',
      join(
        certificate(primary, EXPIRED),
        userIdRevocation(primary, { day: 1 }),
        userIdPacket(OTHER_ID),
        selfSignature(primary, { day: LATER, says: [MAY_SIGN] }, OTHER_ID),
      ),
    ],
    [
      'the same user ID twice, the second time newer and with an expiry',
      'KeyExpired',
      join(
        certificate(primary, { says: [MAY_SIGN, primaryUserId()] }),
        userIdPacket(),
        selfSignature(primary, NEWER_AND_EXPIRED),
      ),
    ],
    [
      'flags for signing in the unhashed area alone',
      'KeyNotForSigning',
      certificate(primary, { says: [CERTIFY_ONLY], saysUnprotected: [MAY_SIGN] }),
      NOT_FOR_DATA,
    ],
    ['an expiry in the unhashed area alone', 'accept', certificate(primary, { saysUnprotected: [EXPIRES] })],
    [
      'an expiry, and a later one in the unhashed area',
      'KeyExpired',
      certificate(primary, { ...EXPIRED, saysUnprotected: [keyLifetime(0)] }),
    ],
    [
      'an expiry given twice: half a year, then never',
      'KeyNotForSigning',
      certificate(primary, { says: [MAY_SIGN, EXPIRES, keyLifetime(0)] }),
      NOT_UNDERSTOOD,
    ],
    [
      'an expiry given twice: never, then never, the second one critical',
      'KeyNotForSigning',
      certificate(primary, { says: [keyLifetime(0), MAY_SIGN, subpacket(9, Buffer.alloc(4), true)] }),
      NOT_UNDERSTOOD,
    ],
    [
      'flags given twice: certify only, then sign',
      'KeyNotForSigning',
      certificate(primary, { says: [CERTIFY_ONLY, MAY_SIGN] }),
      NOT_UNDERSTOOD,
    ],
    [
      'two self-signatures of one second, the lax one first',
      'KeyExpired',
      join(certificate(primary), selfSignature(primary, EXPIRED)),
    ],
    [
      'two self-signatures of one second, the strict one first',
      'KeyExpired',
      join(certificate(primary, EXPIRED), selfSignature(primary)),
    ],
    [
      'two self-signatures of one second, one of them not for signing',
      'KeyNotForSigning',
      join(certificate(primary), selfSignature(primary, { says: [CERTIFY_ONLY] })),
    ],
    [
      'an expiry given twice, by another key',
      'accept',
      join(
        certificate(primary),
        selfSignature(primary, { day: 1, says: [EXPIRES, keyLifetime(0)], by: other, named: primary }),
      ),
    ],
  ];

  test.each(rows)('%s: %s', async (_, expected, keyFile, because = '') => {
    const judged = await judgeKeyFile(keyFile, primary);
    expect(judged.code).toBe(expected);
    expect(judged.because).toContain(because);
  });
});

describe('copies of one certificate in a keyring', () => {
  const old = certificate(primary, EXPIRED);
  const renewed = certificate(primary, { day: LATER });
  const rows: readonly AttackRow[] = [
    ['an old expired copy before the renewed one', 'accept', join(old, renewed)],
    ['an old expired copy after the renewed one', 'accept', join(renewed, old)],
    [
      'an old copy before one that expires',
      'KeyExpired',
      join(certificate(primary), certificate(primary, NEWER_AND_EXPIRED)),
    ],
    ['a renewed copy before a revoked one', 'KeyRevoked', join(renewed, old, keyRevocation(primary, { day: 1 }))],
    ['a revoked copy before the renewed one', 'KeyRevoked', join(old, keyRevocation(primary, { day: 1 }), renewed)],
  ];

  test.each(rows)('%s: %s', async (_, expected, keyFile) => {
    expect(await judgeKeyFile(keyFile, primary)).toMatchObject({ code: expected });
  });
});

test('the user IDs of a certificate are those that its key vouches for, each once', async () => {
  const keyFile = join(
    certificate(primary),
    userIdPacket('Not signed'),
    userIdPacket('Signed by another key'),
    selfSignature(primary, { by: other, named: primary }, 'Signed by another key'),
    userIdPacket('With the signature of another user ID'),
    selfSignature(primary),
    userIdPacket('Revoked'),
    selfSignature(primary, {}, 'Revoked'),
    userIdRevocation(primary, { day: 1 }, 'Revoked'),
    userIdPacket(OTHER_ID),
    selfSignature(primary, {}, OTHER_ID),
    userIdPacket(),
    selfSignature(primary, { day: 1 }),
  );
  const { keyring } = await prepareKeyring('k', keyFile);
  expect(keyring.certificates.map(({ userIds }) => userIds)).toEqual([[USER_ID, OTHER_ID]]);
});
