import { parseStream } from '../../lib/artifact/boot-images/parse-stream.ts';
import { parseCatalog } from '../../lib/artifact/catalog/parse-catalog.ts';
import { evaluateSignedList } from '../../lib/artifact/checksums/evaluate-signed-list.ts';
import { parseChecksumList } from '../../lib/artifact/checksums/parse-checksum-list.ts';
import { parseSignedFile } from '../../lib/artifact/checksums/parse-signed-file.ts';
import { evaluateSignedDocument, startDetachedSignatures } from '../../lib/artifact/documents/document-signatures.ts';
import { parseStrictJson } from '../../lib/base/documents/parse-strict-json.ts';
import { readObjects } from '../../lib/base/documents/read-objects.ts';
import { parseDockerReference } from '../../lib/base/names/docker-reference.ts';
import { parsePullspec } from '../../lib/base/names/reference.ts';
import { findSpellingFault } from '../../lib/base/names/scope.ts';
import { explainText } from '../../lib/cluster/explain/explain-text.ts';
import { readDescriptions } from '../../lib/cluster/rollout/read-description.ts';
import { readKeyFile } from '../../lib/crypto/openpgp/keys/key-file.ts';
import { indexKeyring } from '../../lib/crypto/openpgp/keys/keyring.ts';
import { parseDetachedSignatures } from '../../lib/crypto/openpgp/messages/detached-signature.ts';
import { parseSignedMessage } from '../../lib/crypto/openpgp/messages/signed-message.ts';
import { decodeArmoredKeys } from '../../lib/crypto/openpgp/packets/armor.ts';
import { parseAlternativeNames } from '../../lib/crypto/sigstore/x509/alternative-names.ts';
import { parseExtensions } from '../../lib/crypto/sigstore/x509/certificate-extensions.ts';
import { readDerValues, splitPem } from '../../lib/crypto/sigstore/x509/der.ts';
import { parseNameConstraints } from '../../lib/crypto/sigstore/x509/name-constraints.ts';
import { parseGraph } from '../../lib/mirror/graph/parse-graph.ts';
import { parseChallenges } from '../../lib/registry/client/parse-challenges.ts';
import { parsePullSecret } from '../../lib/registry/client/pull-secret.ts';
import { readIndexEntries } from '../../lib/registry/images/read-index.ts';
import { parseTrustFile } from '../../lib/trust/documents/parse-trust-file.ts';
import { parsePolicyJson } from '../../lib/trust/policy/parse-policy-json.ts';
import { type ListSigner, makeListSigner, toLine } from '../artifact/checksums/list-signer.ts';
import { ARCHIVE_READERS } from './archive-readers.ts';
import { LISTING_READERS } from './listing-readers.ts';
import { bytes, casesOf, DIGEST, der, number, type ReaderCase, repeat } from './reader-case.ts';
import { SIGSTORE_READERS } from './sigstore-readers.ts';

const NO_KEYS = indexKeyring({ name: 'none', certificates: [] });
const ORIGIN = { file: 'list', firstLine: 1 };

let signed: Promise<SignedList> | undefined;
interface SignedList {
  readonly bytes: Buffer;
  readonly keyring: ListSigner['keyring'];
}

/** A list is compared with the one beside it after its signature, which is good here. */
async function readListBeside(text: string): Promise<void> {
  signed ??= makeListSigner('bounds').then(({ clearsigned, keyring }) => {
    return { bytes: bytes(clearsigned(toLine('a'.repeat(64), 'file'))), keyring };
  });
  const list = await signed;
  const { signatures } = evaluateSignedList(list.bytes, bytes(text), list.keyring, Date.now() / 1000);
  const codes = signatures.map((signature) => (signature.valid ? 'valid' : signature.code));
  if (codes.join() !== 'valid,ContentMismatch') throw new TypeError(`the lists were not compared: ${codes.join()}`);
}

export const READERS: readonly ReaderCase[] = [
  ...casesOf('armored keys', decodeArmoredKeys, {
    spaces: repeat(' '),
    'first lines': repeat('-----BEGIN PGP PUBLIC KEY BLOCK-----\n'),
    'empty blocks': repeat('-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n'),
  }),
  ...casesOf('key file', (text) => readKeyFile(bytes(text)), {
    'packets of one octet': repeat('\xcd\x01a'),
    'one packet, partial': (size) => `\x99\x00\x01${'\xe0'.repeat(size)}`,
  }),
  ...casesOf('stream metadata', (text) => parseStream(bytes(text), 'stream.json'), {
    architectures: (size) => `{"stream":"x","architectures":{${'"a":{"artifacts":{}},'.repeat(size / 21)}"b":{}}}`,
    'formats of one': (size) =>
      `{"stream":"x","architectures":{"a":{"artifacts":{"m":{"formats":{"iso":{${Array.from({ length: size / 40 }, (_, at) => `"${at}":{"location":"https://a.example/b","sha256":""}`).join()}}}}}}}}`,
  }),
  ...casesOf('signed file', (text) => parseSignedFile(bytes(text)), {
    spaces: (size) => `-----BEGIN PGP SIGNED MESSAGE-----${' '.repeat(size)}x\nHash: SHA256\n\n`,
    dashes: (size) => `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${'- -\n'.repeat(size / 4)}`,
    hashes: (size) => `-----BEGIN PGP SIGNED MESSAGE-----\nHash: ${'SHA256,'.repeat(size / 7)}\n\n`,
  }),
  ...casesOf('signed file of signatures', (text) => parseSignedFile(bytes(text)), {
    blocks: repeat('-----BEGIN PGP SIGNATURE-----\n\nwgQEAAEI\n-----END PGP SIGNATURE-----\n'),
  }),
  ...casesOf('signed message', (text) => parseSignedMessage(bytes(text)), {
    'marker packets': repeat('\xca\x03PGP'),
    'partial lengths': (size) => `\xcb${'\xe0a'.repeat(size / 2)}`,
  }),
  ...casesOf('signed document', (text) => evaluateSignedDocument(bytes(text), NO_KEYS, 0), {
    'one-pass packets': repeat('\xc4\x0d\x03\x00\x08\x01aaaaaaaa\x00'),
    'marker packets': repeat('\xca\x03PGP'),
    'empty lines': repeat('\n'),
    dashes: (size) => `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${'- -\n'.repeat(size / 4)}`,
    'lines of armor': (size) => `-----BEGIN PGP MESSAGE-----\n\n${'AAAA\n'.repeat(size / 5)}-----END PGP MESSAGE-----`,
  }),
  ...casesOf('detached signatures in armor', (text) => startDetachedSignatures(bytes(text), NO_KEYS), {
    blocks: repeat('-----BEGIN PGP SIGNATURE-----\n\nwgQEAAEI\n-----END PGP SIGNATURE-----\n'),
    'empty lines': repeat('\n'),
  }),
  ...casesOf('detached signatures', (text) => parseDetachedSignatures(bytes(text)), {
    packets: repeat('\xc2\x04\x04\x00\x01\x08'),
  }),
  ...casesOf('checksum list', (text) => parseChecksumList(bytes(text), ORIGIN), {
    spaces: repeat(' '),
    'empty lines': repeat('\n'),
    'lines of names': (size) => number(size, (index) => `${'a'.repeat(64)}  name-${index}\n`),
    'ends of a BSD line': (size) => `SHA256 (${') = a'.repeat(size / 5)}x`,
    escapes: (size) => `\\${'a'.repeat(64)}  ${'\\\\'.repeat(size / 2)}\n`,
  }),
  ...casesOf('list beside a signed one', readListBeside, {
    'empty lines': (size) => `${'\n'.repeat(size)}x`,
    spaces: (size) => `${' '.repeat(size)}x`,
    'lines of spaces': (size) => `${`${' '.repeat(99)}\n`.repeat(size / 100)}x`,
  }),
  ...casesOf('explain', explainText, {
    'lines of braces': repeat('{\n'),
    'records that do not end': repeat('{"level":"INFO","message":"request\n'),
    'records in records': repeat('{"message":"{\\"message\\":\\"'),
    'described objects': repeat('Kind: x\n  Message: y\nName: z\n'),
    'lines of a verdict': repeat('rejected  quay.io/a/b:1\n'),
    'marks of a mail': repeat('> '),
    spaces: (size) => `zzz${' '.repeat(size)}~zz`,
    quotes: repeat('level="'),
    'unclosed quotes': repeat('Payload loaded version="'),
    'a list of errors': repeat('2026-01-01T00:00:00Z: invalid signature, '),
    brackets: (size) => `2026-01-01T00:00:00Z: ${'['.repeat(size)}`,
    digests: repeat(`${DIGEST} `),
    'full stops': repeat('a.'),
    keyrings: (size) => `unable to verify ${DIGEST} against keyrings: ${'verifier-public-key-a, '.repeat(size / 23)}`,
    'an object in it': (size) => `{"message": "${'zz '.repeat(size / 3)}"}`,
  }),
  ...casesOf('strict JSON', parseStrictJson, {
    'a long string': (size) => `"${'a'.repeat(size)}"`,
    escapes: (size) => `"${'\\u0041'.repeat(size / 6)}"`,
    members: (size) => `{${number(size, (index) => `"name-${index}":1,`)}"":0}`,
    depth: repeat('['),
    spaces: (size) => `[${' '.repeat(size)}1]`,
    numbers: (size) => `[${'1,'.repeat(size / 2)}1]`,
    'a long number': (size) => '1'.repeat(size),
  }),
  ...casesOf('objects', (text) => [...readObjects('file', text)], {
    'JSON, one after the other': repeat('{"kind":"A"}\n'),
    'YAML documents': repeat('---\nkind: A\n'),
    'marks of documents': repeat('---\n'),
    'flow mappings': repeat('kind: {a: b}\n---\n'),
    'a block of text': (size) => `kind: |\n${'  a\n'.repeat(size / 4)}`,
    'aliases of an anchor': (size) => `a: &x [1]\nb: [${'*x,'.repeat(size / 3)}*x]\nkind: A\n`,
    'anchors of anchors': (size) =>
      `kind: A\na0: &a0 [x]\n${number(size, (index) => `a${index + 1}: &a${index + 1} [*a${index},*a${index}]\n`)}`,
    comments: repeat('# a\n'),
    members: (size) => `kind: A\n${number(size, (index) => `name-${index}: a\n`)}`,
    'members in a line': (size) => `kind: {${number(size, (index) => `n${index}: a, `)}}\n`,
  }),
  ...casesOf('trust document', (text) => parseTrustFile({ name: 'a.yaml', bytes: bytes(text) }), {
    'YAML documents': repeat('---\nkind: A\n'),
    members: (size) => number(size, (index) => `name-${index}: a\n`),
    'aliases of an anchor': (size) => `a: &x [1]\nb: [${'*x,'.repeat(size / 3)}*x]\nkind: A\n`,
  }),
  ...casesOf('policy.json', (text) => parsePolicyJson('policy.json', text), {
    scopes: (size) =>
      `{"default":[{"type":"reject"}],"transports":{"docker":{${number(size, (index) => `"a.example/b${index}":[{"type":"reject"}],`)}"":[{"type":"reject"}]}}}`,
  }),
  ...casesOf('catalog', (text) => parseCatalog('list', bytes(text)), {
    lines: (size) => number(size, (index) => `quay.io/a/b${index}@${DIGEST}\n`),
    spaces: repeat(' '),
  }),
  ...casesOf('description', (text) => readDescriptions('list', text), {
    'blanks after a key': (size) => `Name: a\nStatus:\n  A:${' '.repeat(size)}\u2028`,
    'a deep one': (size) =>
      `Name: a\nStatus:\n${Array.from({ length: Math.sqrt(size) }, (_, at) => `${' '.repeat(at + 1)}A:\n`).join('')}`,
    keys: (size) => `Name: a\nStatus:\n${'  A: b\n'.repeat(size / 7)}`,
  }),
  ...casesOf('challenges', parseChallenges, {
    commas: (size) => `Bearer ${','.repeat(size)}`,
    'escaped quotes': (size) => `Bearer realm="${'\\"'.repeat(size / 2)}`,
    parameters: (size) => `Bearer ${number(size, (index) => `a${index}="b",`)}`,
    schemes: repeat('Bearer '),
    blanks: (size) => `Bearer realm${' '.repeat(size)}"x"`,
    tokens: repeat('a='),
  }),
  ...casesOf('pull secret', parsePullSecret, {
    'padded with zeros': (size) =>
      JSON.stringify({ auths: { 'a.example': { auth: bytes(`a:b${'\0'.repeat(size)}x`).toString('base64') } } }),
    'equals signs': (size) => JSON.stringify({ auths: { 'a.example': { auth: `${'='.repeat(size)}a` } } }),
  }),
  ...casesOf('pullspec', parsePullspec, {
    components: repeat('a/'),
    dashes: (size) => `a.example/${'-'.repeat(size)}a`,
    at: repeat('@'),
    colons: repeat(':'),
  }),
  ...casesOf('docker reference', parseDockerReference, {
    components: repeat('a/'),
    labels: repeat('a.'),
    dots: repeat('.'),
  }),
  ...casesOf('scope', findSpellingFault, {
    dots: (size) => `a${'.'.repeat(size)}:443/b`,
    colons: (size) => `a${':'.repeat(size)}x`,
  }),
  ...casesOf('PEM', splitPem, {
    'first lines': repeat('-----BEGIN CERTIFICATE-----\n'),
    spaces: (size) => `-----BEGIN CERTIFICATE-----${' '.repeat(size)}x`,
    'one body without an end': (size) => `-----BEGIN CERTIFICATE-----\n${'AAAA\n'.repeat(size / 5)}`,
    'other ends': (size) => '-----BEGIN A-----\nAAAA\n-----END B-----\n'.repeat(size / 40),
  }),
  ...casesOf('DER', (text) => readDerValues(bytes(text)), {
    values: repeat('\x05\x00'),
    'cut short': repeat('\x30\x84'),
  }),
  ...casesOf('certificate extensions', (text) => parseExtensions(readDerValues(bytes(text))), {
    'the same': repeat('\x30\x07\x06\x03\x55\x1d\x09\x04\x00'),
    'not one': repeat('\x30\x02\x05\x00'),
  }),
  ...casesOf('alternative names', (text) => parseAlternativeNames(readDerValues(bytes(text))), {
    'host names': repeat('\x82\x01a'),
    URIs: repeat('\x86\x09https://a'),
    addresses: repeat('\x87\x04aaaa'),
  }),
  ...casesOf('restrictions of names', (text) => parseNameConstraints(der(0x30, der(0xa0, bytes(text)))), {
    domains: repeat('\x30\x03\x82\x01a'),
    mailboxes: repeat('\x30\x05\x81\x03a@b'),
  }),
  ...casesOf('index', (text) => readIndexEntries({ bytes: bytes(text) }), {
    manifests: (size) =>
      JSON.stringify({
        schemaVersion: 2,
        manifests: Array.from({ length: size / 64 }, () => ({ digest: DIGEST, mediaType: 'a/b', size: 1 })),
      }),
  }),
  ...casesOf('update graph', (text) => parseGraph(bytes(text), { source: 'a', architecture: undefined }), {
    nodes: (size) =>
      JSON.stringify({
        nodes: Array.from({ length: size / 64 }, (_, at) => ({
          version: `4.1.${at}`,
          payload: `quay.io/a/b@${DIGEST}`,
        })),
        edges: [],
      }),
  }),
  ...ARCHIVE_READERS,
  ...SIGSTORE_READERS,
  ...LISTING_READERS,
];
