import { sign } from 'node:crypto';
import {
  type Bundle,
  bundleFromJSON,
  type TLogEntryWithInclusionPromise,
  type TLogEntryWithInclusionProof,
} from '@sigstore/bundle';
import type { SignedEntity } from '@sigstore/verify';
import { signatureContent } from '@sigstore/verify/dist/bundle/index.js';
import { verifyTLogBody } from '@sigstore/verify/dist/tlog/index.js';
import { verifyMerkleInclusion } from '@sigstore/verify/dist/tlog/merkle.js';
import { verifyTLogSET } from '@sigstore/verify/dist/tlog/set.js';
import { describe, expect, test } from 'vitest';
import { type ArtifactBundlePlan, type LogEntry, makeArtifactBundle } from './make-artifact-bundle.ts';
import { makeKeys } from './make-certificate.ts';
import { INSTANCE, type Log, makeLeaf, makeLog } from './make-instance.ts';
import { NOW, OTHER_SIGNER, SIGNER } from './make-signature.ts';

/**
 * What Signet relies on inside `@sigstore/bundle` and `@sigstore/verify`, asked of them directly. When an upgrade makes a
 * row fail, `read-bundle.ts` or `bundle-log.ts` have to be read again before it is merged.
 */

const json = (plan: ArtifactBundlePlan): unknown =>
  JSON.parse(makeArtifactBundle({ keys: SIGNER, ...plan }).toString());

function isRead(plan: ArtifactBundlePlan): boolean {
  try {
    bundleFromJSON(json(plan));
    return true;
  } catch {
    return false;
  }
}

const withoutCheckpoint = (entry: LogEntry): object => ({
  ...entry,
  inclusionProof: { ...entry.inclusionProof, checkpoint: undefined },
});

describe('how @sigstore/bundle reads', () => {
  test.each<[name: string, plan: ArtifactBundlePlan, isRead: boolean]>([
    ['version 0.1 without a promise', { version: '0.1', logVersion: 2 }, false],
    ['version 0.1 without a checkpoint', { version: '0.1', changeEntry: withoutCheckpoint }, true],
    ['version 0.2 without a checkpoint', { version: '0.2', logVersion: 1, changeEntry: withoutCheckpoint }, false],
    ['version 0.2 with a chain', { version: '0.2', logVersion: 1, chain: [INSTANCE.issuing] }, true],
    ['version 0.3 with a chain, which Signet reads as 0.2', { chain: [INSTANCE.issuing] }, false],
    [
      'two signatures of an envelope',
      { content: 'statement', change: (text) => text.replace('"signatures":[', '"signatures":[{"sig":"YQ=="},') },
      false,
    ],
    ['a message without its digest', { change: (text) => text.replace('"messageDigest"', '"other"') }, false],
    [
      'base64 with junk in it, which Signet refuses',
      { change: (text) => text.replace('"signature":"', '"signature":"*') },
      true,
    ],
  ])('%s', (_, plan, expected) => {
    expect(isRead(plan)).toBe(expected);
  });

  test('the last of two members of one name is taken, which Signet refuses', () => {
    const text = makeArtifactBundle({ keys: SIGNER }).toString();
    const doubled = text.replace('"signature":"', '"signature":"AAAA","signature":"');
    expect(bundleFromJSON(JSON.parse(doubled))).toEqual(bundleFromJSON(JSON.parse(text)));
  });
});

interface Asked {
  readonly content: SignedEntity['signature'];
  readonly calls: string[];
}

/** The content that `bundle-log.ts` gives, which notes what it is asked. */
function toContent(bundle: Bundle): Asked {
  const calls: string[] = [];
  const content = signatureContent(bundle);
  const noting =
    <T>(name: string, compare: (argument: T) => boolean) =>
    (argument: T): boolean => {
      calls.push(name);
      return compare(argument);
    };
  return {
    calls,
    content: {
      signature: content.signature,
      compareSignature: noting('compareSignature', (bytes: Buffer) => content.compareSignature(bytes)),
      compareDigest: noting('compareDigest', (digest: Buffer) => content.compareDigest(digest)),
      compareSignedDigest: noting('compareSignedDigest', (digest: Buffer) => content.compareSignedDigest(digest)),
      verifySignature: noting('verifySignature', () => true),
    },
  };
}

interface LogTrust {
  readonly logs?: readonly Log[];
  readonly start?: Date;
  readonly end?: Date;
}

/** The three functions of the library that `bundle-log.ts` calls, in its order. */
function ask(plan: ArtifactBundlePlan, trust: LogTrust = {}): { result: string; calls: readonly string[] } {
  const { logs = [INSTANCE.rekor1, INSTANCE.rekor2], start = new Date(0), end = new Date('2100-01-01') } = trust;
  const bundle = bundleFromJSON(json(plan));
  const { content, calls } = toContent(bundle);
  const authorities = logs.map(({ name: baseURL, keys: { publicKey }, id: logID }) => {
    return { logID, baseURL, publicKey, validFor: { start, end } };
  });
  try {
    for (const entry of bundle.verificationMaterial.tlogEntries) {
      if (hasPromise(entry)) verifyTLogSET(entry, authorities);
      if (hasProof(entry)) verifyMerkleInclusion(entry, readNote(entry.inclusionProof.checkpoint.envelope));
      verifyTLogBody(entry, content);
    }
    return { result: 'accept', calls };
  } catch (cause) {
    return { result: cause instanceof Error && 'code' in cause ? String(cause.code) : 'other', calls };
  }
}

type Entry = Bundle['verificationMaterial']['tlogEntries'][number];
const hasPromise = (entry: Entry): entry is TLogEntryWithInclusionPromise => entry.inclusionPromise !== undefined;
const hasProof = (entry: Entry): entry is TLogEntryWithInclusionProof => entry.inclusionProof !== undefined;

function readNote(envelope: string): Parameters<typeof verifyMerkleInclusion>[1] {
  const [origin = '', size = '', root = ''] = envelope.split('\n');
  return { origin, logSize: BigInt(size), logHash: Buffer.from(root, 'base64'), rest: [] };
}

const old = { logVersion: 1 } as const;
const proofOf =
  (change: object) =>
  (entry: LogEntry): object => ({
    ...entry,
    inclusionProof: { ...entry.inclusionProof, ...change },
  });
const foreign = makeLog('rekor.example.com');
const wide = makeLog('rekor.example.com', makeKeys('P-384'));
/** The promise by the hash of the curve, which the library does not know. */
function promiseBySha384(entry: LogEntry): object {
  const { canonicalizedBody: body, inclusionProof: _, ...rest } = entry;
  const promised = { body, integratedTime: NOW, logID: wide.id.toString('hex'), logIndex: 7 };
  const signature = sign('sha384', Buffer.from(JSON.stringify(promised)), wide.keys.privateKey);
  const inclusionPromise = { signedEntryTimestamp: signature.toString('base64') };
  return { ...rest, canonicalizedBody: body, inclusionPromise };
}

describe('what @sigstore/verify checks of log entries', () => {
  test.each<[name: string, result: string, plan: ArtifactBundlePlan, trust?: LogTrust]>([
    ['an entry of version 1', 'accept', old],
    ['an entry of version 2', 'accept', {}],
    ['a promise by an unknown log', 'TLOG_INCLUSION_PROMISE_ERROR', old, { logs: [INSTANCE.rekor2] }],
    [
      'a promise by another key',
      'TLOG_INCLUSION_PROMISE_ERROR',
      { ...old, log: { ...foreign, id: INSTANCE.rekor1.id } },
    ],
    ['a promise by P-384 with SHA-256', 'accept', { ...old, log: wide }, { logs: [wide] }],
    [
      'a promise by P-384 with SHA-384, as no log makes it',
      'TLOG_INCLUSION_PROMISE_ERROR',
      { ...old, version: '0.1', log: wide, changeEntry: promiseBySha384 },
      { logs: [wide] },
    ],
    ['a promise after the log’s validity', 'TLOG_INCLUSION_PROMISE_ERROR', old, { end: new Date('2026-05-01') }],
    ['a promise before it', 'TLOG_INCLUSION_PROMISE_ERROR', old, { start: new Date('2026-07-01') }],
    ['a proof of another entry', 'TLOG_INCLUSION_PROOF_ERROR', { changeEntry: proofOf({ hashes: [] }) }],
    ['a proof beyond the tree', 'TLOG_INCLUSION_PROOF_ERROR', { changeEntry: proofOf({ logIndex: '2' }) }],
    ['an entry about another signature', 'TLOG_BODY_ERROR', { loggedSignature: 'AAAA' }],
    // What it does not check, and Signet does. One that changes makes some code of Signet's needless.
    ['a root hash that is not the checkpoint’s', 'accept', { changeEntry: proofOf({ rootHash: 'AAAA' }) }],
    ['a tree size that is not the checkpoint’s', 'accept', { changeEntry: proofOf({ treeSize: '9' }) }],
    ['an entry about another key', 'accept', { loggedPem: makeLeaf({ keys: OTHER_SIGNER }).pem }],
    ['a negative index of the entry', 'accept', { changeEntry: (entry) => ({ ...entry, logIndex: '-1' }) }],
  ])('%s: %s', (_, result, plan, trust) => {
    expect(ask(plan, trust).result).toBe(result);
  });

  test.each<[name: string, plan: ArtifactBundlePlan, calls: readonly string[]]>([
    ['a message', {}, ['compareSignature', 'compareSignedDigest']],
    ['a statement in an entry of version 2', { content: 'statement' }, ['compareSignature', 'compareSignedDigest']],
    ['a statement in an entry of version 1', { ...old, content: 'statement' }, ['compareSignature', 'compareDigest']],
  ])('of %s it asks for the signature and what it is over', (_, plan, calls) => {
    expect(ask(plan).calls).toEqual(calls);
  });
});
