import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { prepareSigstoreTrust, type SigstoreTrustSource } from '../../../lib/crypto/sigstore/sigstore-trust.ts';
import { codeOf } from './code-of.ts';
import { authority, der, makeCertificate, makeKeys, oid } from './make-certificate.ts';
import { REKOR, SIGNER, toPem } from './make-signature.ts';

const key = toPem(SIGNER.publicKey);
const rekorKeys = [Buffer.from(toPem(REKOR.publicKey))];
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
const { pem: certificate } = makeCertificate({ name: 'root', extensions: [authority()] });
const subject = { subjectEmail: 'signer@example.com', subjectHostname: undefined };

function keys(...pems: readonly string[]): SigstoreTrustSource<Uint8Array> {
  return { kind: 'keys', keys: pems.map((pem) => Buffer.from(pem)), rekorKeys: [] };
}

function fulcio(
  plan: Partial<Extract<SigstoreTrustSource<Uint8Array>, { kind: 'fulcio' }>>,
): SigstoreTrustSource<Uint8Array> {
  const ca = Buffer.from(certificate);
  return {
    kind: 'fulcio',
    ca,
    oidcIssuer: 'https://x.example',
    subjectEmail: 'signer@example.com',
    rekorKeys,
    ...plan,
  };
}

function pki(
  plan: Partial<Extract<SigstoreTrustSource<Uint8Array>, { kind: 'pki' }>>,
): SigstoreTrustSource<Uint8Array> {
  return { kind: 'pki', caRoots: Buffer.from(certificate), caIntermediates: undefined, ...subject, ...plan };
}

function pemOf(type: 'rsa' | 'rsa-pss' | 'dsa', modulusLength: number): string {
  if (type === 'rsa') return toPem(generateKeyPairSync('rsa', { modulusLength }).publicKey);
  if (type === 'rsa-pss') return toPem(generateKeyPairSync('rsa-pss', { modulusLength }).publicKey);
  return toPem(generateKeyPairSync('dsa', { modulusLength, divisorLength: 256 }).publicKey);
}

/** No real key: nothing is ever signed with it. */
function toLargeRsa(bits: number): string {
  const modulus = der(0x02, Buffer.from([0]), Buffer.alloc(bits / 8, 0xff));
  const numbers = der(0x30, modulus, der(0x02, Buffer.from([1, 0, 1])));
  const algorithm = der(0x30, oid('1.2.840.113549.1.1.1'), der(0x05));
  return toPublicKeyPem(der(0x30, algorithm, der(0x03, Buffer.from([0]), numbers)));
}

function toPublicKeyPem(bytes: Buffer): string {
  return `-----BEGIN PUBLIC KEY-----\n${bytes.toString('base64')}\n-----END PUBLIC KEY-----\n`;
}

const spki = Buffer.from(key.split('\n').slice(1, -2).join(''), 'base64');
const trailing = toPublicKeyPem(Buffer.concat([spki, Buffer.from([0])]));
const smallExponent = toPem(generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey);

const rows: [name: string, expected: string, source: SigstoreTrustSource<Uint8Array>][] = [
  ['a key', 'accept', keys(key)],
  ['two keys', 'accept', keys(key, toPem(rsa))],
  ['a key in PKCS #1', 'accept', keys(rsa.export({ type: 'pkcs1', format: 'pem' }).toString())],
  ['a key with text around it', 'accept', keys(`# our key\n${key}# the end\n`)],
  ['a key with line ends of Windows', 'accept', keys(key.replaceAll('\n', '\r\n'))],
  [
    'a key with blanks in its lines, and without a last line end',
    'accept',
    keys(key.replaceAll('\n', ' \t\n').trimEnd()),
  ],
  // Go's encoding/pem passes over spaces, tabs and line ends alone.
  ['a key with a vertical tab for a line end', 'KeyUnreadable', keys(`${key.slice(0, 60)}\v${key.slice(60)}`)],
  ['a key with a form feed in its base64', 'KeyUnreadable', keys(`${key.slice(0, 60)}\f${key.slice(60)}`)],
  ['a key with a no-break space in its base64', 'KeyUnreadable', keys(`${key.slice(0, 60)}\xa0${key.slice(60)}`)],
  ['a key with two returns after its first line', 'KeyUnreadable', keys(key.replace('\n', '\r\r\n'))],
  ['an exponent of three', 'accept', keys(smallExponent)],
  ['no key', 'TrustUnusable', keys()],
  ['an empty file', 'KeyUnreadable', keys('')],
  ['a second key that is none', 'KeyUnreadable', keys(key, 'no key')],
  ['two keys in one text', 'KeyUnreadable', keys(key + toPem(rsa))],
  [
    'a broken block behind a key',
    'KeyUnreadable',
    keys(`${key}-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----\n`),
  ],
  ['a certificate as key', 'KeyUnreadable', keys(certificate)],
  ['a private key', 'KeyUnreadable', keys(SIGNER.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())],
  ['RSA with 1024 bits', 'KeyUnsupported', keys(pemOf('rsa', 1024))],
  ['RSA with 8200 bits', 'KeyUnreadable', keys(toLargeRsa(8200))],
  ['RSA-PSS', 'KeyUnsupported', keys(pemOf('rsa-pss', 2048))],
  ['DSA', 'KeyUnsupported', keys(pemOf('dsa', 2048))],
  ['the curve secp256k1', 'KeyUnsupported', keys(toPem(makeKeys('secp256k1').publicKey))],
  ['the curve P-224', 'KeyUnsupported', keys(toPem(makeKeys('secp224r1').publicKey))],
  ['X25519', 'KeyUnsupported', keys(toPem(generateKeyPairSync('x25519').publicKey))],
  ['a key with bytes behind it', 'KeyUnreadable', keys(trailing)],
  [
    'a Rekor key for RSA',
    'KeyUnsupported',
    { ...fulcio({}), kind: 'keys', keys: [Buffer.from(key)], rekorKeys: [Buffer.from(toPem(rsa))] },
  ],
  ['Fulcio', 'accept', fulcio({})],
  ['Fulcio with several authorities', 'accept', fulcio({ ca: Buffer.from(certificate.repeat(2)) })],
  ['Fulcio without a Rekor key', 'TrustUnusable', fulcio({ rekorKeys: [] })],
  ['Fulcio without an issuer', 'TrustUnusable', fulcio({ oidcIssuer: '' })],
  ['Fulcio without an email address', 'TrustUnusable', fulcio({ subjectEmail: '' })],
  ['Fulcio without an authority', 'KeyUnreadable', fulcio({ ca: Buffer.from('none') })],
  [
    'Fulcio with one authority that does not parse',
    'KeyUnreadable',
    fulcio({ ca: Buffer.from(certificate + certificate.replace('MI', 'MA')) }),
  ],
  ['PKI', 'accept', pki({})],
  ['PKI with an intermediate', 'accept', pki({ caIntermediates: Buffer.from(certificate) })],
  ['PKI by host name', 'accept', pki({ subjectEmail: undefined, subjectHostname: 'build.example.com' })],
  ['PKI without a subject', 'TrustUnusable', pki({ subjectEmail: undefined })],
  ['PKI with an empty subject', 'TrustUnusable', pki({ subjectHostname: '' })],
  ['PKI with a key for roots', 'KeyUnreadable', pki({ caRoots: Buffer.from(key) })],
  ['PKI with empty intermediates', 'KeyUnreadable', pki({ caIntermediates: Buffer.from('') })],
];

test.each(rows)('%s: %s', (_, expected, source) => {
  expect(codeOf(() => prepareSigstoreTrust(source, (bytes) => bytes))).toBe(expected);
});
