import { readFileSync } from 'node:fs';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  evaluateSignedDocument,
  startDetachedSignatures,
} from '../../../lib/artifact/documents/document-signatures.ts';
import { type IndexedKeyring, indexKeyring, joinKeyrings } from '../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyFile } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { MAX_DOCUMENT_BYTES } from '../../../lib/crypto/openpgp/messages/signed-document.ts';
import { parseSignedMessage } from '../../../lib/crypto/openpgp/messages/signed-message.ts';
import { startStreamedSignature } from '../../../lib/crypto/openpgp/messages/streamed-signature.ts';
import { verifyMessage } from '../../../lib/crypto/openpgp/messages/verify-message.ts';
import { writeArmor } from '../../fixtures/make/armor-writer.ts';
import { writeCertificate } from '../../fixtures/make/certificate-writer.ts';
import {
  flipBit,
  onePassBody,
  signMessage,
  writeCompressed,
  writePackets,
} from '../../fixtures/make/message-writer.ts';
import { literalBody, newPacket, PACKET } from '../../fixtures/make/packet-writer.ts';
import { KEY_CREATED, SIGNED } from '../../fixtures/make/payload.ts';
import { SIGNATURE, writeSignature } from '../../fixtures/make/signature-writer.ts';
import {
  makeCompositeKey,
  makeEcdsaKey,
  makeEd448Key,
  makeEd25519Key,
  makeRsaKey,
  type SigningKey,
} from '../../fixtures/make/signing-key.ts';

const NOW = Date.parse('2026-11-22T00:00:00Z') / 1000;
const TEXT = 'one\r\n- two\r\n-three  \r\nfour';
const [ours, other, stranger] = [
  makeRsaKey(2048, KEY_CREATED),
  makeEd25519Key('legacy', KEY_CREATED),
  makeEcdsaKey('P-256', KEY_CREATED),
];
let keyring: IndexedKeyring;

async function toKeyring(...files: readonly Uint8Array[]): Promise<IndexedKeyring> {
  const prepared = await Promise.all(files.map(async (file) => (await prepareKeyFile('test', file)).keyring));
  return indexKeyring(joinKeyrings('test', prepared));
}

beforeAll(async () => {
  keyring = await toKeyring(
    writeCertificate({ primary: ours, userId: 'ours' }),
    writeCertificate({ primary: other, userId: 'other' }),
  );
});

interface Plan {
  readonly type?: 'binary' | 'text' | 'userId';
  readonly data?: string;
  readonly createdAt?: number;
}
const sign = (key: SigningKey, { type = 'binary', data = TEXT, createdAt = SIGNED }: Plan = {}): Buffer =>
  newPacket(PACKET.signature, writeSignature(key, { type: SIGNATURE[type], data: Buffer.from(data), createdAt }));
const onePass = (key: SigningKey, last: boolean, type: number = SIGNATURE.binary): Buffer =>
  newPacket(PACKET.onePass, onePassBody(key, { last, type }));
const literal = (content = TEXT): Buffer => newPacket(PACKET.literal, literalBody({ content: Buffer.from(content) }));
const spoil = (packet: Buffer): Buffer => flipBit(packet, -3);

/** `SignatureInvalid`, `ours` or `other` for each signature; the code of what is thrown. */
function judge(
  run: () => readonly { readonly valid: boolean; readonly code?: string; readonly signer?: string }[],
): string {
  try {
    return run()
      .map((one) => (one.valid ? toName(one.signer ?? '') : (one.code ?? '')))
      .join(' ');
  } catch (error) {
    return `throws ${(error as { code: string }).code}`;
  }
}
const toName = (signer: string): string =>
  signer === ours.fingerprint ? 'ours' : signer === other.fingerprint ? 'other' : signer;

function detached(signatures: Uint8Array | string, data = TEXT, chunk = 3): string {
  return judge(() => {
    const started = startDetachedSignatures(Buffer.from(signatures), keyring);
    const bytes = Buffer.from(data);
    for (let at = 0; at < bytes.length; at += chunk) started.update(bytes.subarray(at, at + chunk));
    return started.verify(NOW);
  });
}

describe('detached signatures over a stream', () => {
  const armored = (packets: Uint8Array): string => writeArmor(packets, { type: 'SIGNATURE' });
  test.each<[string, () => Uint8Array | string, string]>([
    ['one', () => sign(ours), 'ours'],
    ['one by each', () => Buffer.concat([sign(ours), sign(other)]), 'ours other'],
    ['a bad one before a good one', () => Buffer.concat([spoil(sign(ours)), sign(other)]), 'SignatureInvalid other'],
    ['a stranger’s after a good one', () => Buffer.concat([sign(ours), sign(stranger)]), 'ours KeyUnknown'],
    [
      'one of an unknown version beside',
      () => Buffer.concat([newPacket(2, Buffer.from([9, 0])), sign(ours)]),
      'SignatureUnsupported ours',
    ],
    ['one over a user ID', () => sign(ours, { type: 'userId' }), 'SignatureUnsupported'],
    ['one over text with other line ends', () => sign(ours, { type: 'text' }), 'ours'],
    ['one over other data', () => sign(ours, { data: 'other' }), 'SignatureInvalid'],
    ['one from the future', () => sign(ours, { createdAt: NOW + 10 * 86_400 }), 'SignatureFromFuture'],
    ['one before its key was made', () => sign(ours, { createdAt: KEY_CREATED - 1 }), 'SignatureInvalid'],
    ['armored', () => armored(sign(ours)), 'ours'],
    ['in two blocks', () => `${armored(sign(ours))}\n${armored(sign(other))}\n`, 'ours other'],
    ['armored, with text behind', () => `${armored(sign(ours))}and more\n`, 'throws SignatureMalformed'],
    ['none', () => '', 'throws SignatureMalformed'],
    ['a text', () => 'hello', 'throws SignatureMalformed'],
    ['with a byte behind', () => Buffer.concat([sign(ours), Buffer.from([0])]), 'throws SignatureMalformed'],
    [
      'a message instead',
      () => Buffer.concat([onePass(ours, true), literal(), sign(ours)]),
      'throws SignatureUnsupported',
    ],
    ['a message beside', () => Buffer.concat([sign(ours), literal()]), 'throws SignatureUnsupported'],
    ['seventeen', () => Buffer.concat(Array(17).fill(sign(ours))), 'throws LimitExceeded'],
  ])('%s', (_, signatures, expected) => {
    expect(detached(signatures())).toBe(expected);
  });

  test('the line ends of text are found wherever a piece ends', () => {
    const signature = sign(ours, { type: 'text', data: 'a\r\n\r\nb\r\n' });
    const data = 'a\n\r\nb\r\n';
    expect([1, 2, 3, 4, 5, 6, 7, 8].map((chunk) => detached(signature, data, chunk))).toEqual(Array(8).fill('ours'));
    expect(detached(signature, 'a\n\r\nc\r\n', 2)).toBe('SignatureInvalid');
    expect(detached(sign(ours, { data: 'a\r\n\r\nb\r\n' }), data)).toBe('SignatureInvalid');
  });

  test.each<[string, () => SigningKey]>([
    ['RSA', () => makeRsaKey(2048, KEY_CREATED)],
    ['P-256', () => makeEcdsaKey('P-256', KEY_CREATED)],
    ['P-384', () => makeEcdsaKey('P-384', KEY_CREATED)],
    ['P-521', () => makeEcdsaKey('P-521', KEY_CREATED)],
    ['Ed25519, legacy', () => makeEd25519Key('legacy', KEY_CREATED)],
    ['Ed25519', () => makeEd25519Key('native', KEY_CREATED)],
    ['RSA, version 6', () => makeRsaKey(2048, KEY_CREATED, 6)],
    ['Ed448, version 6', () => makeEd448Key(KEY_CREATED)],
    ['ML-DSA-65 and Ed25519', () => makeCompositeKey('ml-dsa-65', KEY_CREATED)],
  ])('%s signs a stream, and one octet fewer is refused', async (_, make) => {
    const key = make();
    const keys = await toKeyring(writeCertificate({ primary: key, userId: 'key' }));
    const over = (data: string): boolean => {
      const started = startDetachedSignatures(sign(key), keys);
      for (const octet of Buffer.from(data)) started.update(Buffer.of(octet));
      return started.verify(NOW).every(({ valid }) => valid);
    };
    expect([over(TEXT), over(TEXT.slice(1)), over('')]).toEqual([true, false, false]);
  });
});

function inline(message: Uint8Array | string): { readonly judged: string; readonly content?: string } {
  let content: string | undefined;
  const judged = judge(() => {
    const evaluated = evaluateSignedDocument(Buffer.from(message), keyring, NOW);
    content = Buffer.from(evaluated.content).toString();
    return evaluated.signatures;
  });
  return { judged, ...(content === undefined ? {} : { content }) };
}

describe('a message with its signatures', () => {
  const both = (first: Buffer, second: Buffer): Buffer =>
    Buffer.concat([onePass(other, false), onePass(ours, true), literal(), first, second]);
  const one = (): Buffer => Buffer.concat([onePass(ours, true), literal(), sign(ours)]);
  test.each<[string, () => Uint8Array | string, string]>([
    ['one', one, 'ours'],
    ['two', () => both(sign(ours), sign(other)), 'ours other'],
    ['the first one bad', () => both(spoil(sign(ours)), sign(other)), 'SignatureInvalid other'],
    ['the second one bad', () => both(sign(ours), spoil(sign(other))), 'ours SignatureInvalid'],
    ['one that cannot be read', () => both(sign(ours), newPacket(2, Buffer.from([9, 0]))), 'ours SignatureUnsupported'],
    ['two in the wrong order', () => both(sign(other), sign(ours)), 'SignatureMalformed SignatureMalformed'],
    [
      'one announced twice and made once',
      () => Buffer.concat([onePass(other, false), onePass(ours, true), literal(), sign(ours)]),
      'throws SignatureMalformed',
    ],
    [
      'one that covers another',
      () => Buffer.concat([onePass(other, true), onePass(ours, true), literal(), sign(ours), sign(other)]),
      'throws SignatureUnsupported',
    ],
    [
      'two that both say that another follows',
      () => Buffer.concat([onePass(other, false), onePass(ours, false), literal(), sign(ours), sign(other)]),
      'throws SignatureUnsupported',
    ],
    ['compressed', () => writeCompressed(one()), 'ours'],
    ['armored', () => writeArmor(one(), { type: 'MESSAGE' }), 'ours'],
    [
      'armored, with text before',
      () => `Hello\n${writeArmor(one(), { type: 'MESSAGE' })}`,
      'throws SignatureMalformed',
    ],
    [
      'two armored',
      () => `${writeArmor(one(), { type: 'MESSAGE' })}\n${writeArmor(one(), { type: 'MESSAGE' })}`,
      'throws SignatureMalformed',
    ],
    ['not signed', literal, ''],
    ['not announced', () => Buffer.concat([literal(), sign(ours)]), 'throws SignatureMalformed'],
    ['announced and not made', () => Buffer.concat([onePass(ours, true), literal()]), 'throws SignatureMalformed'],
    ['before its content', () => Buffer.concat([sign(ours), literal()]), 'throws SignatureUnsupported'],
    ['with a second content', () => Buffer.concat([one(), literal('more')]), 'throws SignatureMalformed'],
    ['with a second message', () => Buffer.concat([one(), one()]), 'throws SignatureMalformed'],
    ['with a byte behind', () => Buffer.concat([one(), Buffer.from([0])]), 'throws SignatureMalformed'],
    ['compressed twice', () => writeCompressed(writeCompressed(one())), 'throws SignatureUnsupported'],
    [
      'announced as text, made over bytes',
      () => Buffer.concat([onePass(ours, true, SIGNATURE.text), literal(), sign(ours)]),
      'SignatureMalformed',
    ],
    [
      'over a user ID',
      () => Buffer.concat([onePass(ours, true, SIGNATURE.userId), literal(), sign(ours, { type: 'userId' })]),
      'SignatureUnsupported',
    ],
    ['encrypted', () => newPacket(18, Buffer.from([1, 2])), 'throws SignatureUnsupported'],
    ['a detached signature', () => sign(ours), 'throws SignatureUnsupported'],
    ['an empty file', () => '', 'throws SignatureMalformed'],
  ])('%s', (_, message, expected) => {
    expect(inline(message()).judged).toBe(expected);
  });

  test('its content is what was signed', () => {
    expect(inline(writeCompressed(one())).content).toBe(TEXT);
  });

  test('what grows beyond the limit is refused', () => {
    const bomb = Buffer.concat([Buffer.from([1]), deflateRawSync(Buffer.alloc(MAX_DOCUMENT_BYTES + 1))]);
    expect(bomb.length).toBeLessThan(MAX_DOCUMENT_BYTES / 100);
    expect(inline(newPacket(PACKET.compressed, bomb)).judged).toBe('throws LimitExceeded');
    expect(inline(Buffer.alloc(MAX_DOCUMENT_BYTES + 1, 0xca)).judged).toBe('throws LimitExceeded');
    expect(inline(Buffer.alloc(MAX_DOCUMENT_BYTES + 1, 0x41)).judged).toBe('throws LimitExceeded');
  });
});

describe('a clearsigned text', () => {
  const SIGNED_TEXT = 'one\r\n- two\r\n-three\r\n\r\nfour';
  const SHOWN = 'one  \n- - two\n- -three\t\n\nfour\n';
  interface Clear {
    readonly shown?: string;
    readonly headers?: string;
    readonly packets?: Buffer;
  }
  const clear = ({
    shown = SHOWN,
    headers = 'Hash: SHA256\n',
    packets = sign(ours, { type: 'text', data: SIGNED_TEXT }),
  }: Clear = {}): string =>
    `-----BEGIN PGP SIGNED MESSAGE-----\n${headers}\n${shown}${writeArmor(packets, { type: 'SIGNATURE' })}\n`;
  const byOther = (): Buffer => sign(other, { type: 'text', data: SIGNED_TEXT });
  test.each<[string, () => string, string]>([
    ['one', () => clear(), 'ours'],
    ['with CR LF', () => clear().replaceAll('\n', '\r\n'), 'ours'],
    [
      'by two, whose hashes are named',
      () =>
        clear({
          headers: 'Hash: SHA256, SHA512\n',
          packets: Buffer.concat([sign(ours, { type: 'text', data: SIGNED_TEXT }), byOther()]),
        }),
      'ours other',
    ],
    [
      'by a stranger too',
      () =>
        clear({
          packets: Buffer.concat([
            sign(stranger, { type: 'text', data: SIGNED_TEXT }),
            sign(ours, { type: 'text', data: SIGNED_TEXT }),
          ]),
        }),
      'KeyUnknown ours',
    ],
    ['whose hash is not named', () => clear({ headers: 'Hash: SHA512\n' }), 'SignatureMalformed'],
    ['without a header', () => clear({ headers: '' }), 'SignatureMalformed'],
    ['with another header', () => clear({ headers: 'Hash: SHA256\nComment: hello\n' }), 'throws SignatureMalformed'],
    ['with text in a header', () => clear({ headers: 'Hash: SHA256\n\u2028Trust me\n' }), 'throws SignatureMalformed'],
    [
      'with a dash that is not escaped',
      () => clear({ shown: SHOWN.replace('- -three', '-three') }),
      'throws SignatureMalformed',
    ],
    ['that was changed', () => clear({ shown: SHOWN.replace('four', 'five') }), 'SignatureInvalid'],
    ['with a line more', () => clear({ shown: `${SHOWN}five\n` }), 'SignatureInvalid'],
    ['signed over bytes', () => clear({ packets: sign(ours, { data: SIGNED_TEXT }) }), 'SignatureUnsupported'],
    ['with text before it', () => `Hello\n${clear()}`, 'throws SignatureMalformed'],
    ['with text behind it', () => `${clear()}Goodbye\n`, 'throws SignatureMalformed'],
    ['with a second one behind it', () => `${clear()}${clear()}`, 'throws SignatureUnsupported'],
    [
      'with a second one in it',
      () => clear({ shown: '-----BEGIN PGP SIGNED MESSAGE-----\n' }),
      'throws SignatureUnsupported',
    ],
    ['without a signature', () => clear().slice(0, 80), 'throws SignatureMalformed'],
  ])('%s', (_, text, expected) => {
    expect(inline(text()).judged).toBe(expected);
  });

  test('its content is the text without escapes and spaces at line ends', () => {
    expect(inline(clear()).content).toBe('one\n- two\n-three\n\nfour\n');
    expect(inline(clear().replaceAll('\n', '\r\n')).content).toBe('one\n- two\n-three\n\nfour\n');
  });
});

const FIXTURES = path.join(import.meta.dirname, '../../fixtures/openpgp');
interface Case {
  readonly name: string;
  readonly message: string;
  readonly keys: readonly string[];
  readonly expected: string;
}
const CASES = JSON.parse(readFileSync(path.join(FIXTURES, 'cases.json'), 'utf8')) as readonly Case[];
const read = (file: string): Buffer => readFileSync(path.join(FIXTURES, file));
/** Refused as release signatures for their size, armor or number of signatures, and good as documents. */
const ONLY_DOCUMENTS = [
  'zip-bomb',
  'zlib-bomb',
  'bzip2-bomb',
  'decompressed-limit-exceeded',
  'armored',
  'two-signatures',
];

describe('beside the reader of release signatures', () => {
  test.each(CASES)('$name', async ({ name, message, keys, expected }) => {
    const ring = await toKeyring(...keys.map(read)).catch(() => undefined);
    if (ring === undefined) return;
    const judged = judge(() => evaluateSignedDocument(read(message), ring, NOW).signatures);
    const isValid = /^[0-9A-F]{40}( |$)/.test(judged);
    expect([name, isValid]).toEqual([name, expected === 'accept' || ONLY_DOCUMENTS.includes(name)]);
    if (expected !== 'accept') return;
    const parsed = parseSignedMessage(read(message));
    const started = startStreamedSignature({ ...parsed.signature, issuerKeyId: parsed.signerKeyId }, ring);
    for (let at = 0; at < parsed.content.length; at += 7) started.update(parsed.content.subarray(at, at + 7));
    const { signer, signingKey, createdAt } = verifyMessage(parsed, ring, NOW);
    expect(started.verify(NOW)).toMatchObject({ signer, signingKey, createdAt });
  });
  test('the releases’ packets are read the same', () => {
    const parts = signMessage(ours, { content: Buffer.from(TEXT) });
    expect(inline(writePackets(parts))).toEqual({ judged: 'ours', content: TEXT });
  });
});
