import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../../lib/base/errors/configuration-error.ts';
import { evaluateCandidate } from '../../../../lib/base/errors/evaluate-candidate.ts';
import { SignatureError } from '../../../../lib/base/errors/signature-error.ts';
import { indexKeyring } from '../../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { parseSignedMessage } from '../../../../lib/crypto/openpgp/messages/signed-message.ts';
import { type VerifiedMessage, verifyMessage } from '../../../../lib/crypto/openpgp/messages/verify-message.ts';
import { version6KeyCases } from '../../../fixtures/make/cases/version-6-key-cases.ts';
import { version6MessageCases } from '../../../fixtures/make/cases/version-6-message-cases.ts';
import { signMessage, writePackets, writeRelease } from '../../../fixtures/make/message-writer.ts';
import { keysOf, writeVersion6Certificate } from '../../../fixtures/make/version-6-parts.ts';

const NOW = Date.parse('2026-11-22T00:00:00Z') / 1000;
const cases = [...version6MessageCases(), ...version6KeyCases()];

async function verify(keyFile: Uint8Array, message: Uint8Array): Promise<VerifiedMessage> {
  const { keyring } = await prepareKeyring('k', keyFile);
  return verifyMessage(parseSignedMessage(message), indexKeyring(keyring), NOW);
}

async function judge(keyFile: Uint8Array, message: Uint8Array): Promise<string> {
  try {
    await verify(keyFile, message);
    return 'accept';
  } catch (error) {
    if (!(error instanceof SignatureError || error instanceof ConfigurationError)) throw error;
    return error.code;
  }
}

describe('OpenPGP version 6', () => {
  test.each(cases)('$name: $expected, $why', async ({ keyFile, message, expected, signingKey }) => {
    expect(await judge(keyFile, message)).toBe(expected);
    if (expected !== 'accept') return;
    const verified = await verify(keyFile, message);
    expect(verified).toMatchObject({ signingKey, isReadableByClusters: true, isOfClusterVersion: false });
    expect(verified.notes.join()).toContain('OpenPGP version 6');
  });

  test('no flipped bit of a composite signature is accepted', async () => {
    const [key] = keysOf('mldsa65');
    const { keyring } = await prepareKeyring('k', writeVersion6Certificate(key));
    const indexed = indexKeyring(keyring);
    const parsed = parseSignedMessage(writeRelease(signMessage(key)));
    const { value } = parsed.signature;
    if (value.kind !== 'octets') throw new Error('a composite value is octets');
    for (let at = 0; at < value.octets.length; at += 7) {
      const octets = Buffer.from(value.octets);
      octets[at] = (octets[at] ?? 0) ^ (1 << (at % 8));
      const spoilt = { ...parsed, signature: { ...parsed.signature, value: { kind: 'octets', octets } as const } };
      expect(() => verifyMessage(spoilt, indexed, NOW), `octet ${at}`).toThrow(SignatureError);
    }
  });
});

test('a flipped bit is refused, or changes nothing that is signed', async () => {
  const [key] = keysOf('ed25519');
  const { keyring } = await prepareKeyring('k', writeVersion6Certificate(key));
  const indexed = indexKeyring(keyring);
  const message = writePackets(signMessage(key));
  const whole = verifyMessage(parseSignedMessage(message), indexed, NOW);
  let accepted = 0;
  for (let bit = 0; bit < message.length * 8; bit++) {
    const spoilt = Buffer.from(message);
    spoilt[bit >> 3] = (spoilt[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const result = evaluateCandidate(() => verifyMessage(parseSignedMessage(spoilt), indexed, NOW));
    expect(result.kind === 'rejected' ? result.rejection.note : undefined, `bit ${bit}`).toBeUndefined();
    if (result.kind === 'rejected') continue;
    accepted++;
    const { content, signingKey, createdAt } = result.value;
    expect([Buffer.from(content), signingKey, createdAt], `bit ${bit}`).toEqual([
      Buffer.from(whole.content),
      key.fingerprint,
      whole.createdAt,
    ]);
  }
  // The literal packet's mode, name and date are not signed.
  expect(accepted).toBeGreaterThan(0);
  expect(accepted).toBeLessThan(80);
});
