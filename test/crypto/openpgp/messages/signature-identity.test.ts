import { describe, expect, test } from 'vitest';
import { indexKeyring } from '../../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { parseSignedMessage } from '../../../../lib/crypto/openpgp/messages/signed-message.ts';
import { toSignatureIdentity, verifyMessage } from '../../../../lib/crypto/openpgp/messages/verify-message.ts';
import { type MessageParts, signMessage, writeRelease } from '../../../fixtures/make/message-writer.ts';
import { mpi } from '../../../fixtures/make/packet-writer.ts';
import { KEY_CREATED } from '../../../fixtures/make/payload.ts';
import { makeEcdsaKey } from '../../../fixtures/make/signing-key.ts';
import { certificate } from '../../../support/certificate-builder.ts';
import { FIXTURE_TIME } from '../../../support/fixture-releases.ts';

const p256 = makeEcdsaKey('P-256', KEY_CREATED);

describe('an ECDSA signature (r, s) rewritten to (r, n−s)', () => {
  const ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

  function rewrite(parts: MessageParts): MessageParts {
    const { value } = parseSignedMessage(writeRelease(parts)).signature;
    const s = value.kind === 'integers' ? value.integers[1] : undefined;
    if (s === undefined) throw new Error('not an ECDSA signature');
    const negated = (ORDER - BigInt(`0x${Buffer.from(s).toString('hex')}`)).toString(16).padStart(64, '0');
    const head = parts.signature.subarray(0, parts.signature.length - mpi(s).length);
    return { ...parts, signature: Buffer.concat([head, mpi(Buffer.from(negated, 'hex'))]) };
  }

  test('verifies, and is the same signature', async () => {
    const { keyring } = await prepareKeyring('k', certificate(p256));
    const identify = (parts: MessageParts): string => {
      const message = parseSignedMessage(writeRelease(parts));
      const { signingKey } = verifyMessage(message, indexKeyring(keyring), FIXTURE_TIME.getTime() / 1000);
      return toSignatureIdentity(message, signingKey);
    };
    const parts = signMessage(p256);
    const rewritten = rewrite(parts);
    expect(rewritten.signature).not.toEqual(parts.signature);
    expect(identify(rewritten)).toBe(identify(parts));
    expect(identify(signMessage(p256))).not.toBe(identify(parts));
  });
});
