import { beforeAll, describe, expect, test } from 'vitest';
import { parseCleartextMessage } from '../../../../lib/crypto/openpgp/messages/cleartext-message.ts';
import { verifyDetachedSignature } from '../../../../lib/crypto/openpgp/messages/detached-signature.ts';
import { splitArmoredText } from '../../../../lib/crypto/openpgp/packets/armor.ts';
import { type ListSigner, makeListSigner } from '../../../artifact/checksums/list-signer.ts';

const NOW = Date.parse('2026-11-22T00:00:00Z') / 1000;
const LIST = 'aa  one\nbb  two\n';

let signer: ListSigner;
beforeAll(async () => {
  signer = await makeListSigner('cleartext');
});

/** The lines that are signed, or the code that says why not. */
function verify(text: string): string | readonly string[] {
  const lines = splitArmoredText(Buffer.from(text, 'latin1'));
  try {
    const { content, signatures } = parseCleartextMessage(
      lines,
      lines.findIndex((line) => line.startsWith('-----BEGIN')),
    );
    for (const signature of signatures) verifyDetachedSignature(signature, content, signer.keyring, NOW);
    return Buffer.from(content).toString('latin1').split('\r\n');
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const SIGNED_LINES = ['aa  one', 'bb  two'];

describe('a clearsigned text', () => {
  test.each<[string, () => string, string | readonly string[]]>([
    ['of version 4', () => signer.clearsigned(LIST), SIGNED_LINES],
    ['of version 3', () => signer.clearsigned(LIST, { version: 3 }), SIGNED_LINES],
    ['with CR LF', () => signer.clearsigned(LIST).replaceAll('\n', '\r\n'), SIGNED_LINES],
    [
      'with spaces behind lines, which nobody signs',
      () => signer.clearsigned(LIST).replaceAll('one', 'one \t'),
      SIGNED_LINES,
    ],
    ['with an escaped dash', () => signer.clearsigned('-x\n', { shown: '- -x\n' }), ['-x']],
    [
      'that escapes more than it must',
      () => signer.clearsigned(LIST, { shown: '- aa  one\n- bb  two\n' }),
      SIGNED_LINES,
    ],
    ['with an empty line in it', () => signer.clearsigned('aa  one\n\nbb  two\n'), ['aa  one', '', 'bb  two']],
    [
      'with several hashes',
      () => signer.clearsigned(LIST, { headers: 'Hash: SHA512\nHash: SHA1, SHA256\n' }),
      SIGNED_LINES,
    ],
    ['after other text', () => `before\n${signer.clearsigned(LIST)}`, SIGNED_LINES],
    ['before other text', () => `${signer.clearsigned(LIST)}after\n`, SIGNED_LINES],
    ['with a line changed', () => signer.clearsigned(LIST).replace('one', 'own'), 'SignatureInvalid'],
    ['with a line added', () => signer.clearsigned(LIST).replace('bb', 'cc  three\nbb'), 'SignatureInvalid'],
    ['without a Hash header', () => signer.clearsigned(LIST, { headers: '' }), 'SignatureMalformed'],
    ['with another Hash', () => signer.clearsigned(LIST, { headers: 'Hash: SHA512\n' }), 'SignatureMalformed'],
    ['with an unknown Hash', () => signer.clearsigned(LIST, { headers: 'Hash: SHA256, FOO\n' }), 'SignatureMalformed'],
    [
      'with a list in its headers',
      () => signer.clearsigned(LIST, { headers: 'Hash: SHA256\ncc  three\n' }),
      'SignatureMalformed',
    ],
    [
      'with a Comment in its headers',
      () => signer.clearsigned(LIST, { headers: 'Hash: SHA256\nComment: x\n' }),
      'SignatureMalformed',
    ],
    ['without an empty line', () => signer.clearsigned(LIST).replace('SHA256\n\n', 'SHA256\n'), 'SignatureMalformed'],
    ['with a dash that is not escaped', () => signer.clearsigned('-x\n'), 'SignatureMalformed'],
    [
      'without a signature',
      () => signer.clearsigned(LIST).split('-----BEGIN PGP SIGNATURE')[0] ?? '',
      'SignatureMalformed',
    ],
    ['cut in its signature', () => signer.clearsigned(LIST).slice(0, -60), 'SignatureMalformed'],
    ['with a wrong checksum', () => signer.clearsigned(LIST).replace(/^=..../m, '=AAAA'), 'SignatureMalformed'],
    ['twice in a file', () => signer.clearsigned(LIST).repeat(2), 'SignatureUnsupported'],
    ['in another', () => signer.clearsigned(LIST, { shown: signer.clearsigned(LIST) }), 'SignatureUnsupported'],
    [
      'with two blocks of signatures',
      () => `${signer.clearsigned(LIST)}${signer.clearsigned(LIST).replace(/^.*?(?=-----BEGIN PGP SIGNATURE)/s, '')}`,
      'SignatureUnsupported',
    ],
    [
      'with a key behind it',
      () => `${signer.clearsigned(LIST)}-----BEGIN PGP PUBLIC KEY BLOCK-----\n`,
      'SignatureUnsupported',
    ],
  ])('%s', (_, text, expected) => {
    expect(verify(text())).toEqual(expected);
  });

  test('by a key that is not in the keyring', async () => {
    const other = await makeListSigner('other');
    expect(verify(other.clearsigned(LIST))).toBe('KeyUnknown');
  });
});
