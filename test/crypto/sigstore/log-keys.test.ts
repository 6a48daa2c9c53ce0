import { createHash, generateKeyPairSync } from 'node:crypto';
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
  signNote,
} from './make-artifact-bundle.ts';
import { type KeyPair, makeKeys } from './make-certificate.ts';
import { formatRoot, IDENTITY, INSTANCE, LOGIN, type Log, makeLog, makeRoot } from './make-instance.ts';
import { NOW, SIGNER } from './make-signature.ts';

/**
 * Keys of logs. Rekor 1 promises by SHA-256 whatever its key is, and Rekor 2 signs checkpoints by the hash of the key's
 * curve (sigstore/rekor-tiles `internal/signerverifier`, sigstore-go `pkg/root`, `getSignatureHashAlgo`).
 */

type Kind = [name: string, makeKey: () => KeyPair, noteHash: 'sha384' | 'sha512' | undefined];

const kinds: Kind[] = [
  ['P-256', () => makeKeys(), undefined],
  ['P-384, by SHA-384', () => makeKeys('P-384'), 'sha384'],
  ['P-384, by SHA-256', () => makeKeys('P-384'), undefined],
  ['P-521, by SHA-512', () => makeKeys('P-521'), 'sha512'],
  ['P-521, by SHA-256', () => makeKeys('P-521'), undefined],
  ['Ed25519', () => generateKeyPairSync('ed25519'), undefined],
  ['ML-DSA-44', () => generateKeyPairSync('ml-dsa-44'), undefined],
  ['ML-DSA-65', () => generateKeyPairSync('ml-dsa-65'), undefined],
  ['ML-DSA-87', () => generateKeyPairSync('ml-dsa-87'), undefined],
];

function trustLogs(logs: readonly Log[], change?: (root: string) => string): ArtifactTrust {
  const root = makeRoot({ logs, ...(change === undefined ? {} : { change }) });
  return { kind: 'identity', identity: IDENTITY, issuer: LOGIN, root };
}

function verify(plan: ArtifactBundlePlan, trust: ArtifactTrust): string {
  const bundle = makeArtifactBundle({ keys: SIGNER, ...plan });
  const byContent = codeOf(() => verifyArtifactBundle(bundle, trust, { kind: 'content', bytes: ARTIFACT }, NOW));
  const digest = parseDigest(ARTIFACT_DIGEST);
  expect(codeOf(() => verifyArtifactBundle(bundle, trust, { kind: 'digest', digest }, NOW))).toBe(byContent);
  return byContent;
}

const checkpoint = (sign: (note: string) => string) => (entry: LogEntry) => {
  const [note = ''] = entry.inclusionProof.checkpoint.envelope.split('\n\n');
  const envelope = `${note}\n\n${sign(`${note}\n`)}`;
  return { ...entry, inclusionProof: { ...entry.inclusionProof, checkpoint: { envelope } } };
};

/** Another octet in the middle of the one signature. */
const flipSignature = (log: Log) => (note: string) => {
  const line = signNote(note, log);
  const [, , encoded = ''] = line.trimEnd().split(' ');
  const bytes = Buffer.from(encoded, 'base64');
  const at = Math.floor(bytes.length / 2);
  bytes.writeUInt8((bytes.readUInt8(at) ^ 1) & 0xff, at);
  return line.replace(encoded, bytes.toString('base64'));
};

describe.each(kinds)('a log with a key of %s', (_, makeKey, noteHash) => {
  const toLog = (log: Log): Log => (noteHash === undefined ? log : { ...log, noteHash });
  const log = toLog(makeLog('log.example.com', makeKey()));
  const impostor = { ...toLog(makeLog('log.example.com', makeKey())), id: log.id };
  const trust = trustLogs([log]);

  test.each<[name: string, expected: string, plan: ArtifactBundlePlan]>([
    ['of version 2', 'accept', { log }],
    ['of version 1', 'accept', { log, logVersion: 1 }],
    [
      'with a witness before it',
      'accept',
      { log, changeEntry: checkpoint((note) => signNote(note, INSTANCE.rekor2) + signNote(note, log)) },
    ],
    ['another key of the kind, by its name', 'LogEntryInvalid', { log: impostor }],
    ['another key of the kind, version 1', 'LogEntryInvalid', { log: impostor, logVersion: 1 }],
    [
      'its checkpoint by another key',
      'LogEntryInvalid',
      { log, changeEntry: checkpoint((note) => signNote(note, impostor)) },
    ],
    [
      'a promise, and its checkpoint by another key',
      'LogEntryInvalid',
      { log, logVersion: 1, changeEntry: checkpoint((note) => signNote(note, impostor)) },
    ],
    ['its checkpoint with one bit changed', 'LogEntryInvalid', { log, changeEntry: checkpoint(flipSignature(log)) }],
    [
      'its checkpoint over another text',
      'LogEntryInvalid',
      { log, changeEntry: checkpoint((note) => signNote(`${note}x\n`, log)) },
    ],
  ])('%s: %s', (__, expected, plan) => {
    expect(verify(plan, trust)).toBe(expected);
  });
});

test('P-384 with the hash of another curve does not verify', () => {
  const log: Log = { ...makeLog('log.example.com', makeKeys('P-384')), noteHash: 'sha512' };
  expect(verify({ log }, trustLogs([log]))).toBe('LogEntryInvalid');
});

describe('how a root names its logs', () => {
  const { rekor1, rekor2 } = INSTANCE;
  const spki = rekor2.keys.publicKey.export({ type: 'spki', format: 'der' });
  const other = createHash('sha256').update(spki).digest('base64');
  const asVersion2 = (root: string) => root.replace('trustedroot+json;version=0.1', 'trustedroot.v0.2+json');
  /** Each log with the first octets of its id beside it, as version 0.2 has it. */
  const withCheckpointIds = (drop: boolean, replaced?: string) => (root: string) => {
    const parsed = JSON.parse(asVersion2(root)) as { tlogs: { logId: { keyId: string } }[] };
    const tlogs = parsed.tlogs.map(({ logId, ...log }) => {
      const keyId = Buffer.from(logId.keyId, 'base64').subarray(0, 4).toString('base64');
      const id = replaced !== undefined && logId.keyId === rekor2.id.toString('base64') ? { keyId: replaced } : logId;
      return { ...log, ...(drop ? {} : { logId: id }), checkpointKeyId: { keyId } };
    });
    return JSON.stringify({ ...parsed, tlogs });
  };

  test.each<[name: string, change: (root: string) => string]>([
    ['by its key, version 0.1', (root) => root],
    ['by its key, version 0.1 in its newer spelling', (root) => root.replace('+json;version=0.1', '.v0.1+json')],
    ['by its key, version 0.2', asVersion2],
    ['by its key and by what checkpoints name it with', withCheckpointIds(false)],
    ['by what checkpoints name it with alone', withCheckpointIds(true)],
    ['by another hash of its key, and by what checkpoints name it with', withCheckpointIds(false, other)],
  ])('%s: accept', (_, change) => {
    const trust = trustLogs([rekor1, rekor2], change);
    expect([verify({}, trust), verify({ logVersion: 1 }, trust)]).toEqual(['accept', 'accept']);
  });

  test.each<[name: string, expected: string, change: (root: string) => string]>([
    ['by nothing', 'DocumentInvalid', (root) => root.replaceAll('"logId"', '"other"')],
    [
      'by fewer octets than checkpoints have',
      'DocumentInvalid',
      (root) => root.replace(/"keyId":"[^"]+"/, '"keyId":"AAAA"'),
    ],
  ])('%s: %s', (_, expected, change) => {
    expect(change(formatRoot())).not.toBe(formatRoot());
    expect(codeOf(() => makeRoot({ change }))).toBe(expected);
  });

  test('a log named by the first octets of another one verifies nothing of it', () => {
    const foreign = makeLog('log2026.example.com', generateKeyPairSync('ed25519'));
    const renamed = { ...foreign, id: Buffer.concat([rekor2.id.subarray(0, 4), Buffer.alloc(28)]) };
    expect(verify({ log: renamed }, trustLogs([rekor2], withCheckpointIds(false)))).toBe('LogEntryInvalid');
  });
});
