import { expect, test } from 'vitest';
import { MAX_SIGSTORE_SIGNATURE_BYTES, parseSignatureBlob } from '../../../lib/crypto/sigstore/signature-blob.ts';
import { codeOf } from './code-of.ts';

const HEADER = '\0sigstore-json\n';
const rows: [name: string, expected: string, blob: string | Buffer][] = [
  ['compressed data, old header', 'simple-signing', Buffer.from([0xa3])],
  ['compressed data, new header', 'simple-signing', Buffer.from([0xc8])],
  ['one-pass signature', 'simple-signing', Buffer.from([0x90])],
  ['one-pass signature, new header', 'simple-signing', Buffer.from([0xc4])],
  ['signature', 'simple-signing', Buffer.from([0x88])],
  ['simple signing by name', 'simple-signing', '\0simple-signing\nx'],
  ['sigstore', 'sigstore-json', `${HEADER}{"mimeType":"t","payload":"YQ==","annotations":{"a":"b"}}`],
  ['sigstore with a member more', 'sigstore-json', `${HEADER}{"mimeType":"t","payload":"","annotations":null,"x":1}`],
  ['sigstore without annotations', 'sigstore-json', `${HEADER}{"mimeType":"t","payload":""}`],
  ['empty', 'SignatureMalformed', ''],
  ['literal data', 'SignatureMalformed', Buffer.from([0xcb])],
  ['an equals sign, which containers/image takes for a packet', 'SignatureMalformed', '='],
  ['armor', 'SignatureMalformed', '-----BEGIN PGP MESSAGE-----'],
  ['a zero byte alone', 'SignatureMalformed', '\0'],
  ['a format without end', 'SignatureMalformed', `\0${'x'.repeat(100)}\n`],
  ['a format above ASCII', 'SignatureMalformed', Buffer.from([0, 0x80, 0x0a])],
  ['another format', 'SignatureUnsupported', '\0other\n'],
  ['no JSON', 'SignatureMalformed', `${HEADER}&`],
  ['a member twice', 'SignatureMalformed', `${HEADER}{"mimeType":"t","payload":"","payload":""}`],
  ['no payload', 'SignatureMalformed', `${HEADER}{"mimeType":"t"}`],
  ['a payload with garbage', 'SignatureMalformed', `${HEADER}{"mimeType":"t","payload":"YQ=!"}`],
  [
    'an annotation that is a number',
    'SignatureMalformed',
    `${HEADER}{"mimeType":"t","payload":"","annotations":{"a":1}}`,
  ],
  ['longer than is read', 'LimitExceeded', HEADER + ' '.repeat(MAX_SIGSTORE_SIGNATURE_BYTES + 1)],
];

test.each(rows)('%s: %s', (_, expected, blob) => {
  let format = '';
  const code = codeOf(() => {
    ({ format } = parseSignatureBlob(Buffer.from(blob)));
  });
  expect(code === 'accept' ? format : code).toBe(expected);
});

test('an annotation may have any name', () => {
  const blob = parseSignatureBlob(
    Buffer.from(`${HEADER}{"mimeType":"t","payload":"","annotations":{"__proto__":"x"}}`),
  );
  expect(blob).toMatchObject({ signature: { annotations: new Map([['__proto__', 'x']]) } });
});
