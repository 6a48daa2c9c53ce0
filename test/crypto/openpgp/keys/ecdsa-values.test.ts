import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isSignedBy, toVerificationKey } from '../../../../lib/crypto/openpgp/keys/verification-key.ts';
import type { UntrustedSignature } from '../../../../lib/crypto/openpgp/packets/signature-packet.ts';

const CURVES = [
  { curve: 'P-256', octets: 32, count: 3000 },
  { curve: 'P-384', octets: 48, count: 20 },
  { curve: 'P-521', octets: 66, count: 20 },
] as const;
const CONTENT = Buffer.from('content');
const TRAILER = Buffer.from('trailer');
const HASH = 'sha512';

describe.each(CURVES)('ECDSA values of $curve', ({ curve, octets, count }) => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const key = toVerificationKey({ kind: 'ecdsa', curve, x, y });
  const verify = (integers: readonly Uint8Array[]): boolean => isSignedBy(key, toSignature(integers), CONTENT, HASH);

  it(`takes ${count} signatures, with integers of any length and first bit, and none of another pair`, () => {
    const pairs = Array.from({ length: count }, () => signPair(privateKey, octets));
    expect(pairs.filter((pair) => !verify(pair))).toStrictEqual([]);
    const [one = [], other = []] = pairs;
    expect(verify([one[0] ?? CONTENT, other[1] ?? CONTENT])).toBe(false);
    expect(verify(one.toReversed())).toBe(false);
    // Among so many some begin with a zero octet, which an integer of OpenPGP leaves out.
    const lengths = new Set(pairs.flat().map(({ length }) => length));
    if (curve === 'P-256') expect(lengths.has(octets - 1)).toBe(true);
  });

  it.each([
    [
      'one octet longer than the curve',
      (pair: readonly Uint8Array[]) => [Buffer.alloc(octets + 1, 1), ...pair.slice(1)],
    ],
    ['the second one longer', (pair: readonly Uint8Array[]) => [...pair.slice(0, 1), Buffer.alloc(octets + 1, 1)]],
    ['one integer alone', (pair: readonly Uint8Array[]) => pair.slice(0, 1)],
  ])('refuses %s: SignatureInvalid', (_name, spoil) => {
    expect(() => verify(spoil(signPair(privateKey, octets)))).toThrow(
      expect.objectContaining({ code: 'SignatureInvalid' }),
    );
  });

  it.each([
    ['all bits', () => Buffer.alloc(octets, 0xff)],
    ['the order and more, or zero', () => Buffer.alloc(octets)],
    ['one', () => Buffer.of(1)],
  ])('takes no pair of %s', (_name, make) => {
    const [r = CONTENT, s = CONTENT] = signPair(privateKey, octets);
    expect([verify([make(), s]), verify([r, make()]), verify([make(), make()])]).toStrictEqual([false, false, false]);
  });
});

/** The integers as OpenPGP writes them: without zeros in front. */
function signPair(privateKey: KeyObject, octets: number): readonly Uint8Array[] {
  const value = sign(HASH, Buffer.concat([CONTENT, TRAILER]), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return [value.subarray(0, octets), value.subarray(octets)].map((integer) => {
    return integer.subarray(integer.findIndex((octet) => octet !== 0));
  });
}

function toSignature(integers: readonly Uint8Array[]): UntrustedSignature {
  const digest = createHash(HASH).update(CONTENT).update(TRAILER).digest();
  return {
    version: 4,
    type: 0,
    publicKeyAlgorithm: 19,
    hashAlgorithm: 10,
    createdAt: 0,
    expiresAt: undefined,
    issuerKeyId: undefined,
    issuerFingerprint: undefined,
    salt: Buffer.alloc(0),
    hashTag: digest.readUInt16BE(0),
    trailer: TRAILER,
    value: { kind: 'integers', integers },
  };
}
