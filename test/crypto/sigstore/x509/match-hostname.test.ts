import { expect, test } from 'vitest';
import { verifyPkiCertificate } from '../../../../lib/crypto/sigstore/x509/signer-certificate.ts';
import { codeOf } from '../code-of.ts';
import {
  alternativeNames,
  authority,
  CODE_SIGNING,
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
];

test.each(rows)('a certificate for %j is for %j: %s', (name, hostname, expected) => {
  const extensions = [purposes(CODE_SIGNING), alternativeNames([HOSTNAME_TAG, name])];
  const leaf = makeCertificate({ name: 'leaf', issuer: root, extensions }).parsed;
  const trust = { roots: [root.parsed], intermediates: [], subjectEmail: undefined, subjectHostname: hostname };
  const verify = () => verifyPkiCertificate(leaf, [], trust, ISSUED + 60);
  expect(codeOf(verify)).toBe(expected ? 'accept' : 'IdentityMismatch');
});
