import { expect, test } from 'vitest';
import { verifyPkiCertificate } from '../../../../lib/crypto/sigstore/x509/signer-certificate.ts';
import { codeOf } from '../code-of.ts';
import {
  alternativeNames,
  authority,
  CODE_SIGNING,
  der,
  extension,
  HOSTNAME_TAG,
  ISSUED,
  makeCertificate,
  purposes,
} from '../make-certificate.ts';

const root = makeCertificate({ name: 'root', extensions: [authority()] });

const rows: [name: string, hostname: string, expected: boolean][] = [
  ['host.example.com', 'host.example.com', true],
  ['HOST.example.com', 'host.EXAMPLE.com', true],
  ['*.example.com', 'host.example.com', true],
  ['*.example.com', '*.example.com', true],
  ['localhost', 'localhost', true],
  ['*.example.com', 'example.com', false],
  ['*.example.com', 'a.host.example.com', false],
  ['h*.example.com', 'host.example.com', false],
  ['host.*.com', 'host.example.com', false],
  ['*', 'localhost', false],
  ['*', 'example.com', false],
  ['host.example.com', '*.example.com', false],
  ['host.example.com.evil.example', 'host.example.com', false],
  ['host.example.com\0', 'host.example.com', false],
  ['hostxexample.com', 'host.example.com', false],
  ['', '', false],
  ['.example.com', 'host.example.com', false],
  ['host.example.com', 'host.example.com.', true],
  ['host.example.com.', 'host.example.com', false],
  ['host.example.com.', 'host.example.com.', true],
  ['-host.example.com', '-host.example.com', true],
  ['*.example.com', '-host.example.com', false],
  ['10.1.2.3', '10.1.2.3', false],
  ['*.2.3', '10.1.2.3', false],
  ['kost.example.com', '\u212Aost.example.com', false],
  ['host.example.com', '[host.example.com]', false],
];

const addressRows: [octets: string, hostname: string, expected: boolean][] = [
  ['0a010203', '10.1.2.3', true],
  ['0a010203', '[10.1.2.3]', true],
  ['0a010203', '10.1.2.4', false],
  ['0a010203', '010.1.2.3', false],
  ['0a010203', '::ffff:10.1.2.3', true],
  ['00000000000000000000ffff0a010203', '10.1.2.3', true],
  ['20010db8000000000000000000000001', '[2001:DB8::1]', true],
  ['20010db8000000000000000000000001', '2001:db8::1%eth0', false],
];

test.each(addressRows)('a certificate for the address %s is for %j: %s', (octets, hostname, expected) => {
  const names = extension('2.5.29.17', der(0x30, der(0x87, Buffer.from(octets, 'hex'))));
  const leaf = makeCertificate({ name: 'leaf', issuer: root, extensions: [purposes(CODE_SIGNING), names] }).parsed;
  const trust = { roots: [root.parsed], intermediates: [], subjectEmail: undefined, subjectHostname: hostname };
  const verify = () => verifyPkiCertificate(leaf, [], trust, ISSUED + 60);
  expect(codeOf(verify)).toBe(expected ? 'accept' : 'IdentityMismatch');
});

test.each(rows)('a certificate for %j is for %j: %s', (name, hostname, expected) => {
  const extensions = [purposes(CODE_SIGNING), alternativeNames([HOSTNAME_TAG, name])];
  const leaf = makeCertificate({ name: 'leaf', issuer: root, extensions }).parsed;
  const trust = { roots: [root.parsed], intermediates: [], subjectEmail: undefined, subjectHostname: hostname };
  const verify = () => verifyPkiCertificate(leaf, [], trust, ISSUED + 60);
  expect(codeOf(verify)).toBe(expected ? 'accept' : 'IdentityMismatch');
});
