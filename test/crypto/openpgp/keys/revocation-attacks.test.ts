import { hash as digest } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { prepareKeyring } from '../../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { withByte } from '../../../fixtures/make/message-writer.ts';
import {
  indeterminatePacket,
  newPacket,
  oldPacket,
  PACKET,
  partialPacket,
} from '../../../fixtures/make/packet-writer.ts';
import { KEY_CREATED } from '../../../fixtures/make/payload.ts';
import { designatedRevoker, SIGNATURE, writeSignatureV3 } from '../../../fixtures/make/signature-writer.ts';
import { hashedKey, makeEcdsaKey, makeRsaKey } from '../../../fixtures/make/signing-key.ts';
import {
  type AttackRow,
  boundSubkey,
  certificate,
  directKeySignature,
  judgeKeyFile,
  keyPacket,
  keyRevocation,
  LATER,
  MAY_SIGN,
  selfSignature,
  subkeyRevocation,
  userIdPacket,
  writeStatement,
} from '../../../support/certificate-builder.ts';

const primary = makeRsaKey(2048, KEY_CREATED);
const subkey = makeRsaKey(2048, KEY_CREATED);
const other = makeRsaKey(2048, KEY_CREATED);
const p256 = makeEcdsaKey('P-256', KEY_CREATED);

const join = (...packets: readonly Uint8Array[]): Buffer => Buffer.concat(packets);
const BY_ITS_OWNER = 'by its owner';
const UNREADABLE = 'cannot be read';
const base = certificate(primary);
const second = certificate(other);
const REVOKED = { day: 1 };
const FORGED = { ...REVOKED, by: other, named: primary };
const revocationBody = writeStatement(primary, SIGNATURE.keyRevocation, hashedKey(primary), REVOKED);
const version3 = writeSignatureV3(primary, {
  type: SIGNATURE.keyRevocation,
  data: hashedKey(primary),
  createdAt: KEY_CREATED,
});

/** The fourth octet names the hash; the value then belongs to another one. */
const withHash = (hash: number): Buffer => oldPacket(PACKET.signature, withByte(revocationBody, 3, hash));

describe('revocations of the primary key', () => {
  const rows: readonly AttackRow[] = [
    ['none', 'accept', base],
    [
      'in its place',
      'KeyRevoked',
      join(keyPacket(primary), keyRevocation(primary), userIdPacket(), selfSignature(primary)),
      BY_ITS_OWNER,
    ],
    ['older than the self-signature', 'KeyRevoked', join(certificate(primary, { day: LATER }), keyRevocation(primary))],
    ['after the user ID', 'KeyRevoked', join(base, keyRevocation(primary, REVOKED)), BY_ITS_OWNER],
    [
      'at the end, after a subkey',
      'KeyRevoked',
      join(base, boundSubkey(primary, subkey), keyRevocation(primary, REVOKED)),
      BY_ITS_OWNER,
    ],
    ['after a second certificate', 'KeyRevoked', join(base, second, keyRevocation(primary, REVOKED)), BY_ITS_OWNER],
    ['before its certificate', 'KeyRevoked', join(second, keyRevocation(primary, REVOKED), base), BY_ITS_OWNER],
    [
      'with a wrong hash tag',
      'KeyRevoked',
      join(base, keyRevocation(primary, { ...REVOKED, hashTag: 'wrong' })),
      BY_ITS_OWNER,
    ],
    ['with SHA-1', 'KeyRevoked', join(base, keyRevocation(primary, { ...REVOKED, hash: 'sha1' })), BY_ITS_OWNER],
    ['with MD5', 'KeyRevoked', join(base, keyRevocation(primary, { ...REVOKED, hash: 'md5' })), BY_ITS_OWNER],
    ['of version 3', 'KeyRevoked', join(base, oldPacket(PACKET.signature, version3)), BY_ITS_OWNER],
    ...[2, 5, 7].map((version): AttackRow => {
      const type = version === 2 ? [5, 0x20] : [0x20, 5];
      const unreadable = newPacket(PACKET.signature, Buffer.from([version, ...type, 8]));
      return [`of version ${version}`, 'KeyRevoked', join(base, unreadable), UNREADABLE];
    }),
    ['cut short', 'KeyUnreadable', join(base, newPacket(PACKET.signature, revocationBody.subarray(0, -1)))],
    ...[13, 15, 99].map((hash): AttackRow => [
      `with the unknown hash ${hash}`,
      'KeyRevoked',
      join(base, withHash(hash)),
      'cannot be checked',
    ]),
    ['with another hash than was signed', 'accept', join(base, withHash(10))],
    ['with a hash of SHA-3 that was not signed', 'accept', join(base, withHash(12))],
    [
      'by this key in the name of another',
      'KeyRevoked',
      join(base, keyRevocation(primary, { ...REVOKED, named: other })),
      BY_ITS_OWNER,
    ],
    ['by another key that names itself', 'accept', join(base, keyRevocation(primary, { ...REVOKED, by: other }))],
    ['by another key in the name of this one', 'accept', join(base, keyRevocation(primary, FORGED))],
    ['the same with a wrong hash tag', 'accept', join(base, keyRevocation(primary, { ...FORGED, hashTag: 'wrong' }))],
    [
      'by a key of another kind in the name of this one',
      'accept',
      join(base, keyRevocation(primary, { ...FORGED, by: p256 })),
    ],
    ['of another certificate', 'accept', join(base, second, keyRevocation(other, REVOKED))],
  ];

  test.each(rows)('%s: %s', async (_, expected, keyFile, because = '') => {
    const judged = await judgeKeyFile(keyFile, primary);
    expect(judged.code).toBe(expected);
    expect(judged.because).toContain(because);
  });

  test.each([
    ['a certificate that a stranger’s revocation stands in', 'accept', join(base, second, keyRevocation(primary))],
    ['its own', 'KeyRevoked', join(base, second, keyRevocation(other))],
  ])('a second certificate, %s: %s', async (_, expected, keyFile) => {
    expect(await judgeKeyFile(keyFile, other)).toMatchObject({ code: expected });
  });
});

describe('revocations where a subkey signs', () => {
  const bound = boundSubkey(primary, subkey);
  const revocation = subkeyRevocation(primary, subkey, REVOKED);
  const rows: readonly AttackRow[] = [
    ['none', 'accept', join(base, bound)],
    ['of the primary key, at the end', 'KeyRevoked', join(base, bound, keyRevocation(primary, REVOKED)), BY_ITS_OWNER],
    ['in its place', 'KeyRevoked', join(base, bound, revocation), BY_ITS_OWNER],
    [
      'older than the binding',
      'KeyRevoked',
      join(base, boundSubkey(primary, subkey, { day: LATER }), revocation),
      BY_ITS_OWNER,
    ],
    ['before its subkey', 'KeyRevoked', join(base, revocation, bound), BY_ITS_OWNER],
    ['after another subkey', 'KeyRevoked', join(base, bound, boundSubkey(primary, other), revocation), BY_ITS_OWNER],
    ['after a second certificate', 'KeyRevoked', join(base, bound, second, revocation), BY_ITS_OWNER],
    [
      'with a wrong hash tag',
      'KeyRevoked',
      join(base, bound, subkeyRevocation(primary, subkey, { ...REVOKED, hashTag: 'wrong' })),
      BY_ITS_OWNER,
    ],
    [
      'of an unreadable version',
      'KeyRevoked',
      join(base, bound, newPacket(PACKET.signature, Buffer.from([5, 0x28, 1, 8]))),
      UNREADABLE,
    ],
    ['of another subkey', 'accept', join(base, bound, subkeyRevocation(primary, other, REVOKED))],
    ['by another key', 'accept', join(base, bound, subkeyRevocation(primary, subkey, FORGED))],
    [
      'by the subkey itself',
      'accept',
      join(base, bound, subkeyRevocation(primary, subkey, { ...REVOKED, by: subkey, named: primary })),
    ],
  ];

  test.each(rows)('%s: %s', async (_, expected, keyFile, because = '') => {
    const judged = await judgeKeyFile(keyFile, subkey);
    expect(judged.code).toBe(expected);
    expect(judged.because).toContain(because);
  });
});

test('a revoker that is no point of its curve cannot be used, and its revocation counts all the same', async () => {
  const { publicBody } = p256;
  const broken = { ...p256, publicBody: withByte(publicBody, publicBody.length - 1, (publicBody.at(-1) ?? 0) ^ 1) };
  const hashed = digest('sha1', hashedKey(broken));
  const revoker = { ...broken, fingerprint: hashed.toUpperCase(), keyId: Buffer.from(hashed, 'hex').subarray(12) };
  const named = directKeySignature(primary, { says: [MAY_SIGN, designatedRevoker(revoker)] });
  const fileWith = (...revocations: readonly Buffer[]): Buffer =>
    join(keyPacket(primary), ...revocations, named, userIdPacket(), selfSignature(primary), keyPacket(broken));
  const by = { ...REVOKED, by: p256 };
  expect(await judgeKeyFile(fileWith(), primary)).toMatchObject({ code: 'accept' });
  expect(await judgeKeyFile(fileWith(keyRevocation(primary, by)), primary)).toMatchObject({ code: 'accept' });
  const revoked = fileWith(keyRevocation(primary, { ...by, named: revoker }));
  expect(await judgeKeyFile(revoked, primary)).toMatchObject({ code: 'KeyRevoked' });
  const { warnings } = await prepareKeyring('k', fileWith());
  expect(warnings.join()).toContain(`certificate ${revoker.fingerprint} cannot be used`);
});

describe('packets that do not belong into a certificate', () => {
  const HARMLESS = { marker: 10, trust: 12, userAttribute: 17, padding: 21, unassigned: 40, private: 60, last: 63 };
  const revocation = keyRevocation(primary, REVOKED);
  const rows: readonly AttackRow[] = [
    ...Object.entries(HARMLESS).map(([name, tag]): AttackRow => {
      const body = Buffer.from(tag === HARMLESS.marker ? 'PGP' : [1, 2, 3]);
      return [`${name} (${tag})`, 'accept', join(base, newPacket(tag, body))];
    }),
    ...[0, 1, 3, 4, 8, 9, 11, 16, 18, 19, 20, 22, 23, 39].map((tag): AttackRow => [
      `packet ${tag}`,
      'KeyUnreadable',
      join(base, newPacket(tag, Buffer.from([1, 2, 3]))),
    ]),
    ...[PACKET.compressed, PACKET.literal, PACKET.marker, PACKET.userId, PACKET.signature].map((tag): AttackRow => [
      `packet ${tag} of indeterminate length that hides a revocation`,
      'KeyUnreadable',
      join(base, indeterminatePacket(tag, revocation)),
    ]),
    [
      'a marker in chunks that hides a revocation',
      'KeyUnreadable',
      join(base, partialPacket(PACKET.marker, revocation, 7)),
    ],
    ['a harmless packet before a revocation', 'KeyRevoked', join(base, newPacket(60, Buffer.from('x')), revocation)],
    [
      'a private key in its place',
      'KeyUnreadable',
      join(oldPacket(PACKET.secretKey, join(primary.publicBody, Buffer.from([0]))), base),
    ],
    ['a private key behind', 'KeyUnreadable', join(base, newPacket(PACKET.secretKey, primary.publicBody))],
    ['a private subkey', 'KeyUnreadable', join(base, newPacket(PACKET.secretSubkey, subkey.publicBody))],
  ];

  test.each(rows)('%s: %s', async (_, expected, keyFile) => {
    expect(await judgeKeyFile(keyFile, primary)).toMatchObject({ code: expected });
  });

  test.each([
    ['key', newPacket(PACKET.secretKey, primary.publicBody)],
    ['subkey', newPacket(PACKET.secretSubkey, subkey.publicBody)],
  ])('a private %s is named as what it is', async (_, packet) => {
    await expect(prepareKeyring('k', join(base, packet))).rejects.toThrow('private key');
  });
});
