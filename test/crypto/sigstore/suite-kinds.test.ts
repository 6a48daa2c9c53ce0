import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { type ArtifactTrust, verifyArtifactBundle } from '../../../lib/crypto/sigstore/verify-artifact-bundle.ts';
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
import { authority, keyUsage, type MadeCertificate, makeCertificate, purposes } from './make-certificate.ts';
import { formatRoot, IDENTITY, INSTANCE, LOGIN, makeLeaf, makeRoot, type RootPlan } from './make-instance.ts';
import { NOW, OTHER_SIGNER, SIGNER } from './make-signature.ts';

/** Kinds of cases that the sigstore-conformance suite names, in bundles of our own. */

const byLogin: ArtifactTrust = { kind: 'identity', identity: IDENTITY, issuer: LOGIN, root: makeRoot() };
const byKey: ArtifactTrust = { kind: 'key', key: SIGNER.publicKey, root: makeRoot() };
const withRoot = (plan: RootPlan): ArtifactTrust => ({ ...byLogin, root: makeRoot(plan) });
const digest = { kind: 'digest', digest: parseDigest(ARTIFACT_DIGEST) } as const;
const content = { kind: 'content', bytes: ARTIFACT } as const;

interface Parts {
  readonly verificationMaterial: {
    readonly tlogEntries: readonly LogEntry[];
    readonly timestampVerificationData: { readonly rfc3161Timestamps: readonly object[] };
  };
}

function read(bundle: Buffer): Parts {
  return JSON.parse(bundle.toString()) as Parts;
}

/** The entries of another bundle that holds by itself. */
const swapEntries = (other: ArtifactBundlePlan) => (bundle: string) => {
  const { tlogEntries } = read(makeArtifactBundle({ keys: SIGNER, ...other })).verificationMaterial;
  const { verificationMaterial, ...rest } = JSON.parse(bundle) as Parts;
  return JSON.stringify({ ...rest, verificationMaterial: { ...verificationMaterial, tlogEntries } });
};

/** One more timestamp over the same signature, at another time. */
const addStamp =
  (plan: ArtifactBundlePlan, time: number) =>
  (bundle: string): string => {
    const signature = Buffer.from(SIGNATURE.exec(bundle)?.[1] ?? '', 'base64');
    const other = makeArtifactBundle({ ...plan, keys: SIGNER, signBy: () => signature, stamp: { time } });
    const [second] = read(other).verificationMaterial.timestampVerificationData.rfc3161Timestamps;
    const { verificationMaterial, ...rest } = JSON.parse(bundle) as Parts;
    const [first] = verificationMaterial.timestampVerificationData.rfc3161Timestamps;
    const timestampVerificationData = { rfc3161Timestamps: [first, second] };
    return JSON.stringify({ ...rest, verificationMaterial: { ...verificationMaterial, timestampVerificationData } });
  };
const SIGNATURE = /"signature":"([^"]+)"/;

/** The entry as the only one of its log, proven by a checkpoint alone. */
function asOnlyLeaf(entry: LogEntry): object {
  const body = Buffer.from(entry.canonicalizedBody, 'base64');
  const root = createHash('sha256')
    .update(Buffer.concat([Buffer.from([0]), body]))
    .digest('base64');
  const note = `${INSTANCE.rekor1.name}\n1\n${root}\n`;
  const { inclusionPromise: _, integratedTime: __, ...rest } = entry as LogEntry & Record<string, unknown>;
  const checkpoint = { envelope: `${note}\n${signNote(note, INSTANCE.rekor1)}` };
  return {
    ...rest,
    logIndex: '0',
    inclusionProof: { logIndex: '0', rootHash: root, treeSize: '1', hashes: [], checkpoint },
  };
}

/** The payload of the statement, changed before it is signed and logged. */
const statementOf = (change: (statement: Record<string, unknown>) => object) => (payload: object) =>
  change(payload as Record<string, unknown>);

const statement = { content: 'statement' } as const;
const old = { ...statement, logVersion: 1 } as const;
const onHash = { ...old, kind: 'hashedrekord' } as const;
const onDsse = { ...statement, kind: 'dsse' } as const;
const OTHER = { artifact: OTHER_ARTIFACT } as const;
const SHORT = Buffer.from('3006020101020101', 'hex');
const wrongSignature = { loggedSignature: SHORT.toString('base64') } as const;

const decoy = makeCertificate({ name: 'issuing', issuer: INSTANCE.ca, extensions: [authority(0), keyUsage(0x06)] });
const second = (time: number): string => new Date(time * 1000).toISOString();
const START = '2026-01-01T00:00:00Z';
const ended = { start: START, end: second(NOW - 1) } as const;
const endsNow = { start: START, end: second(NOW) } as const;

/** Of two authorities of timestamps: the one that made it was trusted before alone, the other one is trusted. */
function withBorrowedValidity(certificates: readonly object[]): string {
  const root = JSON.parse(formatRoot({ stampsValidFor: ended })) as {
    readonly timestampAuthorities: readonly object[];
  };
  const [own] = root.timestampAuthorities;
  const borrowed = { ...own, certChain: { certificates }, validFor: { start: START } };
  return JSON.stringify({ ...root, timestampAuthorities: [own, borrowed] });
}

/** The text of the checkpoint, changed before the log signs it. */
const note =
  (change: (lines: readonly (string | undefined)[]) => readonly (string | undefined)[]) => (entry: LogEntry) => {
    const [text = ''] = entry.inclusionProof.checkpoint.envelope.split('\n\n');
    const changed = `${change(text.split('\n')).join('\n')}\n`;
    return withEnvelope(entry, `${changed}\n${signNote(changed, INSTANCE.rekor2)}`);
  };

const signAs = (name: string) => (entry: LogEntry) => {
  const [text = ''] = entry.inclusionProof.checkpoint.envelope.split('\n\n');
  return withEnvelope(entry, `${text}\n\n${signNote(`${text}\n`, { ...INSTANCE.rekor2, name })}`);
};

function withEnvelope(entry: LogEntry, envelope: string): object {
  return { ...entry, inclusionProof: { ...entry.inclusionProof, checkpoint: { envelope } } };
}

const withHash = (entry: LogEntry): object => ({
  ...entry,
  inclusionProof: { ...entry.inclusionProof, hashes: [Buffer.alloc(32, 1).toString('base64')] },
});

const STAMPING = [purposes('1.3.6.1.5.5.7.3.8')];
const expiredRoot = makeCertificate({ name: 'stamp root', extensions: [authority()], notAfter: NOW - 1 });
const expiredStamp = makeCertificate({
  name: 'stamp',
  issuer: INSTANCE.stampRoot,
  extensions: STAMPING,
  notAfter: NOW - 1,
});
const earlyStamp = makeCertificate({
  name: 'stamp',
  issuer: INSTANCE.stampRoot,
  extensions: STAMPING,
  notBefore: NOW + 1,
});
const lastStamp = makeCertificate({ name: 'stamp', issuer: INSTANCE.stampRoot, extensions: STAMPING, notAfter: NOW });
const lateStamp = makeCertificate({ name: 'stamp', issuer: expiredRoot, extensions: STAMPING });
const by = (signer: MadeCertificate): ArtifactBundlePlan => ({ stamp: { signer } });
const withStamp = (stamp: MadeCertificate, root = INSTANCE.stampRoot) => withRoot({ stamps: [[stamp, root]] });

const otherLeaf = makeLeaf({ keys: OTHER_SIGNER });
const sameSigner = makeLeaf({ keys: SIGNER });
const swapMaterial = (signer: object) => (bundle: string) => {
  const { verificationMaterial, ...rest } = JSON.parse(bundle) as Parts;
  const { tlogEntries, timestampVerificationData } = verificationMaterial;
  return JSON.stringify({ ...rest, verificationMaterial: { ...signer, tlogEntries, timestampVerificationData } });
};

const otherStampAuthority = makeCertificate({ name: 'stamp root', extensions: [authority()] });

describe('kinds of the conformance suite', () => {
  test.each<[name: string, expected: string, plan: ArtifactBundlePlan, trust?: ArtifactTrust]>([
    ['the log entry of another file', 'LogEntryInvalid', { change: swapEntries(OTHER) }],
    [
      'the log entry of another file, version 1',
      'LogEntryInvalid',
      { logVersion: 1, change: swapEntries({ ...OTHER, logVersion: 1 }) },
    ],
    [
      'the log entry of another statement',
      'LogEntryInvalid',
      { ...onDsse, change: swapEntries({ ...onDsse, ...OTHER }) },
    ],
    [
      'the log entry of another statement, version 1',
      'LogEntryInvalid',
      { ...old, change: swapEntries({ ...old, ...OTHER }) },
    ],
    [
      'the entry of the kind intoto of another statement',
      'LogEntryInvalid',
      { ...old, kind: 'intoto', change: swapEntries({ ...old, kind: 'intoto', ...OTHER }) },
    ],
    ['a statement whose entry has another signature', 'LogEntryInvalid', { ...onDsse, ...wrongSignature }],
    ['the same, version 1', 'LogEntryInvalid', { ...old, ...wrongSignature }],
    ['the same, in an entry of the kind intoto', 'LogEntryInvalid', { ...old, kind: 'intoto', ...wrongSignature }],
    ['a statement in an entry of the kind hashedrekord', 'accept', onHash],
    ['a wrong signature of one', 'SignatureInvalid', { ...onHash, signBy: () => SHORT }],
    ['one whose entry has another signature', 'LogEntryInvalid', { ...onHash, ...wrongSignature }],
    [
      'one whose entry is of another statement',
      'LogEntryInvalid',
      { ...onHash, change: swapEntries({ ...onHash, ...OTHER }) },
    ],
    [
      'a statement without a type',
      'PayloadInvalid',
      { ...statement, changeStatement: statementOf((given) => ({ ...given, _type: undefined })) },
    ],
    [
      'a statement of an unknown type',
      'PayloadInvalid',
      { ...statement, changeStatement: statementOf((rest) => ({ ...rest, _type: 'https://in-toto.io/Statement/v2' })) },
    ],
    [
      'by a key, the one entry of a log, of the kind intoto, without a promise',
      'accept',
      { ...old, kind: 'intoto', byKey: true, changeEntry: asOnlyLeaf },
      byKey,
    ],
    [
      'two timestamps, one of them outside the validity of the certificate',
      'KeyExpired',
      { change: addStamp({}, NOW + 301) },
    ],
    ['two timestamps within the validity', 'accept', { change: addStamp({}, NOW + 60) }],
    [
      'two authorities of one name in the root, the other one first',
      'accept',
      {},
      withRoot({
        authorities: [
          [decoy, INSTANCE.ca],
          [INSTANCE.issuing, INSTANCE.ca],
        ],
      }),
    ],
    ['the other one of that name alone', 'KeyUnknown', {}, withRoot({ authorities: [[decoy, INSTANCE.ca]] })],
    [
      'a checkpoint without the size of the tree',
      'LogEntryInvalid',
      { changeEntry: note((lines) => [lines[0], lines[2]]) },
    ],
    [
      'a checkpoint without the root of the tree',
      'LogEntryInvalid',
      { changeEntry: note((lines) => lines.slice(0, 2)) },
    ],
    ['a checkpoint with an empty root', 'LogEntryInvalid', { changeEntry: note(([name, size]) => [name, size, '']) }],
    ['a checkpoint with an empty size', 'LogEntryInvalid', { changeEntry: note(([name, , root]) => [name, '', root]) }],
    ['a checkpoint with further lines', 'accept', { changeEntry: note((lines) => [...lines, 'Timestamp: 1']) }],
    [
      'a checkpoint whose signature claims another origin',
      'LogEntryInvalid',
      { changeEntry: signAs('other.example.com') },
    ],
    ['a good promise and a proof with another hash', 'LogEntryInvalid', { ...old, changeEntry: withHash }],
    [
      'a good promise and a proof with another hash, in 0.1',
      'LogEntryInvalid',
      { version: '0.1', changeEntry: withHash },
    ],
    ['a timestamp after its certificate had expired', 'TimestampInvalid', by(expiredStamp), withStamp(expiredStamp)],
    ['a timestamp before its certificate was valid', 'TimestampInvalid', by(earlyStamp), withStamp(earlyStamp)],
    [
      'a timestamp after its authority had expired',
      'TimestampInvalid',
      by(lateStamp),
      withStamp(lateStamp, expiredRoot),
    ],
    ['a timestamp in the last second of its certificate', 'accept', by(lastStamp), withStamp(lastStamp)],
    ['a key in place of the certificate', 'KeyUnknown', { change: swapMaterial({ publicKey: { hint: 'any' } }) }],
    [
      'the certificate of another signer',
      'SignatureInvalid',
      { change: swapMaterial({ certificate: { rawBytes: rawOf(otherLeaf.pem) } }) },
    ],
    [
      'another certificate of the signer',
      'LogEntryInvalid',
      { change: swapMaterial({ certificate: { rawBytes: rawOf(sameSigner.pem) } }) },
    ],
    ['neither a key nor a certificate', 'SignatureMalformed', { change: swapMaterial({}) }],
    ['an authority of timestamps trusted up to that second', 'accept', {}, withRoot({ stampsValidFor: endsNow })],
    ['one trusted up to the second before', 'TimestampInvalid', {}, withRoot({ stampsValidFor: ended })],
    ['a log trusted up to that second', 'accept', { logVersion: 1 }, withRoot({ logsValidFor: endsNow })],
    ['a log of version 2 trusted up to that second', 'accept', {}, withRoot({ logsValidFor: endsNow })],
    ['a log trusted up to the second before', 'LogEntryInvalid', { logVersion: 1 }, withRoot({ logsValidFor: ended })],
    ['a log of version 2 trusted up to the second before', 'LogEntryInvalid', {}, withRoot({ logsValidFor: ended })],
    ['a certificate log trusted up to that second', 'accept', {}, withRoot({ certificateLogsValidFor: endsNow })],
    ['an authority trusted up to that second', 'accept', {}, withRoot({ authoritiesValidFor: endsNow })],
    [
      'a timestamp when its authority was trusted no more, and another one is',
      'TimestampInvalid',
      {},
      withRoot({ change: () => withBorrowedValidity([{ rawBytes: rawOf(otherStampAuthority.pem) }]) }),
    ],
  ])('%s: %s', (_, expected, plan, trust = byLogin) => {
    const bundle = makeArtifactBundle({ keys: SIGNER, ...plan });
    expect(codeOf(() => verifyArtifactBundle(bundle, trust, content, NOW))).toBe(expected);
    expect(codeOf(() => verifyArtifactBundle(bundle, trust, digest, NOW))).toBe(expected);
  });

  test('a root with an authority that has no certificates is not used, whatever validity it says', () => {
    expect(codeOf(() => makeRoot({ change: () => withBorrowedValidity([]) }))).toBe('DocumentInvalid');
  });
});

function rawOf(pem: string): string {
  return pem.replaceAll(/-----[^-]+-----|\s/g, '');
}
