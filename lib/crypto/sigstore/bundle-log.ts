import { hash, type KeyObject } from 'node:crypto';
import type { Bundle, TLogEntryWithInclusionPromise, TLogEntryWithInclusionProof } from '@sigstore/bundle';
import type { SignedEntity, TrustMaterial } from '@sigstore/verify';
import { signatureContent } from '@sigstore/verify/dist/bundle/index.js';
import { verifyTLogBody } from '@sigstore/verify/dist/tlog/index.js';
import { verifyMerkleInclusion } from '@sigstore/verify/dist/tlog/merkle.js';
import { verifyTLogSET } from '@sigstore/verify/dist/tlog/set.js';
import { parseUnixTime } from '../../base/documents/unix-time.ts';
import { countKeyOperation } from '../../base/errors/evaluate-candidate.ts';
import { invalidEntry, isNamed, verifyCheckpoint } from './log-checkpoint.ts';
import { requireLoggedKey } from './log-entry-body.ts';
import { toSignedBytes } from './read-bundle.ts';
import type { TrustedLog } from './trusted-root.ts';
import { toKeyBytes } from './x509/public-key.ts';

/** An entry of a transparency log that a bundle brings along. */
export type BundleLogEntry = Bundle['verificationMaterial']['tlogEntries'][number];

/** What has to have been logged beside the signature itself. */
export interface LoggedSigner {
  /** DER of the certificate that signed; undefined where a key alone did. */
  readonly certificate: Buffer | undefined;
  readonly key: KeyObject;
}

/** Milliseconds: the last time that a Date can hold. */
const LAST_TIME = 8_640_000_000_000_000;
const HASHES: ReadonlyMap<number, string> = new Map([
  [32, 'sha256'],
  [48, 'sha384'],
  [64, 'sha512'],
]);

/** The logs of keys alone, as policies name them: SHA-256 of its key is how such a log names itself. */
export function toTrustedLogs(rekorKeys: readonly KeyObject[]): readonly TrustedLog[] {
  return rekorKeys.map((key) => ({
    id: hash('sha256', toKeyBytes(key), 'buffer'),
    address: undefined,
    key,
    validFor: { start: 0, end: Number.POSITIVE_INFINITY },
  }));
}

/** The entries of trusted logs; those of other logs are ignored. */
export function selectLogEntries(bundle: Bundle, logs: readonly TrustedLog[]): readonly BundleLogEntry[] {
  const entries: readonly BundleLogEntry[] = bundle.verificationMaterial.tlogEntries;
  return entries.filter(({ logId }) => logs.some((log) => isNamed(logId.keyId, log))).map(withoutBareProof);
}

/**
 * Early bundles of version 0.1 have a proof without a checkpoint, which proves nothing: the promise alone counts. In
 * later versions the library refuses that.
 */
function withoutBareProof(entry: BundleLogEntry): BundleLogEntry {
  const isBare = entry.inclusionPromise !== undefined && entry.inclusionProof?.checkpoint === undefined;
  return isBare ? { ...entry, inclusionProof: undefined } : entry;
}

/**
 * The time of an entry, in seconds since 1970; undefined for a number that is no time. It is proven by
 * {@link verifyLogEntries} alone, and only a signed promise of the log covers it: a proof of inclusion does not.
 */
export function readEntryTime({ inclusionPromise, integratedTime }: BundleLogEntry): number | undefined {
  const time = inclusionPromise === undefined ? undefined : parseUnixTime(integratedTime);
  // Peers write 0 where they know no time.
  return time === 0 ? undefined : time;
}

/** The time of the first entry that has one. */
export function readLoggedTime(entries: readonly BundleLogEntry[]): number | undefined {
  return entries.map(readEntryTime).find((time) => time !== undefined);
}

/**
 * Checks that there is an entry, that each was made by a trusted log, and that each is about this bundle's envelope,
 * signature and signer. Sigstore's own library checks promises, proofs of inclusion and what an entry says of content and
 * signature. That the signature itself holds is for the caller to have verified.
 *
 * @throws SignatureError `LogEntryInvalid`
 */
export function verifyLogEntries(
  bundle: Bundle,
  entries: readonly BundleLogEntry[],
  logs: readonly TrustedLog[],
  signer: LoggedSigner,
): void {
  if (entries.length === 0) throw invalidEntry('no trusted log has one');
  const named = entries.map(({ logId, canonicalizedBody }) => {
    const log = logs.find((one) => isNamed(logId.keyId, one));
    return `${log?.id.toString('hex')} ${canonicalizedBody.toString('base64')}`;
  });
  if (new Set(named).size < named.length) throw invalidEntry('the same entry is there twice');
  const content = toLoggedContent(bundle);
  for (const entry of entries) {
    const own = logs.filter((log) => isNamed(entry.logId.keyId, log));
    verifyInclusion(entry, own);
    askLibrary(() => verifyTLogBody(entry, content));
  }
  for (const { canonicalizedBody } of entries) requireLoggedKey(canonicalizedBody, signer);
}

/** The library may throw anything for what it cannot read: every exception is a rejection. */
function askLibrary(verify: () => void): void {
  try {
    verify();
  } catch (cause) {
    throw invalidEntry(cause instanceof Error ? cause.message : 'it cannot be read', cause);
  }
}

/** Whatever an entry brings along has to hold: the promise of its log, and the proof that it is in the log's tree. */
function verifyInclusion(entry: BundleLogEntry, logs: readonly TrustedLog[]): void {
  if (!isIndex(entry.logIndex)) throw invalidEntry('its index is not a number of plain digits');
  if (isPromised(entry)) {
    countKeyOperation();
    askLibrary(() => verifyTLogSET(entry, toAuthorities(entry, logs)));
    if (entry.inclusionProof === undefined) return;
  }
  if (!isProven(entry)) throw invalidEntry('it has neither a promise nor a proof with a checkpoint');
  const { logIndex, treeSize, rootHash, checkpoint } = entry.inclusionProof;
  if (!isIndex(logIndex) || !isIndex(treeSize)) throw invalidEntry('its proof of inclusion has numbers that are none');
  const { origin, size, root } = verifyCheckpoint(checkpoint.envelope, logs);
  if (size !== treeSize || root !== rootHash.toString('base64')) {
    throw invalidEntry('its checkpoint is about another tree than its proof of inclusion');
  }
  if (!logs.some(({ address }) => address === undefined || isOrigin(origin, address))) {
    throw invalidEntry(`its checkpoint is of ${JSON.stringify(origin.slice(0, 100))} and not of its log`);
  }
  const tree = { origin, logSize: BigInt(size), logHash: rootHash, rest: [] };
  askLibrary(() => verifyMerkleInclusion(entry, tree));
}

function isPromised(entry: BundleLogEntry): entry is TLogEntryWithInclusionPromise {
  return entry.inclusionPromise !== undefined;
}

function isProven(entry: BundleLogEntry): entry is TLogEntryWithInclusionProof {
  return entry.inclusionProof?.checkpoint !== undefined;
}

const PLAIN_DIGITS = /^(?:0|[1-9][0-9]{0,18})$/;

function isIndex(text: string): boolean {
  return PLAIN_DIGITS.test(text);
}

/** Rekor 1 adds the number of its tree to its host. */
function isOrigin(origin: string, address: string): boolean {
  const name = address.replace(/^https?:\/\//, '').replace(/\/$/, '');
  return origin === name || origin.startsWith(`${name} - `);
}

/** The logs for the library, by the name that the entry has for them. Only promises are verified by these. */
function toAuthorities({ logId }: BundleLogEntry, logs: readonly TrustedLog[]): TrustMaterial['tlogs'] {
  return logs.map(({ address = '', key, validFor: { start, end } }) => ({
    logID: logId.keyId,
    baseURL: address,
    publicKey: key,
    validFor: { start: toDate(start), end: toDate(end) },
  }));
}

/** For the library's comparisons alone; times of trust are within the years 0 to 9999, or have no end. */
function toDate(seconds: number): Date {
  const date = new Date(0);
  date.setTime(Math.min(seconds * 1000, LAST_TIME));
  return date;
}

/** What entries are compared with. */
function toLoggedContent(bundle: Bundle): SignedEntity['signature'] {
  const content = signatureContent(bundle);
  return {
    signature: content.signature,
    compareSignature: (bytes) => content.compareSignature(bytes),
    compareDigest: (digest) => content.compareDigest(digest),
    compareSignedDigest: (digest) => isSignedDigest(bundle, digest) ?? content.compareSignedDigest(digest),
    // Verified before, with hashes that the library does not try.
    verifySignature: () => true,
  };
}

/** Of an envelope, by whichever hash the entry has; the library knows SHA-256 alone. Undefined for no envelope. */
function isSignedDigest({ content }: Bundle, digest: Buffer): boolean | undefined {
  if (content.$case !== 'dsseEnvelope') return undefined;
  const name = HASHES.get(digest.length);
  const { payloadType, payload } = content.dsseEnvelope;
  return name !== undefined && hash(name, toSignedBytes(payloadType, payload), 'buffer').equals(digest);
}
