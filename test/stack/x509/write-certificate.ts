import { generateKeyPairSync, sign } from 'node:crypto';
import { der, type KeyPair, oid } from '../../crypto/sigstore/make-certificate.ts';
import type { Random } from './random.ts';

/** A pair of keys, and how it signs. */
export interface Signer extends KeyPair {
  readonly algorithm: Buffer;
  readonly hash: string | null;
}

const ecdsa = (namedCurve: string, hash: string, id: string): Signer => ({
  ...generateKeyPairSync('ec', { namedCurve }),
  hash,
  algorithm: der(0x30, oid(id)),
});
const rsa = (modulusLength: number, publicExponent: number, hash: string, id: string): Signer => ({
  ...generateKeyPairSync('rsa', { modulusLength, publicExponent }),
  hash,
  algorithm: der(0x30, oid(id), der(0x05)),
});

/** Made once: what is varied is what the certificates say. The first ones are the usual ones. */
export const SIGNERS: readonly Signer[] = [
  ...Array.from({ length: 6 }, () => ecdsa('P-256', 'sha256', '1.2.840.10045.4.3.2')),
  ecdsa('P-384', 'sha384', '1.2.840.10045.4.3.3'),
  ecdsa('P-521', 'sha512', '1.2.840.10045.4.3.4'),
  { ...generateKeyPairSync('ed25519'), hash: null, algorithm: der(0x30, oid('1.3.101.112')) },
  rsa(2048, 65_537, 'sha256', '1.2.840.113549.1.1.11'),
  ecdsa('P-256', 'sha1', '1.2.840.10045.4.1'),
  rsa(2048, 3, 'sha1', '1.2.840.113549.1.1.5'),
  rsa(2048, 4_294_967_295, 'sha256', '1.2.840.113549.1.1.11'),
];

/** What one certificate says. */
export interface Plan {
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly keys: Signer;
  readonly by: Signer;
  /** Seconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly serial: Buffer;
  readonly extensions: readonly Buffer[];
}

/** A distinguished name of one attribute. */
export function toName(text: string, tag = 0x0c): Buffer {
  return der(0x30, der(0x31, der(0x30, oid('2.5.4.3'), der(tag, Buffer.from(text, 'latin1')))));
}

/** @param mangle changes what is signed, before it is signed */
export function writeCertificate(plan: Plan, mangle: (signed: Buffer) => Buffer = (signed) => signed): Buffer {
  const { subject, issuer, keys, by, serial, extensions } = plan;
  const signed = mangle(
    der(
      0x30,
      der(0xa0, der(0x02, Buffer.from([2]))),
      der(0x02, serial),
      by.algorithm,
      issuer,
      der(0x30, toTime(plan.notBefore), toTime(plan.notAfter)),
      subject,
      keys.publicKey.export({ type: 'spki', format: 'der' }),
      ...(extensions.length === 0 ? [] : [der(0xa3, der(0x30, ...extensions))]),
    ),
  );
  const signature = sign(by.hash, signed, by.privateKey);
  return der(0x30, signed, by.algorithm, der(0x03, Buffer.from([0]), signature));
}

function toTime(seconds: number): Buffer {
  const text = new Date(seconds * 1000).toISOString().replace(/[-:T]|\.\d+/g, '');
  return seconds < 2_524_608_000 ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

/** A change of one place: an octet replaced, taken out or put in, or a bit turned. */
export function mangleBytes(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length);
  const before = bytes.subarray(0, at);
  const octet = random.pick([0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x13, 0x2a, 0x30, 0x7f, 0x80, 0x81, 0xa0, 0xff]);
  switch (random.below(4)) {
    case 0:
      return Buffer.concat([before, bytes.subarray(at + 1)]);
    case 1:
      return Buffer.concat([before, Buffer.from([octet]), bytes.subarray(at)]);
    case 2:
      return Buffer.concat([before, Buffer.from([octet]), bytes.subarray(at + 1)]);
    default:
      return Buffer.concat([before, Buffer.from([(bytes[at] ?? 0) ^ (1 << random.below(8))]), bytes.subarray(at + 1)]);
  }
}
