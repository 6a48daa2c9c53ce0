import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { MAX_CHECKPOINT_SIGNATURES } from '../../../lib/crypto/sigstore/log-checkpoint.ts';
import { MAX_BUNDLE_PROOFS } from '../../../lib/crypto/sigstore/read-bundle.ts';
import {
  type Artifact,
  type ArtifactTrust,
  MAX_ARTIFACT_BUNDLE_BYTES,
  verifyArtifactBundle,
} from '../../../lib/crypto/sigstore/verify-artifact-bundle.ts';
import { codeOf } from './code-of.ts';
import {
  ARTIFACT,
  ARTIFACT_DIGEST,
  type ArtifactBundlePlan,
  type LogEntry,
  makeArtifactBundle,
  OTHER_ARTIFACT,
  signNote,
} from './make-artifact-bundle.ts';
import { authority, makeCertificate, makeKeys, purposes } from './make-certificate.ts';
import { IDENTITY, INSTANCE, LOGIN, makeLeaf, makeLog, makeRoot, type RootPlan } from './make-instance.ts';
import { NOW, OTHER_SIGNER, SIGNER, toPem } from './make-signature.ts';

const root = makeRoot();
const byLogin: ArtifactTrust = { kind: 'identity', identity: IDENTITY, issuer: LOGIN, root };
const byKey: ArtifactTrust = { kind: 'key', key: SIGNER.publicKey, root };
const withRoot = (plan: RootPlan): ArtifactTrust => ({ ...byLogin, root: makeRoot(plan) });
const content: Artifact = { kind: 'content', bytes: ARTIFACT };
const other: Artifact = { kind: 'content', bytes: OTHER_ARTIFACT };

type Row = [name: string, expected: string, plan: ArtifactBundlePlan, trust?: ArtifactTrust, artifact?: Artifact];

function run(rows: readonly Row[]): void {
  test.each(rows)('%s: %s', (_, expected, plan, trust = byLogin, artifact = content) => {
    const bundle = makeArtifactBundle({ keys: SIGNER, ...plan });
    expect(codeOf(() => verifyArtifactBundle(bundle, trust, artifact, NOW))).toBe(expected);
    if (artifact !== content) return;
    const digest: Artifact = { kind: 'digest', digest: parseDigest(ARTIFACT_DIGEST) };
    expect(codeOf(() => verifyArtifactBundle(bundle, trust, digest, NOW))).toBe(expected);
  });
}

const replace = (from: RegExp | string, to: string) => (text: string) => {
  const changed = text.replace(from, to);
  if (changed === text) throw new Error('nothing was changed');
  return changed;
};
/** Another first octet of a base64 member. */
const flip = (member: string) => (text: string) =>
  text.replace(new RegExp(`"${member}":"(.)`), (_, first: string) => `"${member}":"${first === 'A' ? 'B' : 'A'}`);

const PAST = { start: '2025-01-01T00:00:00Z', end: '2026-05-31T23:59:59.999Z' } as const;

describe('the form', () => {
  run([
    [
      'an empty chain',
      'SignatureMalformed',
      { version: '0.1', change: replace(/"certificates":\[.*?\]/, '"certificates":[]') },
    ],
    ['a signature that is no base64', 'SignatureMalformed', { change: replace(/"signature":"/, '"signature":"*') }],
    ['JSON that is cut short', 'SignatureMalformed', { change: (text) => text.slice(0, -20) }],
    ['an empty file', 'SignatureMalformed', { change: () => '' }],
    [
      'a member twice',
      'SignatureMalformed',
      { change: replace('{"mediaType"', '{"messageSignature":null,"mediaType"') },
    ],
    ['deeply nested', 'SignatureMalformed', { change: () => '['.repeat(100_000) }],
    ['an unknown version', 'SignatureMalformed', { version: '0.1', change: replace('version=0.1', 'version=99.9') }],
    ['no media type', 'SignatureMalformed', { change: replace('mediaType', 'type') }],
    [
      'no proof of inclusion from 0.2 on',
      'SignatureMalformed',
      { changeEntry: (entry) => ({ ...entry, inclusionProof: undefined }) },
    ],
    ['no promise in 0.1', 'SignatureMalformed', { version: '0.1', logVersion: 2 }],
    [
      'a certificate that does not parse',
      'SignatureMalformed',
      { change: replace(/"rawBytes":"..../, '"rawBytes":"AAAA') },
    ],
    ['longer than is read', 'LimitExceeded', { change: (text) => text.padEnd(MAX_ARTIFACT_BUNDLE_BYTES + 1) }],
    ['more timestamps than are read', 'LimitExceeded', { stamps: MAX_BUNDLE_PROOFS + 1 }],
    [
      'a root certificate in the chain',
      'SignatureMalformed',
      { version: '0.1', chain: [INSTANCE.issuing, INSTANCE.ca] },
    ],
  ]);
});

describe('content and signature', () => {
  const statement = { content: 'statement' } as const;
  run([
    ['another file', 'DigestMismatch', {}, byLogin, other],
    ['a statement about another file', 'DigestMismatch', statement, byLogin, other],
    ['the digest of the message changed', 'DigestMismatch', { change: flip('digest') }],
    ['the signature is over another file', 'SignatureInvalid', { signBy: () => SHORT }],
    ['a statement with a signature over another', 'SignatureInvalid', { ...statement, signBy: () => SHORT }],
    ['by another key', 'SignatureInvalid', { byKey: true, keys: OTHER_SIGNER }, byKey],
    ['by another key than the certificate’s', 'SignatureInvalid', { change: otherLeaf }],
    ['by a key, asked for a login', 'KeyUnknown', { byKey: true }],
  ]);
});

// Whoever makes a certificate for themselves signs a statement before anybody has vouched for them.
test.each<[name: string, artifact: Uint8Array, expected: string]>([
  ['of the file', ARTIFACT, 'KeyUnknown'],
  ['of others', OTHER_ARTIFACT, 'DigestMismatch'],
])('a file is hashed once, however many digests a statement names, %s', (_, bytes, expected) => {
  const others = Array.from({ length: 5000 }, (__, at) => {
    return { name: 'other', digest: { sha256: at.toString(16).padStart(64, '0') } };
  });
  const changeStatement = (statement: object): object => {
    const { subject } = statement as { readonly subject: readonly object[] };
    return { ...statement, subject: [...others, ...subject] };
  };
  const plan = { content: 'statement', changeStatement, leaf: { issuer: stranger } } as const;
  const bundle = makeArtifactBundle({ keys: SIGNER, ...plan });
  let looks = 0;
  const counted: Artifact = {
    kind: 'content',
    get bytes() {
      looks += 1;
      return bytes;
    },
  };
  expect(codeOf(() => verifyArtifactBundle(bundle, byLogin, counted, NOW))).toBe(expected);
  expect(looks).toBe(1);
});

const SHORT = Buffer.from('3006020101020101', 'hex');

function otherLeaf(text: string): string {
  const leaf = makeLeaf({ keys: OTHER_SIGNER });
  const raw = leaf.pem.replaceAll(/-----[^-]+-----|\s/g, '');
  return text.replace(/"certificate":\{"rawBytes":"[^"]+"/, `"certificate":{"rawBytes":"${raw}"`);
}

const foreign = makeLog('rekor.example.com');
const impostor = makeLog('log2026.example.com', generateKeyPairSync('ed25519'));
const old = { logVersion: 1 } as const;
const proofOf = (entry: LogEntry, change: object) => ({
  ...entry,
  inclusionProof: { ...entry.inclusionProof, ...change },
});
const checkpoint = (change: (note: string, signatures: string) => string) => (entry: LogEntry) => {
  const [note = '', signatures = ''] = entry.inclusionProof.checkpoint.envelope.split('\n\n');
  return proofOf(entry, { checkpoint: { envelope: change(`${note}\n`, signatures) } });
};

describe('the log', () => {
  run([
    ['no entry', 'LogEntryInvalid', { log: undefined }],
    ['an entry of another instance', 'LogEntryInvalid', { ...old, log: foreign }],
    [
      'an entry of a log that pretends to be this one',
      'LogEntryInvalid',
      { log: { ...impostor, id: INSTANCE.rekor2.id } },
    ],
    ['a promise by another key', 'LogEntryInvalid', { ...old, log: { ...foreign, id: INSTANCE.rekor1.id } }],
    ['a negative index', 'LogEntryInvalid', { changeEntry: (entry) => ({ ...entry, logIndex: '-1' }) }],
    [
      'a negative index in the proof',
      'LogEntryInvalid',
      { changeEntry: (entry) => proofOf(entry, { logIndex: '-1' }) },
    ],
    ['an index beyond the tree', 'LogEntryInvalid', { changeEntry: (entry) => proofOf(entry, { logIndex: '2' }) }],
    ['another root', 'LogEntryInvalid', { changeEntry: (entry) => proofOf(entry, { rootHash: 'AAAA' }) }],
    ['another size of the tree', 'LogEntryInvalid', { changeEntry: (entry) => proofOf(entry, { treeSize: '3' }) }],
    ['another hash in the proof', 'LogEntryInvalid', { changeEntry: (entry) => proofOf(entry, { hashes: [HASH] }) }],
    ['a hash too many', 'LogEntryInvalid', { changeEntry: (entry) => proofOf(entry, { hashes: [HASH, HASH] }) }],
    ['a hash too few', 'LogEntryInvalid', { changeEntry: (entry) => proofOf(entry, { hashes: [] }) }],
    [
      'a checkpoint whose root was changed',
      'LogEntryInvalid',
      { changeEntry: checkpoint((note, all) => `${note.replace('\n2\n', '\n3\n')}\n${all}`) },
    ],
    [
      'a checkpoint without its log’s signature',
      'LogEntryInvalid',
      { changeEntry: checkpoint((note) => `${note}\n${signNote(note, impostor)}`) },
    ],
    [
      'a checkpoint with more signatures than are read',
      'LogEntryInvalid',
      { changeEntry: checkpoint((note, all) => `${note}\n${junkNotes(MAX_CHECKPOINT_SIGNATURES)}${all}`) },
    ],
    [
      'a checkpoint with junk before its log’s signature',
      'accept',
      { changeEntry: checkpoint((note, all) => `${note}\n${junkNotes(MAX_CHECKPOINT_SIGNATURES - 1)}${all}`) },
    ],
    ['a checkpoint without signatures', 'LogEntryInvalid', { changeEntry: checkpoint((note) => `${note}\n`) }],
    [
      'a checkpoint without an origin',
      'LogEntryInvalid',
      { changeEntry: checkpoint((note, all) => `${note.slice(note.indexOf('\n') + 1)}\n${all}`) },
    ],
    ['a checkpoint of another origin, signed by the log', 'LogEntryInvalid', { changeEntry: checkpoint(signOrigin) }],
    [
      'a checkpoint with another key hint',
      'LogEntryInvalid',
      { changeEntry: checkpoint((note, all) => `${note}\n${all.replace(/com ..../, 'com AAAA')}`) },
    ],
    [
      'a checkpoint whose signature was changed',
      'LogEntryInvalid',
      { changeEntry: checkpoint((note, all) => `${note}\n${all.replace(/(com .{12}).{4}/, '$1AAAA')}`) },
    ],
    [
      'a promise that was changed',
      'LogEntryInvalid',
      { ...old, change: replace(/"signedEntryTimestamp":"(.{12}).{4}/, '"signedEntryTimestamp":"$1AAAA') },
    ],
    [
      'another time than was promised',
      'LogEntryInvalid',
      { ...old, changeEntry: (entry) => ({ ...entry, integratedTime: String(NOW - 1) }) },
    ],
    ['an entry about another signature', 'LogEntryInvalid', { loggedSignature: SHORT.toString('base64') }],
    ['an entry about another key', 'LogEntryInvalid', { byKey: true, loggedPem: toPem(OTHER_SIGNER.publicKey) }, byKey],
    [
      'an entry about another certificate of the same key',
      'LogEntryInvalid',
      { loggedPem: makeLeaf({ keys: SIGNER }).pem },
    ],
    [
      'an entry about another certificate, version 1',
      'LogEntryInvalid',
      { ...old, loggedPem: makeLeaf({ keys: OTHER_SIGNER }).pem },
    ],
    [
      'an entry that says another kind',
      'LogEntryInvalid',
      { changeEntry: (entry) => ({ ...entry, kindVersion: { kind: 'dsse', version: '0.0.2' } }) },
    ],
    ['a body that was changed', 'LogEntryInvalid', { change: flip('canonicalizedBody') }],
    [
      'the same entry twice',
      'LogEntryInvalid',
      { change: replace(/"tlogEntries":\[(.*)\],"timestamp/, '"tlogEntries":[$1,$1],"timestamp') },
    ],
    ['a log that was trusted before alone', 'LogEntryInvalid', {}, withRoot({ logsValidFor: PAST })],
    ['a log of version 1 that was trusted before alone', 'LogEntryInvalid', old, withRoot({ logsValidFor: PAST })],
    [
      'by a key, without a time, a log that is trusted no more',
      'LogEntryInvalid',
      { byKey: true, stamp: undefined },
      { ...byKey, root: makeRoot({ logsValidFor: PAST }) },
    ],
  ]);
});

const HASH = Buffer.alloc(32, 1).toString('base64');

/** Signatures that claim to be by the log: each costs an operation with its key. */
function junkNotes(count: number): string {
  const signature = Buffer.concat([INSTANCE.rekor2.id.subarray(0, 4), Buffer.alloc(64)]).toString('base64');
  return `\u2014 ${INSTANCE.rekor2.name} ${signature}\n`.repeat(count);
}

function signOrigin(note: string): string {
  const moved = note.replace('log2026.example.com', 'other.example.com');
  return `${moved}\n${signNote(moved, INSTANCE.rekor2)}`;
}

const stampRoot = makeCertificate({ name: 'stamp root', extensions: [authority()] });
const STAMPING = '1.3.6.1.5.5.7.3.8';
const stampOf = (extensions = [purposes(STAMPING)], issuer = INSTANCE.stampRoot) =>
  makeCertificate({ name: 'stamp', issuer, extensions });
const unknownStamp = stampOf([purposes(STAMPING)], stampRoot);
const issuersAlone = withRoot({ stamps: [[INSTANCE.stampRoot]] });
const sent = (signer = stampOf()) => ({ stamp: { signer, sent: [signer] } });
/** Another octet near the end of the token, where its signature is. */
const flipAt = (fromEnd: number) => (token: Buffer) => {
  const changed = Buffer.from(token);
  const at = changed.length - fromEnd;
  changed.writeUInt8((changed.readUInt8(at) ^ 1) & 0xff, at);
  return changed;
};

describe('the timestamp', () => {
  run([
    ['none, where the log states no time', 'TimestampInvalid', { stamp: undefined }],
    ['about another signature', 'TimestampInvalid', { stamp: { change: otherStamp } }],
    ['the same one twice', 'TimestampInvalid', { stamps: 2 }],
    ['its signature changed', 'TimestampInvalid', { stamp: { change: flipAt(5) } }],
    ['its signed attributes changed', 'TimestampInvalid', { stamp: { change: flipAt(100) } }],
    ['cut short', 'TimestampInvalid', { stamp: { change: (token) => token.subarray(0, -1) } }],
    [
      'with a byte behind it',
      'TimestampInvalid',
      { stamp: { change: (token) => Buffer.concat([token, Buffer.from([0])]) } },
    ],
    ['no token', 'TimestampInvalid', { stamp: { change: () => Buffer.from('3003020100', 'hex') } }],
    ['refused by its authority', 'TimestampInvalid', { stamp: { status: 2 } }],
    ['by an authority that is not trusted, its certificate sent along', 'TimestampInvalid', sent(unknownStamp)],
    ['by an authority that is not trusted', 'TimestampInvalid', { stamp: { signer: unknownStamp } }],
    ['by another certificate of the authority than the root names', 'TimestampInvalid', sent()],
    ['by a certificate of the authority that is sent along', 'accept', sent(), issuersAlone],
    [
      'by a certificate for signing code',
      'TimestampInvalid',
      sent(stampOf([purposes('1.3.6.1.5.5.7.3.3')])),
      issuersAlone,
    ],
    ['by a certificate without a purpose', 'TimestampInvalid', sent(stampOf([])), issuersAlone],
    ['by a certificate of another authority, sent along', 'TimestampInvalid', sent(unknownStamp), issuersAlone],
    ['when its authority was not trusted', 'TimestampInvalid', {}, withRoot({ stampsValidFor: PAST })],
    [
      'when its authority was not yet trusted',
      'TimestampInvalid',
      {},
      withRoot({ stampsValidFor: { start: '2026-06-02T00:00:00Z' } }),
    ],
    ['before the certificate was valid', 'KeyExpired', { stamp: { time: NOW - 301 } }],
    ['after the certificate was valid', 'KeyExpired', { stamp: { time: NOW + 301 } }],
    ['outside the validity, the log inside', 'KeyExpired', { ...old, stamp: { time: NOW + 301 } }],
    ['inside the validity, the log outside', 'KeyExpired', { ...old, integratedTime: NOW + 301, stamp: {} }],
    ['broken, beside a good promise of a log', 'TimestampInvalid', { ...old, stamp: { change: flipAt(5) } }],
    ['none, the log outside the validity', 'KeyExpired', { ...old, integratedTime: NOW - 301 }],
  ]);
});

function otherStamp(): Buffer {
  const bundle = makeArtifactBundle({ keys: SIGNER });
  const token = /"signedTimestamp":"([^"]+)"/.exec(bundle.toString())?.[1] ?? '';
  return Buffer.from(token, 'base64');
}

const expired = makeCertificate({
  name: 'issuing',
  issuer: INSTANCE.ca,
  extensions: [authority(0)],
  notAfter: NOW - 1,
});
const stranger = makeCertificate({ name: 'issuing', extensions: [authority()] });
const otherCertificateLog = makeLog('ct.example.com');
const wrongPromise = { log: { ...otherCertificateLog, id: INSTANCE.certificateLog.id } };

/** Certificate logs are named, and all are left out for the kind of their keys. */
const unknownCertificateLogs = replace(/("ctlogs":.*?)PKIX_ECDSA_P256_SHA_256/, '$1LMS_SHA256');

describe('the certificate', () => {
  run([
    ['by an authority that is not trusted', 'KeyUnknown', { leaf: { issuer: stranger } }],
    [
      'by an authority that had expired',
      'KeyExpired',
      { leaf: { issuer: expired } },
      withRoot({ authorities: [[expired, INSTANCE.ca]] }),
    ],
    ['by an authority that was not trusted then', 'KeyUnknown', {}, withRoot({ authoritiesValidFor: PAST })],
    ['expired when it signed', 'KeyExpired', { leaf: { notBefore: NOW - 600, notAfter: NOW - 1 } }],
    ['not valid yet when it signed', 'KeyExpired', { leaf: { notBefore: NOW + 1 } }],
    ['promised by no log', 'LogEntryInvalid', { leaf: { log: undefined } }],
    ['promised by a log that is not trusted', 'LogEntryInvalid', { leaf: { log: otherCertificateLog } }],
    ['promised with another key of the log', 'LogEntryInvalid', { leaf: wrongPromise }],
    ['promised by no log that can be checked', 'LogEntryInvalid', {}, withRoot({ change: unknownCertificateLogs })],
    [
      'promised by no log, where none can be checked',
      'LogEntryInvalid',
      { leaf: { log: undefined } },
      withRoot({ change: unknownCertificateLogs }),
    ],
    ['a promise of another time', 'LogEntryInvalid', { leaf: { changePromise: flipAt(80) } }],
    ['a promise that is cut short', 'LogEntryInvalid', { leaf: { changePromise: (sct) => sct.subarray(0, 50) } }],
    [
      'a promise with bytes behind it',
      'LogEntryInvalid',
      { leaf: { changePromise: (sct) => Buffer.concat([sct, Buffer.from([0])]) } },
    ],
    ['promised when the log was not trusted', 'LogEntryInvalid', {}, withRoot({ certificateLogsValidFor: PAST })],
    ['for another workflow', 'IdentityMismatch', { leaf: { identity: `${IDENTITY}0` } }],
    ['for a workflow whose name begins alike', 'IdentityMismatch', {}, { ...byLogin, identity: IDENTITY.slice(0, -1) }],
    ['for a pattern of a name', 'IdentityMismatch', {}, { ...byLogin, identity: '.*' }],
    ['for no name', 'IdentityMismatch', {}, { ...byLogin, identity: '' }],
    ['of a login elsewhere', 'IdentityMismatch', {}, { ...byLogin, issuer: `${LOGIN}/` }],
    ['of no login', 'IdentityMismatch', {}, { ...byLogin, issuer: '' }],
    [
      'by an authority that came with the bundle',
      'KeyUnknown',
      { leaf: { issuer: INSTANCE.issuing }, chain: [INSTANCE.issuing] },
      withRoot({ authorities: [[stranger]] }),
    ],
    [
      'by an authority that did not sign it',
      'KeyUnknown',
      {},
      withRoot({ authorities: [[makeCertificate({ name: 'issuing', extensions: [authority()], keys: makeKeys() })]] }),
    ],
  ]);
});
