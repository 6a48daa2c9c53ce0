import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { indexKeyring } from '../../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { parseSignedMessage } from '../../../../lib/crypto/openpgp/messages/signed-message.ts';
import { verifyMessage } from '../../../../lib/crypto/openpgp/messages/verify-message.ts';
import { writePayload } from '../../../fixtures/make/payload.ts';

const ROOT = path.join(import.meta.dirname, '../../../fixtures/openpgp/rpgp');
const NOW = Date.parse('2027-06-01T00:00:00Z') / 1000;

/** Certificates and messages of version 6 that rPGP 0.21 made. */
describe('what rPGP signs', () => {
  test.each([
    ['ed25519', 'SHA-256', 27],
    ['ed448', 'SHA-512', 28],
    ['rsa3072', 'SHA3-256', 1],
    ['p256', 'SHA-384', 19],
    ['mldsa65', 'SHA3-256', 30],
    ['mldsa87', 'SHA3-512', 31],
  ])('%s with %s: accept', async (name, _, algorithm) => {
    const { keyring, warnings } = await prepareKeyring('k', readFileSync(path.join(ROOT, `${name}.asc`)));
    const [certificate] = keyring.certificates;
    const [primary, subkey] = certificate?.keys ?? [];
    expect([warnings, certificate?.userIds]).toEqual([[], [`rPGP ${name}`]]);
    expect([primary?.algorithm, subkey?.algorithm]).toEqual([algorithm, algorithm]);
    for (const [by, key] of [
      ['primary', primary],
      ['subkey', subkey],
    ] as const) {
      const message = parseSignedMessage(readFileSync(path.join(ROOT, `${name}-${by}`)));
      const { signingKey, content } = verifyMessage(message, indexKeyring(keyring), NOW);
      expect(signingKey).toBe(key?.fingerprint);
      expect(Buffer.from(content)).toEqual(writePayload());
    }
  });
});
