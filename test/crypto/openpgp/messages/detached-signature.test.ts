import { beforeAll, describe, expect, test } from 'vitest';
import {
  MAX_DETACHED_SIGNATURES,
  parseDetachedSignatures,
  verifyDetachedSignature,
} from '../../../../lib/crypto/openpgp/messages/detached-signature.ts';
import { type ListSigner, makeListSigner } from '../../../artifact/checksums/list-signer.ts';
import { newPacket } from '../../../fixtures/make/packet-writer.ts';

const NOW = Date.parse('2026-11-22T00:00:00Z') / 1000;
const LIST = 'aa  one\nbb  two\n';

let signer: ListSigner;
beforeAll(async () => {
  signer = await makeListSigner('detached');
});

function verify(bytes: Uint8Array, content: string): string {
  try {
    const verified = parseDetachedSignatures(bytes).map((signature) =>
      verifyDetachedSignature(signature, Buffer.from(content), signer.keyring, NOW),
    );
    return `${verified.length} by ${new Set(verified.map((one) => one.signer)).size}`;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const CRLF = LIST.replaceAll('\n', '\r\n');

describe('a detached signature', () => {
  test.each<[string, () => Uint8Array, string, string]>([
    ['of version 4', () => signer.detached(LIST), LIST, '1 by 1'],
    ['of version 3', () => signer.detached(LIST, { version: 3 }), LIST, '1 by 1'],
    ['over text, whose line ends do not count', () => signer.detached(CRLF, { type: 'text' }), LIST, '1 by 1'],
    ['over bytes, where they do', () => signer.detached(CRLF), LIST, 'SignatureInvalid'],
    [
      'beside another',
      () => Buffer.concat([signer.detached(LIST), signer.detached(LIST, { version: 3 })]),
      LIST,
      '2 by 1',
    ],
    ['over another list', () => signer.detached(LIST), 'cc  one\n', 'SignatureInvalid'],
    ['that is empty', () => Buffer.alloc(0), LIST, 'SignatureMalformed'],
    [
      'with a byte behind it',
      () => Buffer.concat([signer.detached(LIST), Buffer.from([0])]),
      LIST,
      'SignatureMalformed',
    ],
    ['cut short', () => signer.detached(LIST).subarray(0, -1), LIST, 'SignatureMalformed'],
    [
      'before what it signs',
      () => Buffer.concat([signer.detached(LIST), newPacket(11, Buffer.from('b\0\0\0\0\0'))]),
      LIST,
      'SignatureUnsupported',
    ],
    [
      'as often as is read',
      () => Buffer.concat(Array(MAX_DETACHED_SIGNATURES).fill(signer.detached(LIST))),
      LIST,
      `${MAX_DETACHED_SIGNATURES} by 1`,
    ],
    [
      'more often',
      () => Buffer.concat(Array(MAX_DETACHED_SIGNATURES + 1).fill(signer.detached(LIST))),
      LIST,
      'LimitExceeded',
    ],
  ])('%s', (_, bytes, content, expected) => {
    expect(verify(bytes(), content)).toBe(expected);
  });
});
