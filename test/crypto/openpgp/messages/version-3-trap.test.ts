import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readKey, readMessage, verify } from 'openpgp';
import { expect, test } from 'vitest';
import { indexKeyring } from '../../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { parseSignedMessage } from '../../../../lib/crypto/openpgp/messages/signed-message.ts';
import { verifyMessage } from '../../../../lib/crypto/openpgp/messages/verify-message.ts';
import { signMessage, writeRelease } from '../../../fixtures/make/message-writer.ts';
import { KEY_CREATED } from '../../../fixtures/make/payload.ts';
import { makeEd448Key, makeEd25519Key, type SigningKey } from '../../../fixtures/make/signing-key.ts';

const ROOT = path.join(import.meta.dirname, '../../../fixtures/openpgp');
const read = (name: string): Buffer => readFileSync(path.join(ROOT, name));
const NOW = Date.parse('2026-11-22T00:00:00Z') / 1000;

/**
 * The trap that this project was warned of: for a version 3 signature openpgp.js returns the content, an empty list
 * and no error, and "every signature in the list is good" holds for an empty list. Should the library change, this
 * test says so; that Signet does not fall for it is what the rest of the file proves.
 */
test('openpgp.js gives an empty list and no error for a version 3 signature, whoever made it', async () => {
  const verificationKeys = await readKey({ armoredKey: read('keys/p256.asc').toString() });
  const message = await readMessage({ binaryMessage: new Uint8Array(read('messages/rsa4096-v3')) });
  const { signatures } = await verify({ message, verificationKeys, format: 'binary' });
  expect(signatures).toEqual([]);
});

async function signerOf(message: string, key: string): Promise<string> {
  const { keyring } = await prepareKeyring('k', read(key));
  return verifyMessage(parseSignedMessage(read(message)), indexKeyring(keyring), NOW).signer;
}

test('Signet verifies it with the right key', async () => {
  const { keyring } = await prepareKeyring('k', read('keys/rsa4096.asc'));
  expect(await signerOf('messages/rsa4096-v3', 'keys/rsa4096.asc')).toBe(keyring.certificates[0]?.fingerprint);
});

test('and with no other: an empty list of signers never verifies', async () => {
  await expect(signerOf('messages/rsa4096-v3', 'keys/p256.asc')).rejects.toMatchObject({ code: 'KeyUnknown' });
  const nobody = indexKeyring({ name: 'nobody', certificates: [] });
  expect(() => verifyMessage(parseSignedMessage(read('messages/rsa4096-v3')), nobody, NOW)).toThrow(
    /no key of the keyring/,
  );
});

/** As a version 3 signature would be, if an RFC said so: by a key of version 4, over the content and the five octets. */
test.each<[name: string, key: SigningKey, said: string]>([
  ['Ed25519', makeEd25519Key('native', KEY_CREATED), 'algorithm 27'],
  ['Ed448', makeEd448Key(KEY_CREATED, 4), 'algorithm 28'],
])('a version 3 signature by native %s is SignatureUnsupported', (_, key, said) => {
  const message = writeRelease(signMessage(key, { version: 3 }));
  expect(() => parseSignedMessage(message)).toThrow(
    expect.objectContaining({ code: 'SignatureUnsupported', message: expect.stringContaining(said) as string }),
  );
});
