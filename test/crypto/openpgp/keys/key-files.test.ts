import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../../lib/base/errors/configuration-error.ts';
import { MAX_CERTIFICATES } from '../../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../../lib/crypto/openpgp/keys/prepare-keyring.ts';

const ROOT = path.join(import.meta.dirname, '../../../fixtures/openpgp');
const read = (name: string): Buffer => readFileSync(path.join(ROOT, name));

const files = v.parse(
  v.pipe(
    v.array(
      v.looseObject({
        file: v.string(),
        expected: v.picklist(['accept', 'KeyUnreadable']),
        certificates: v.optional(v.array(v.object({ fingerprint: v.string(), armorBlock: v.number() })), []),
        why: v.string(),
      }),
    ),
    v.minLength(10),
  ),
  JSON.parse(read('key-files.json').toString()),
);

async function prepare(bytes: Uint8Array): Promise<unknown> {
  try {
    const { keyring } = await prepareKeyring('k', bytes);
    return keyring.certificates.map(({ fingerprint, armorBlock }) => ({ fingerprint, armorBlock }));
  } catch (error) {
    if (error instanceof ConfigurationError) return error.code;
    throw error;
  }
}

describe('key files', () => {
  test.each(files)('$file: $why', async ({ file, expected, certificates }) => {
    expect(await prepare(read(file))).toEqual(expected === 'accept' ? certificates : expected);
  });

  test.each<[string, Uint8Array, string]>([
    ['nothing', Buffer.alloc(0), 'KeyUnreadable'],
    ['text', Buffer.from('no key here'), 'KeyUnreadable'],
    [
      'a private key',
      Buffer.from('-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nxx\n-----END PGP PRIVATE KEY BLOCK-----'),
      'KeyUnreadable',
    ],
    ['a binary private key packet', Buffer.from([0xc5, 0x01, 0x04]), 'KeyUnreadable'],
    ['a message', read('messages/rsa4096'), 'KeyUnreadable'],
    ['a key cut short', read('keys/binary.gpg').subarray(0, -1), 'KeyUnreadable'],
    ['a key with a byte behind it', Buffer.concat([read('keys/binary.gpg'), Buffer.from([0])]), 'KeyUnreadable'],
    ['armor without an end', read('keys/rsa2048.asc').subarray(0, 300), 'KeyUnreadable'],
    [
      'a certificate too many',
      Buffer.concat(Array.from({ length: MAX_CERTIFICATES + 1 }, () => read('keys/binary.gpg'))),
      'LimitExceeded',
    ],
  ])('%s is refused', async (_, bytes, code) => {
    expect(await prepare(bytes)).toBe(code);
  });

  test('as many certificates as the limit are taken', async () => {
    const bytes = Buffer.concat(Array.from({ length: MAX_CERTIFICATES }, () => read('keys/binary.gpg')));
    expect(await prepare(bytes)).toHaveLength(MAX_CERTIFICATES);
  });

  test('a revocation that the certificate library cannot read still revokes', async () => {
    // Version 3, type 0x20: openpgp.js drops such a packet without a word.
    const revocation = Buffer.from([0xc2, 0x13, 3, 5, 0x20, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 1, 8, 0, 0]);
    const certificate = read('keys/binary.gpg');
    // In its place: right after the primary key packet, whose length is in the old-format header.
    const end = 3 + certificate.readUInt16BE(1);
    const bytes = Buffer.concat([certificate.subarray(0, end), revocation, certificate.subarray(end)]);
    const { keyring, warnings } = await prepareKeyring('k', bytes);
    expect(keyring.certificates[0]?.keys[0]?.revoked).toContain('cannot be read');
    expect(warnings.join()).toContain('can sign nothing');
  });
});
