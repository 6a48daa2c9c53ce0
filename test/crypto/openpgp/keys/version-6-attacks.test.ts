import { describe, expect, test } from 'vitest';
import { readKeyProperties } from '../../../../lib/crypto/openpgp/packets/key-properties.ts';
import { FLAG } from '../../../fixtures/make/certificate-writer.ts';
import { newPacket, oldPacket, PACKET } from '../../../fixtures/make/packet-writer.ts';
import { KEY_CREATED } from '../../../fixtures/make/payload.ts';
import {
  designatedRevoker,
  keyFlags,
  keyLifetime,
  notation,
  SIGNATURE,
  subpacket,
  writeSignatureV4,
} from '../../../fixtures/make/signature-writer.ts';
import { hashedKey, makeEd25519Key, makeRsaKey } from '../../../fixtures/make/signing-key.ts';
import { keysOf } from '../../../fixtures/make/version-6-parts.ts';
import {
  type AttackRow,
  binding,
  boundSubkey,
  CERTIFY_ONLY,
  certificate,
  directKeySignature,
  EXPIRES,
  hashedPair,
  judgeKeyFile,
  keyPacket,
  keyRevocation,
  LATER,
  MAY_SIGN,
  selfSignature,
  subkeyPacket,
  userIdPacket,
  writeCrossSignature,
  writeStatement,
} from '../../../support/certificate-builder.ts';

const [primary, subkey] = keysOf('ed25519');
const [composite] = keysOf('mldsa65');
const other = makeEd25519Key('native', KEY_CREATED, 6);
const revoker = makeRsaKey(2048, KEY_CREATED);
const join = (...packets: readonly Uint8Array[]): Buffer => Buffer.concat(packets);
const base = certificate(primary);
const later = (says: readonly Buffer[], plan = {}): Buffer =>
  directKeySignature(primary, { day: LATER, says, ...plan });

describe('what a version 6 certificate says of its primary key', () => {
  const NOT_UNDERSTOOD = 'not understood';
  const rows: readonly AttackRow[] = [
    ['a later signature that takes signing back', 'KeyNotForSigning', join(base, later([CERTIFY_ONLY]))],
    [
      'the same before the good one',
      'KeyNotForSigning',
      join(keyPacket(primary), later([CERTIFY_ONLY]), base.subarray(keyPacket(primary).length)),
    ],
    ['the same by another key in its name', 'accept', join(base, later([CERTIFY_ONLY], { by: other, named: primary }))],
    ['the same by another key', 'accept', join(base, later([CERTIFY_ONLY], { by: other }))],
    [
      'a later signature by another key that grants signing',
      'KeyNotForSigning',
      join(certificate(primary, { says: [CERTIFY_ONLY] }), later([MAY_SIGN], { by: other, named: primary })),
    ],
    ['a later expiry', 'KeyExpired', join(base, later([MAY_SIGN, EXPIRES]))],
    ['an expiry where nobody signed it', 'accept', join(base, later([MAY_SIGN], { saysUnprotected: [EXPIRES] }))],
    [
      'signing where nobody signed it',
      'KeyNotForSigning',
      join(base, later([CERTIFY_ONLY], { saysUnprotected: [MAY_SIGN] })),
    ],
    [
      'two user IDs: one with an expiry, the other newer and without',
      'KeyExpired',
      join(
        base,
        selfSignature(primary, { says: [MAY_SIGN, EXPIRES] }),
        userIdPacket('Somebody else'),
        selfSignature(primary, { day: LATER, says: [MAY_SIGN] }, 'Somebody else'),
      ),
    ],
    ['two expiries', 'KeyNotForSigning', join(base, later([MAY_SIGN, keyLifetime(0), EXPIRES])), NOT_UNDERSTOOD],
    ['flags twice', 'KeyNotForSigning', join(base, later([CERTIFY_ONLY, keyFlags(FLAG.sign)])), NOT_UNDERSTOOD],
    ['flags of no octet', 'KeyNotForSigning', join(base, later([subpacket(27, Buffer.alloc(0))]))],
    [
      'a critical notation',
      'KeyNotForSigning',
      join(base, later([MAY_SIGN, notation('a@b', 'c', true)])),
      NOT_UNDERSTOOD,
    ],
    ['a notation', 'accept', join(base, later([MAY_SIGN, notation('a@b', 'c', false)]))],
    [
      'a critical subpacket of the future',
      'KeyNotForSigning',
      join(base, later([MAY_SIGN, subpacket(90, Buffer.from('x'), true)])),
      NOT_UNDERSTOOD,
    ],
    ['an unknown hash', 'KeyNotForSigning', join(base, oldPacket(PACKET.signature, withHash(13))), NOT_UNDERSTOOD],
    [
      'a version 4 signature by the key',
      'KeyNotForSigning',
      join(keyPacket(primary), version4Direct(), userIdPacket()),
      'direct-key signature',
    ],
    [
      'a revocation of version 4 by the key',
      'KeyRevoked',
      join(base, oldPacket(PACKET.signature, version4Revocation())),
    ],
    ['a revocation of SHA-1', 'KeyRevoked', join(base, keyRevocation(primary, { hash: 'sha1' }))],
    [
      'a revocation by another key in its name',
      'accept',
      join(base, keyRevocation(primary, { by: other, named: primary })),
    ],
    [
      'a revocation that cannot be read',
      'KeyRevoked',
      join(base, newPacket(PACKET.signature, Buffer.from([6, 0x20, 1]))),
    ],
    [
      'a revocation by its designated revoker',
      'KeyRevoked',
      join(
        base,
        later([MAY_SIGN, designatedRevoker(revoker)]),
        keyRevocation(primary, { by: revoker }),
        certificate(revoker),
      ),
      'designated revoker',
    ],
    ['a designated revoker that revokes nothing', 'accept', join(base, later([MAY_SIGN, designatedRevoker(revoker)]))],
    [
      'a designated revoker of another form',
      'KeyNotForSigning',
      join(base, later([MAY_SIGN, subpacket(12, Buffer.alloc(34, 0x80))])),
      NOT_UNDERSTOOD,
    ],
    [
      'dated before its key',
      'KeyNotForSigning',
      join(keyPacket(primary), directKeySignature(primary, { day: -1 }), userIdPacket(), selfSignature(primary)),
    ],
    [
      'a direct-key signature of another key',
      'KeyNotForSigning',
      join(keyPacket(primary), directKeySignature(other), userIdPacket(), selfSignature(primary)),
    ],
  ];

  test.each(rows)('%s: %s', async (_, expected, keyFile, because = '') => {
    const judged = await judgeKeyFile(keyFile, primary);
    expect(judged.code).toBe(expected);
    expect(judged.because).toContain(because);
  });

  /** The fourth octet names the hash, and the salt goes with none. */
  function withHash(hash: number): Buffer {
    const body = writeStatement(primary, SIGNATURE.directKey, hashedKey(primary), { day: LATER, says: [MAY_SIGN] });
    body[3] = hash;
    return body;
  }

  function version4Direct(): Buffer {
    const plan = {
      type: SIGNATURE.directKey,
      data: hashedKey(primary),
      createdAt: KEY_CREATED,
      alsoHashed: [MAY_SIGN],
    };
    return oldPacket(PACKET.signature, writeSignatureV4(primary, plan));
  }

  function version4Revocation(): Buffer {
    return writeSignatureV4(primary, {
      type: SIGNATURE.keyRevocation,
      data: hashedKey(primary),
      createdAt: KEY_CREATED,
      hashed: [subpacket(2, Buffer.from([0x66, 0, 0, 0]))],
      unhashed: [],
    });
  }
});

describe('what a version 6 certificate says of a subkey', () => {
  const pair = hashedPair(primary, subkey);
  const rows: readonly AttackRow[] = [
    ['bound, and it agrees', 'accept', join(base, boundSubkey(primary, subkey))],
    [
      'a cross-signature over another pair',
      'KeyNotForSigning',
      join(base, boundSubkey(primary, subkey, { cross: writeCrossSignature(subkey, hashedPair(other, subkey)) })),
    ],
    [
      'a cross-signature by the primary key',
      'KeyNotForSigning',
      join(base, boundSubkey(primary, subkey, { cross: writeCrossSignature(primary, pair) })),
    ],
    [
      'a document’s signature as cross-signature',
      'KeyNotForSigning',
      join(base, boundSubkey(primary, subkey, { cross: writeCrossSignature(subkey, pair, SIGNATURE.binary) })),
    ],
    [
      'a binding as cross-signature',
      'KeyNotForSigning',
      join(base, boundSubkey(primary, subkey, { cross: writeCrossSignature(subkey, pair, SIGNATURE.subkeyBinding) })),
    ],
    [
      'a cross-signature of SHA-1',
      'KeyNotForSigning',
      join(
        base,
        boundSubkey(primary, subkey, {
          cross: writeStatement(subkey, SIGNATURE.primaryKeyBinding, pair, { hash: 'sha1' }),
        }),
      ),
    ],
    ['bound by another key', 'KeyNotForSigning', join(base, boundSubkey(primary, subkey, { by: other }))],
    [
      'bound by another key in the name of the primary one',
      'KeyNotForSigning',
      join(base, boundSubkey(primary, subkey, { by: other, named: primary })),
    ],
    [
      'a later binding without signing',
      'KeyNotForSigning',
      join(
        base,
        boundSubkey(primary, subkey),
        binding(primary, subkey, { day: LATER, says: [keyFlags(FLAG.encrypt)] }),
      ),
    ],
    [
      'of another primary key',
      'KeyNotForSigning',
      join(base, subkeyPacket(subkey), binding(other, subkey, { named: primary })),
    ],
  ];

  test.each(rows)('%s: %s', async (_, expected, keyFile) => {
    expect((await judgeKeyFile(keyFile, subkey)).code).toBe(expected);
  });

  test('a subkey of a composite certificate may be of another algorithm', async () => {
    const file = join(certificate(composite), boundSubkey(composite, subkey));
    expect((await judgeKeyFile(file, subkey)).code).toBe('accept');
  });

  test('a subkey of version 4 is not used', async () => {
    const version4 = makeEd25519Key('native', KEY_CREATED);
    const file = join(base, boundSubkey(primary, version4));
    expect((await judgeKeyFile(file, version4)).code).toBe('SignatureUnsupported');
    expect((await judgeKeyFile(file, primary)).code).toBe('accept');
  });
});

test('areas are cut where the packet is cut', () => {
  expect(readKeyProperties(Buffer.from([6, 0x1f, 27, 8, 0xff, 0xff, 0xff, 0xff]))).toEqual({
    lifetime: undefined,
    flags: undefined,
    embedded: [],
  });
  expect(readKeyProperties(new Uint8Array())).toEqual({ lifetime: undefined, flags: undefined, embedded: [] });
});
