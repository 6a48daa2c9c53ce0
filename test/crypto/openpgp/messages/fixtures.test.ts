import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../../lib/base/errors/configuration-error.ts';
import { SignatureError } from '../../../../lib/base/errors/signature-error.ts';
import { indexKeyring, type PreparedCertificate } from '../../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { parseSignedMessage } from '../../../../lib/crypto/openpgp/messages/signed-message.ts';
import { verifyMessage } from '../../../../lib/crypto/openpgp/messages/verify-message.ts';

const ROOT = path.join(import.meta.dirname, '../../../fixtures/openpgp');
const NOW = Date.parse('2026-11-22T00:00:00Z') / 1000;

const cases = v.parse(
  v.pipe(
    v.array(
      v.object({
        name: v.string(),
        message: v.string(),
        keys: v.array(v.string()),
        expected: v.string(),
        signer: v.optional(v.string()),
        why: v.string(),
      }),
    ),
    v.minLength(150),
  ),
  JSON.parse(readFileSync(path.join(ROOT, 'cases.json'), 'utf8')),
);

/** What Signet makes of a case: `accept` and the signer, or the code. */
async function judge(
  message: string,
  keys: readonly string[],
): Promise<{ answer: string; signer: string | undefined }> {
  try {
    const certificates: PreparedCertificate[] = [];
    for (const file of keys) {
      const { keyring } = await prepareKeyring(file, readFileSync(path.join(ROOT, file)));
      certificates.push(...keyring.certificates);
    }
    const parsed = parseSignedMessage(readFileSync(path.join(ROOT, message)));
    const { signer } = verifyMessage(parsed, indexKeyring({ name: 'fixture', certificates }), NOW);
    return { answer: 'accept', signer };
  } catch (error) {
    if (error instanceof SignatureError) return { answer: error.code, signer: error.signer };
    if (error instanceof ConfigurationError) return { answer: error.code, signer: undefined };
    throw error;
  }
}

describe('OpenPGP fixtures', () => {
  test.each(cases)('$name: $expected', async ({ message, keys, expected, signer }) => {
    const judged = await judge(message, keys);
    expect(judged.answer).toBe(expected);
    if (expected === 'accept') expect(judged.signer).toBe(signer);
  });
});
