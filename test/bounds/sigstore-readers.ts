import { parseEnvelope } from '../../lib/crypto/attestation/envelope.ts';
import { parseBundle } from '../../lib/crypto/sigstore/read-bundle.ts';
import { parseRekorPayload, parseRekorSet } from '../../lib/crypto/sigstore/rekor-set.ts';
import { parseSignatureBlob } from '../../lib/crypto/sigstore/signature-blob.ts';
import { parseStatement, readOtherPredicate } from '../../lib/crypto/sigstore/statement.ts';
import { parseTimestampToken } from '../../lib/crypto/sigstore/timestamp-token.ts';
import { parseTrustedRoot } from '../../lib/crypto/sigstore/trusted-root.ts';
import { readSeal } from '../../lib/verdict/seals/seal.ts';
import { bytes, casesOf, der, number, type ReaderCase } from './reader-case.ts';

const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const ROOT_TYPE = 'application/vnd.dev.sigstore.trustedroot+json;version=0.1';
const list = (size: number, value: unknown): readonly unknown[] =>
  Array.from({ length: size / JSON.stringify(value).length }, () => value);

const SIGNED_DATA = Buffer.from('06092a864886f70d010702', 'hex');
const STATEMENT = Buffer.from('060b2a864886f70d0109100104', 'hex');
const GRANTED = der(0x30, Buffer.from('020100', 'hex'));

/** A timestamp's answer with these certificates and these signers, up to where it is read. */
function toTimestamp(certificates: Buffer, signers: Buffer): string {
  const content = der(0x30, STATEMENT, der(0xa0, der(0x04)));
  const data = der(0x30, Buffer.from('020103', 'hex'), der(0x31), content, der(0xa0, certificates), der(0x31, signers));
  return der(0x30, GRANTED, der(0x30, SIGNED_DATA, der(0xa0, data))).toString('latin1');
}

const entryOf = (index: string, checkpoint: string): unknown => ({
  logIndex: index,
  logId: { keyId: 'AAAA' },
  kindVersion: { kind: 'hashedrekord', version: '0.0.1' },
  integratedTime: '1',
  inclusionProof: {
    logIndex: index,
    rootHash: 'AAAA',
    treeSize: '1',
    hashes: ['AAAA'],
    checkpoint: { envelope: checkpoint },
  },
  canonicalizedBody: 'AAAA',
});

function toBundle(material: object): string {
  const messageSignature = { messageDigest: { algorithm: 'SHA2_256', digest: 'AAAA' }, signature: 'AAAA' };
  return JSON.stringify({ mediaType: BUNDLE_TYPE, verificationMaterial: material, messageSignature });
}

const certificate = { rawBytes: 'AAAA' };

const RECORD = `2026-11-01 ${'a'.repeat(64)} ${'b'.repeat(64)}`;

/** A page of records whose root is another one: all of it is read before that is seen. */
function toSeal(records: readonly unknown[]): string {
  const head = { schema: 1, day: '2026-11-01', page: 1, isLast: true, records: records.length, root: 'c'.repeat(64) };
  const payload = JSON.stringify({ ...head, previous: null, sealedAt: '2026-11-02T01:00:00.000Z' });
  const seal = { payloadType: 'a', payload: Buffer.from(payload).toString('base64'), signatures: [{ sig: 'AAAA' }] };
  return JSON.stringify({ seal, records });
}

/** What a bundle of Sigstore holds, and the trusted root that it is judged by. */
export const SIGSTORE_READERS: readonly ReaderCase[] = [
  ...casesOf('bundle of Sigstore', (text) => parseBundle(bytes(text), 2 ** 30), {
    'log entries': (size) => toBundle({ certificate, tlogEntries: list(size, entryOf('1', 'log\n1\nAAAA\n')) }),
    'a checkpoint of many lines': (size) =>
      toBundle({ certificate, tlogEntries: [entryOf('1', '\n- a AAAA'.repeat(size / 9))] }),
    'a long index': (size) => toBundle({ certificate, tlogEntries: [entryOf('1'.repeat(size), '')] }),
    certificates: (size) =>
      toBundle({ x509CertificateChain: { certificates: list(size, certificate) }, tlogEntries: [] }),
    timestamps: (size) =>
      toBundle({
        certificate,
        tlogEntries: [],
        timestampVerificationData: { rfc3161Timestamps: list(size, { signedTimestamp: 'AAAA' }) },
      }),
    'unknown members': (size) => `{${number(size, (index) => `"m${index}":[],`)}"":0}`,
  }),
  ...casesOf('predicate of a bundle', (text) => readOtherPredicate(bytes(text)), {
    'a long envelope': (size) =>
      JSON.stringify({ dsseEnvelope: { payloadType: 'a', payload: 'A'.repeat(size), signatures: [{ sig: 'AAAA' }] } }),
  }),
  ...casesOf('statement', (text) => parseStatement(bytes(text)), {
    subjects: (size) =>
      JSON.stringify({
        _type: 'https://in-toto.io/Statement/v1',
        predicateType: 'a',
        subject: list(size, { name: 'a', digest: { sha256: 'a'.repeat(64) } }),
      }),
    'digests of a subject': (size) =>
      `{"_type":"https://in-toto.io/Statement/v1","predicateType":"a","subject":[{"digest":{${number(size, (index) => `"a${index}":"b",`)}"":""}}]}`,
  }),
  ...casesOf('envelope', (text) => parseEnvelope(text), {
    'a long payload': (size) =>
      JSON.stringify({ payloadType: 'a', payload: 'A'.repeat(size), signatures: [{ keyid: '', sig: 'AAAA' }] }),
    signatures: (size) =>
      JSON.stringify({ payloadType: 'a', payload: 'AAAA', signatures: list(size, { keyid: '', sig: 'AAAA' }) }),
    depth: (size) => `{"payload":${'['.repeat(size)}`,
  }),
  ...casesOf('seal', (text) => readSeal('seals/2026-11-01/0001.json', bytes(text)), {
    records: (size) => toSeal(list(size, RECORD)),
    'a long record': (size) => toSeal([' '.repeat(size)]),
    'records that are none': (size) => toSeal(list(size, 'a b c')),
  }),
  ...casesOf('timestamp', (text) => parseTimestampToken(bytes(text)), {
    certificates: (size) => toTimestamp(Buffer.from('3000'.repeat(size / 2), 'hex'), der(0x30)),
    signers: (size) => toTimestamp(Buffer.alloc(0), Buffer.from('3000'.repeat(size / 2), 'hex')),
    'sequences in sequences': (size) => '\x30\x84'.repeat(size / 2),
    'a status of many parts': (size) =>
      der(0x30, der(0x30, Buffer.from('0500'.repeat(size / 2), 'hex'))).toString('latin1'),
  }),
  ...casesOf('trusted root', (text) => parseTrustedRoot(bytes(text)), {
    logs: (size) =>
      JSON.stringify({
        mediaType: ROOT_TYPE,
        tlogs: list(size, {
          baseUrl: 'https://log.example',
          publicKey: { keyDetails: 'NOT_KNOWN', rawBytes: 'AAAA', validFor: { start: '2026-01-01T00:00:00Z' } },
          logId: { keyId: 'AAAAAAAA' },
        }),
      }),
    authorities: (size) =>
      JSON.stringify({
        mediaType: ROOT_TYPE,
        tlogs: [],
        certificateAuthorities: [{ certChain: { certificates: list(size, certificate) }, validFor: {} }],
      }),
    'a long address': (size) => JSON.stringify({ mediaType: ROOT_TYPE, tlogs: [{ baseUrl: '/'.repeat(size) }] }),
  }),
  ...casesOf('promise of a log', parseRekorSet, {
    'a long payload': (size) =>
      `{"SignedEntryTimestamp":"AAAA","Payload":{"body":"${'A'.repeat(size)}","integratedTime":1,"logIndex":1,"logID":"a"}}`,
    depth: (size) => `{"SignedEntryTimestamp":"AAAA","Payload":${'['.repeat(size)}`,
  }),
  ...casesOf('payload of a promise', parseRekorPayload, {
    'a long body': (size) => `{"body":"${'A'.repeat(size)}","integratedTime":1,"logIndex":1,"logID":"a"}`,
    'a long time': (size) => `{"body":"AAAA","integratedTime":${'1'.repeat(size)},"logIndex":1,"logID":"a"}`,
  }),
  ...casesOf('stored Sigstore signature', (text) => parseSignatureBlob(bytes(`\0sigstore-json\n${text}`)), {
    annotations: (size) =>
      `{"mimeType":"a","payload":"","annotations":{${number(size, (index) => `"a${index}":"",`)}"":""}}`,
  }),
];
