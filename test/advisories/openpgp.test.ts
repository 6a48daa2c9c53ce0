import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { prepareKeyring } from '../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { writeArmor } from '../fixtures/make/armor-writer.ts';
import { writeCertificate } from '../fixtures/make/certificate-writer.ts';
import { flipBit, writeCompressed } from '../fixtures/make/message-writer.ts';
import { newPacket, oldPacket, PACKET, uint32 } from '../fixtures/make/packet-writer.ts';
import { KEY_CREATED, SIGNED } from '../fixtures/make/payload.ts';
import {
  creationTime,
  issuer,
  notation,
  SIGNATURE,
  signatureLifetime,
  writeSignature,
} from '../fixtures/make/signature-writer.ts';
import { hashedKey, makeRsaKey } from '../fixtures/make/signing-key.ts';
import { testAdvisories } from './advisory-case.ts';
import {
  askDetached,
  askDocument,
  askRelease,
  CERTIFICATE,
  clearsigned,
  literal,
  message,
  onePass,
  SIGNER,
  STRANGER,
  sign,
  TEXT,
  toKeyring,
} from './openpgp-asker.ts';

const GOOD = (): string => askRelease(message());
const GOOD_TEXT = (): string => askDocument(clearsigned());
const STATUS = `\n[GNUPG:] VALIDSIG ${SIGNER.fingerprint} 2025-01-15\n[GNUPG:] GOODSIG ${SIGNER.fingerprint.slice(-16)} signer\n`;

const SUBKEY = makeRsaKey(2048, KEY_CREATED);
const SUBKEY_PACKET = oldPacket(PACKET.publicSubkey, SUBKEY.publicBody);
const WITH_SUBKEY = await toKeyring(
  writeCertificate({ primary: SIGNER, userId: 'signer', subkeys: [{ key: SUBKEY }] }),
);
const WITH_TRUST_PACKET = await toKeyring(
  Buffer.concat([CERTIFICATE, SUBKEY_PACKET, newPacket(12, Buffer.from([0x01, 0x06, 0, 0x13]))]),
);
/** Bound by the primary key, without flags and without a signature of its own. */
const WITHOUT_FLAGS = await toKeyring(
  Buffer.concat([
    CERTIFICATE,
    SUBKEY_PACKET,
    oldPacket(
      PACKET.signature,
      writeSignature(SIGNER, {
        type: SIGNATURE.subkeyBinding,
        data: Buffer.concat([hashedKey(SIGNER), hashedKey(SUBKEY)]),
        createdAt: KEY_CREATED,
      }),
    ),
  ]),
);

testAdvisories('GnuPG', [
  {
    advisory: 'CVE-2018-12020',
    what: 'the file name of a message forges lines of its status',
    attack: () => askRelease(message(TEXT, { key: STRANGER }, STATUS)),
    expected: 'KeyUnknown',
    control: () => askRelease(message(TEXT, {}, STATUS)),
  },
  {
    advisory: 'CVE-2022-34903',
    what: 'a notation forges lines of its status',
    attack: () => askRelease(message(TEXT, { key: STRANGER, alsoHashed: [notation('n@example.com', STATUS, false)] })),
    expected: 'KeyUnknown',
    control: () => askRelease(message(TEXT, { alsoHashed: [notation('n@example.com', STATUS, false)] })),
  },
  {
    advisory: 'CVE-2006-0049',
    what: 'data that nobody signed stands before the signed message',
    attack: () => askRelease(Buffer.concat([literal('not signed'), message()])),
    expected: 'SignatureUnsupported',
    control: GOOD,
  },
  {
    advisory: 'CVE-2006-0455',
    what: 'a file without a signature is taken for a good one',
    attack: () => askDetached(newPacket(PACKET.marker, Buffer.from('PGP')), TEXT),
    expected: 'SignatureMalformed',
    control: () => askDetached(sign(), TEXT),
  },
  {
    advisory: 'CVE-2007-1263',
    what: 'several messages in one file, of which one is signed',
    attack: () => askRelease(Buffer.concat([message(), literal('not signed')])),
    expected: 'SignatureMalformed',
    control: GOOD,
  },
  {
    advisory: 'CVE-2025-68972',
    what: 'a form feed ends a signed line, and more text follows',
    attack: () => askDocument(clearsigned({ shown: `${TEXT}\f\nnot signed\n`, signed: `${TEXT}\f` })),
    expected: 'SignatureInvalid',
    control: () => askDocument(clearsigned({ shown: `${TEXT}\f\n`, signed: `${TEXT}\f` })),
  },
  {
    advisory: 'CVE-2025-68973',
    what: 'armor whose last group is not whole is written beyond a buffer',
    attack: () =>
      askDocument(Buffer.from(writeArmor(message(), { type: 'MESSAGE' }).replace(/([A-Za-z0-9+/])\n/, '=$1=\n'))),
    expected: 'SignatureMalformed',
    control: () => askDocument(Buffer.from(writeArmor(message(), { type: 'MESSAGE' }))),
  },
  {
    advisory: 'CVE-2026-24883',
    what: 'a signature packet with a long length is read as one without values',
    attack: () => askDetached(Buffer.concat([Buffer.of(0xc2, 0xff, 0, 1, 0x86, 0xa0), sign().subarray(3)]), TEXT),
    expected: 'SignatureMalformed',
    control: () => askDetached(sign(), TEXT),
  },
  {
    advisory: 'gpg.fail: detached',
    what: 'a message with its own content is taken for a detached signature',
    attack: () => askDetached(message(), 'other data'),
    expected: 'SignatureUnsupported',
    control: () => askDetached(sign(), TEXT),
  },
  {
    advisory: 'gpg.fail: NotDashEscaped',
    what: 'a header changes how the lines of a clearsigned text are read',
    attack: () =>
      askDocument(clearsigned({ headers: 'NotDashEscaped: You need GnuPG to verify this message\nHash: SHA256\n' })),
    expected: 'SignatureMalformed',
    control: GOOD_TEXT,
  },
  {
    advisory: 'gpg.fail: truncated (line)',
    what: 'a long line is hashed as far as a buffer goes',
    attack: () => askDocument(clearsigned({ shown: `${'a'.repeat(20_000)}b\n`, signed: 'a'.repeat(20_000) })),
    expected: 'SignatureInvalid',
    control: () => askDocument(clearsigned({ shown: `${'a'.repeat(20_001)}\n`, signed: 'a'.repeat(20_001) })),
  },
  {
    advisory: 'gpg.fail: truncated (NUL)',
    what: 'a NUL ends a line for the hash and not for the reader',
    attack: () => askDocument(clearsigned({ shown: `${TEXT}\0not signed\n` })),
    expected: 'SignatureInvalid',
    control: () => askDocument(clearsigned({ shown: `${TEXT}\0\n`, signed: `${TEXT}\0` })),
  },
  {
    advisory: 'gpg.fail: radix64',
    what: 'armor with other text between its lines',
    attack: () =>
      askDocument(
        Buffer.from(writeArmor(message(), { type: 'MESSAGE' }).replace(/(\n[A-Za-z0-9+/]{64})\n/, '$1 text\n')),
      ),
    expected: 'SignatureMalformed',
    control: () => askDocument(Buffer.from(writeArmor(message(), { type: 'MESSAGE' }))),
  },
  {
    advisory: 'gpg.fail: trust packet',
    what: 'a trust packet stands in for the binding of a subkey',
    attack: () => askRelease(message(TEXT, { key: SUBKEY }), WITH_TRUST_PACKET),
    expected: 'KeyNotForSigning',
    control: () => askRelease(message(TEXT, { key: SUBKEY }), WITH_SUBKEY),
  },
]);

testAdvisories('golang.org/x/crypto/openpgp', [
  {
    advisory: 'CVE-2019-11841',
    what: 'headers of a clearsigned text are ignored, whatever they are',
    attack: () => askDocument(clearsigned({ headers: 'Hash: SHA256\nComment: not signed\n' })),
    expected: 'SignatureMalformed',
    control: GOOD_TEXT,
  },
  {
    advisory: 'CVE-2019-11841 (Hash)',
    what: 'the hash that a header names is another one than the signature’s',
    attack: () => askDocument(clearsigned({ headers: 'Hash: SHA512\n' })),
    expected: 'SignatureMalformed',
    control: () => askDocument(clearsigned({ headers: 'Hash: SHA512, SHA256\n' })),
  },
]);

testAdvisories('OpenPGP.js', [
  {
    advisory: 'CVE-2025-47934 (GHSA-8qff-qr5q-5pr8)',
    what: 'a message that nobody signed stands before a signed one, and is given out as signed',
    attack: () => askDocument(Buffer.concat([writeCompressed(literal('not signed')), message()])),
    expected: 'SignatureMalformed',
    control: () => askDocument(message()),
  },
  {
    advisory: 'CVE-2023-41037 (GHSA-ch3c-v47x-4pgp)',
    what: 'text before the Hash header of a clearsigned text',
    attack: () => askDocument(clearsigned({ headers: 'This is not signed. Hash: SHA256\n' })),
    expected: 'SignatureMalformed',
    control: GOOD_TEXT,
  },
  {
    advisory: 'CVE-2019-9153',
    what: 'a signature of another type is taken for one over a document',
    attack: () => askDetached(sign({ type: SIGNATURE.userId }), TEXT),
    expected: 'SignatureUnsupported',
    control: () => askDetached(sign(), TEXT),
  },
  {
    advisory: 'CVE-2019-9154',
    what: 'what a signature does not protect counts as protected',
    attack: () => askRelease(message(TEXT, { unhashed: [issuer(SIGNER), signatureLifetime(0), creationTime(SIGNED)] })),
    expected: 'SignatureMalformed',
    control: GOOD,
  },
]);

testAdvisories('oc-mirror', [
  {
    advisory: 'CVE-2026-75939',
    what: 'the error of a signature is looked at before its message is read to the end',
    attack: () => askRelease(Buffer.concat([onePass(), literal('another digest'), sign()])),
    expected: 'SignatureInvalid',
    control: GOOD,
  },
  {
    advisory: 'CVE-2026-75939 (flipped)',
    what: 'the same with a signature whose value is wrong',
    attack: () => askRelease(flipBit(message(), -3)),
    expected: 'SignatureInvalid',
    control: GOOD,
  },
]);

testAdvisories('Sequoia', [
  {
    advisory: 'CVE-2026-42784',
    what: 'a subkey without flags is bound without a signature of its own',
    attack: () => askRelease(message(TEXT, { key: SUBKEY }), WITHOUT_FLAGS),
    expected: 'KeyNotForSigning',
    control: () => askRelease(message(TEXT, { key: SUBKEY }), WITH_SUBKEY),
  },
]);

describe('Sequoia and rPGP', () => {
  const good = writeCertificate({ primary: makeRsaKey(2048, KEY_CREATED), userId: 'good' });
  const unknown = newPacket(PACKET.publicKey, Buffer.concat([Buffer.from([9]), uint32(KEY_CREATED), Buffer.from([1])]));

  test('CVE-2024-58261 (RUSTSEC-2024-0345): an unsupported primary key in a file never ends: the others count', async () => {
    const { keyring, warnings } = await prepareKeyring('keys', Buffer.concat([unknown, good, unknown, unknown]));
    expect([keyring.certificates.length, warnings.length]).toEqual([1, 3]);
  });

  test.each<[string, string, () => Buffer]>([
    ['CVE-2023-53160 (GHSA-25mx-8f3v-8wh7)', 'a packet says more bytes than there are', () => good.subarray(0, 60)],
    [
      'CVE-2024-53856 (GHSA-9rmp-2568-59rv)',
      'a key without its fields',
      () => newPacket(PACKET.publicKey, Buffer.of(4)),
    ],
    [
      'CVE-2024-53857 (GHSA-4grw-m28r-q285)',
      'a few bytes that say 4 GiB',
      () => Buffer.of(0xc6, 0xff, 0xff, 0xff, 0xff, 0xff, 4),
    ],
  ])('%s: %s: KeyUnreadable', async (_, __, file) => {
    const thrown: unknown = await prepareKeyring('keys', file()).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ConfigurationError);
    expect(thrown).toMatchObject({ code: 'KeyUnreadable' });
  });
});
