import type { KeyObject } from 'node:crypto';
import { expect, test } from 'vitest';
import { parsePublicKeyPacket } from '../../lib/crypto/openpgp/keys/public-key-packet.ts';
import { MAX_EXPONENT_BITS } from '../../lib/crypto/openpgp/packets/byte-reader.ts';
import {
  parseLeafCertificate,
  parseSentIntermediates,
  parseTrustedCertificates,
} from '../../lib/crypto/sigstore/x509/certificate.ts';
import { parsePublicKey } from '../../lib/crypto/sigstore/x509/public-key.ts';
import { makeLongExponent } from './long-exponent.ts';
import { codeOf } from './sigstore/code-of.ts';
import { authority, makeCertificate } from './sigstore/make-certificate.ts';

const keys = makeLongExponent(2048);
const { pem } = makeCertificate({ name: 'long', keys, extensions: [authority()] });
const spki = keys.publicKey.export({ type: 'spki', format: 'pem' });
const pkcs1 = keys.publicKey.export({ type: 'pkcs1', format: 'pem' });

/** A version 4 packet: version, time, algorithm, and two numbers. */
function toPacket(key: KeyObject): Buffer {
  const { n = '', e = '' } = key.export({ format: 'jwk' });
  const numbers = [n, e].map((text) => {
    const bytes = Buffer.from(text, 'base64url');
    const bits = (bytes.length - 1) * 8 + (32 - Math.clz32(bytes[0] ?? 0));
    return Buffer.concat([Buffer.from([bits >> 8, bits & 0xff]), bytes]);
  });
  return Buffer.concat([Buffer.from([4, 0, 0, 0, 1, 1]), ...numbers]);
}

test.each<[where: string, code: string, read: () => unknown]>([
  ["the signer's certificate", 'SignatureMalformed', () => parseLeafCertificate(pem)],
  ['an intermediate', 'SignatureMalformed', () => parseSentIntermediates(pem + pem)],
  ['a trusted certificate', 'KeyUnreadable', () => parseTrustedCertificates(Buffer.from(pem), 'CA roots')],
  ['a public key', 'KeyUnreadable', () => parsePublicKey(Buffer.from(spki), 'public key 1')],
  ['an RSA public key', 'KeyUnreadable', () => parsePublicKey(Buffer.from(pkcs1), 'public key 1')],
  ['an OpenPGP key', 'SignatureUnsupported', () => parsePublicKeyPacket(toPacket(keys.publicKey))],
])(`%s with an exponent of more than ${MAX_EXPONENT_BITS} bits is refused when it is read: %s`, (_, code, read) => {
  expect(codeOf(read)).toBe(code);
});
