import { expect, test } from 'vitest';
import { parseSentCertificate } from '../../../../lib/crypto/sigstore/x509/certificate.ts';
import {
  DerError,
  readDer,
  readDerValues,
  toBoolean,
  toDottedOid,
  toSmallInteger,
} from '../../../../lib/crypto/sigstore/x509/der.ts';
import { codeOf } from '../code-of.ts';
import { authority, makeCertificate } from '../make-certificate.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

test.each([
  ['cut short', '3003020101ff'.slice(0, 6)],
  ['bytes behind the value', '02010100'],
  ['an indefinite length', '30800000'],
  ['a length not in its shortest form', '02810101'],
  ['a length with a zero in front', `0482 0080${'00'.repeat(128)}`.replace(' ', '')],
  ['a length of five octets', '02850000000001'],
  ['a length that is cut short', '0282'],
  ['a tag of several octets', '1f8101'],
  ['nothing', ''],
])('%s is not DER', (_, hex) => {
  expect(() => readDer(bytes(hex))).toThrow(DerError);
});

test('values are read one after the other', () => {
  expect(readDerValues(bytes('0201010500')).map(({ tag }) => tag)).toEqual([2, 5]);
});

test.each([
  ['2a8648ce3d0401', '1.2.840.10045.4.1'],
  ['883703', '2.999.3'],
  ['00', '0.0'],
])('the identifier %s is %s', (hex, dotted) => {
  expect(toDottedOid(bytes(hex))).toBe(dotted);
});

// The last one has an arc of 2^31: Go's readers take none above 31 bits.
test.each(['', '80', '8001', '2a80', 'ffffffffffffffffff7f', '2a8880808000'])('%j is no identifier', (hex) => {
  expect(() => toDottedOid(bytes(hex))).toThrow(DerError);
});

test.each(['', 'ff', '0001', '010000000000'])('%j is no small integer', (hex) => {
  expect(() => toSmallInteger(bytes(hex))).toThrow(DerError);
});

test.each(['', '01', '0000'])('%j is no boolean', (hex) => {
  expect(() => toBoolean(bytes(hex))).toThrow(DerError);
});

test('a certificate that states two signature algorithms is refused', () => {
  const der = Buffer.from(makeCertificate({ name: 'root' }).parsed.der);
  const sha256 = bytes('2a8648ce3d040302');
  der[der.lastIndexOf(sha256) + sha256.length - 1] = 0x03;
  expect(codeOf(() => parseSentCertificate(der, 'it'))).toBe('SignatureMalformed');
});

test('no certificate with a byte changed crashes the reader', () => {
  const { der } = makeCertificate({ name: 'root', extensions: [authority(3)] }).parsed;
  for (let at = 0; at < der.length; at++) {
    for (const octet of [0x00, 0x7f, 0x80, 0xff]) {
      const changed = Buffer.from(der);
      changed[at] = octet;
      expect(['accept', 'SignatureMalformed']).toContain(codeOf(() => parseSentCertificate(changed, 'it')));
    }
  }
});
