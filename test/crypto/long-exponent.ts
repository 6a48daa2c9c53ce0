import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

const toBig = (text: string | undefined): bigint =>
  BigInt(`0x${Buffer.from(text ?? '', 'base64url').toString('hex') || '0'}`);
const toText = (value: bigint): string => {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
};

function invert(value: bigint, modulus: bigint): bigint {
  let [older, newer, left, right] = [value % modulus, modulus, 1n, 0n];
  while (newer !== 0n) {
    const quotient = older / newer;
    [older, newer] = [newer, older - quotient * newer];
    [left, right] = [right, left - quotient * right];
  }
  return ((left % modulus) + modulus) % modulus;
}

/** RSA keys whose public exponent is as long as the modulus, and whose private one is short: the two are swapped. */
export function makeLongExponent(modulusLength: number): {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
} {
  const { p = '', q = '', n = '' } = generateKeyPairSync('rsa', { modulusLength }).privateKey.export({ format: 'jwk' });
  const [one, other] = [toBig(p), toBig(q)];
  const d = 65_537n;
  const key = {
    kty: 'RSA',
    n,
    e: toText(invert(d, (one - 1n) * (other - 1n))),
    d: toText(d),
    p,
    q,
    dp: toText(d % (one - 1n)),
    dq: toText(d % (other - 1n)),
    qi: toText(invert(other, one)),
  };
  const privateKey = createPrivateKey({ key, format: 'jwk' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}
