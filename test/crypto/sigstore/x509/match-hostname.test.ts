import { expect, test } from 'vitest';
import { matchesHostname } from '../../../../lib/crypto/sigstore/x509/signer-certificate.ts';

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
  expect(matchesHostname(name, hostname)).toBe(expected);
});
