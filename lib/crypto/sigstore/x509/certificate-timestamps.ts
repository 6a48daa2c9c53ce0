import { hash, type KeyObject, verify } from 'node:crypto';
import { countKeyOperation } from '../../../base/errors/evaluate-candidate.ts';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import type { Certificate } from './certificate.ts';
import { DerError, DerTag, type DerValue, expectDer, readDer, readDerValues, toDottedOid } from './der.ts';
import { toKeyBytes } from './public-key.ts';

/** The key of a certificate log, and when it is trusted. */
interface CertificateLog {
  readonly id: Buffer;
  readonly key: KeyObject;
  readonly validFor: { readonly start: number; readonly end: number };
}

/** A signed certificate timestamp: a log's promise to list the certificate (RFC 6962 section 3.2). */
interface CertificateTimestamp {
  readonly logId: Buffer;
  readonly timestamp: Buffer;
  readonly extensions: Buffer;
  readonly signature: Buffer;
}

const LIST = '1.3.6.1.4.1.11129.2.4.2';
const EXTENSIONS_TAG = 0xa3;
const MAX_TIMESTAMPS = 16;
/** SHA-256 (4) with RSA (1) or ECDSA (3): what RFC 6962 section 2.1.4 permits. */
const ALGORITHMS = new Set([0x0401, 0x0403]);

/**
 * Checks that a trusted log promised to list the certificate: at least one, and none of a trusted log is wrong.
 *
 * @throws SignatureError `LogEntryInvalid`
 */
export function verifyCertificateTimestamps(
  leaf: Certificate,
  issuer: Certificate,
  logs: readonly CertificateLog[],
): void {
  const { timestamps, bare } = readCertificate(leaf);
  const entry = Buffer.concat([hash('sha256', toKeyBytes(issuer.publicKey), 'buffer'), withLength(bare, 3)]);
  let verified = 0;
  for (const timestamp of timestamps) {
    const named = logs.filter(({ id }) => id.equals(timestamp.logId));
    if (named.length === 0) continue;
    const time = Number(timestamp.timestamp.readBigUInt64BE()) / 1000;
    const valid = named.filter(({ validFor }) => time >= validFor.start && time <= validFor.end);
    if (valid.length === 0) throw invalid('its log was not trusted then');
    if (!valid.some(({ key }) => isSignedBy(key, timestamp, entry))) throw invalid('its signature does not match');
    verified += 1;
  }
  if (verified === 0) throw invalid('no log of the trust lists the certificate');
}

/** The timestamps in a certificate, and its signed part without them. */
function readCertificate({ der }: Certificate): { timestamps: readonly CertificateTimestamp[]; bare: Buffer } {
  try {
    const [signed] = readDerValues(expectDer(readDer(der), DerTag.sequence));
    const parts = readDerValues(expectDer(signed, DerTag.sequence));
    const wrapped = parts.find(({ tag }) => tag === EXTENSIONS_TAG);
    if (wrapped === undefined) return { timestamps: [], bare: Buffer.alloc(0) };
    const extensions = readDerValues(expectDer(readDer(wrapped.content), DerTag.sequence));
    const list = extensions.find((one) => toOid(one) === LIST);
    const kept = encode(DerTag.sequence, ...extensions.filter((one) => one !== list).map(({ encoded }) => encoded));
    const bare = parts.map((part) => (part === wrapped ? encode(EXTENSIONS_TAG, kept) : part.encoded));
    return { timestamps: list === undefined ? [] : readList(list), bare: encode(DerTag.sequence, ...bare) };
  } catch (cause) {
    if (!(cause instanceof DerError) && !(cause instanceof RangeError)) throw cause;
    throw invalid(cause.message, cause);
  }
}

function toOid(extension: DerValue): string {
  const [identifier] = readDerValues(expectDer(extension, DerTag.sequence));
  return toDottedOid(expectDer(identifier, DerTag.objectIdentifier));
}

function readList(extension: DerValue): readonly CertificateTimestamp[] {
  const octets = expectDer(readDerValues(extension.content).at(-1), DerTag.octetString);
  const content = expectDer(readDer(octets), DerTag.octetString);
  const [list, end] = readVector(content, 0);
  if (end !== content.length) throw new DerError('bytes follow the list of timestamps');
  const found: CertificateTimestamp[] = [];
  for (let at = 0; at < list.length;) {
    const [bytes, next] = readVector(list, at);
    if (found.length >= MAX_TIMESTAMPS) throw new DerError(`there are more than ${MAX_TIMESTAMPS} timestamps`);
    found.push(readTimestamp(bytes));
    at = next;
  }
  return found;
}

function readTimestamp(bytes: Buffer): CertificateTimestamp {
  if (bytes.readUInt8(0) !== 0) throw new DerError('a timestamp is not version 1');
  const [extensions, next] = readVector(bytes, 41);
  if (!ALGORITHMS.has(bytes.readUInt16BE(next))) throw new DerError('a timestamp is not by SHA-256 with RSA or ECDSA');
  const [signature, end] = readVector(bytes, next + 2);
  if (end !== bytes.length) throw new DerError('bytes follow a timestamp');
  return { logId: bytes.subarray(1, 33), timestamp: bytes.subarray(33, 41), extensions, signature };
}

/** Bytes with a length of two octets before them, and where they end. */
function readVector(bytes: Buffer, at: number): readonly [content: Buffer, end: number] {
  const end = at + 2 + bytes.readUInt16BE(at);
  if (end > bytes.length) throw new DerError('a timestamp is cut short');
  return [bytes.subarray(at + 2, end), end];
}

/** The structure that the log signed: version, type, time, kind of entry, certificate, extensions. */
function isSignedBy(
  key: KeyObject,
  { timestamp, extensions, signature }: CertificateTimestamp,
  entry: Buffer,
): boolean {
  const signed = Buffer.concat([Buffer.from([0, 0]), timestamp, Buffer.from([0, 1]), entry, withLength(extensions, 2)]);
  countKeyOperation();
  try {
    return verify('sha256', signed, key, signature);
  } catch {
    // OpenSSL throws for some signatures that cannot even be read.
    return false;
  }
}

function withLength(content: Buffer, octets: number): Buffer {
  const length = Buffer.alloc(octets);
  length.writeUIntBE(content.length, 0, octets);
  return Buffer.concat([length, content]);
}

/** DER with the shortest length. */
function encode(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const octets = Math.ceil(Math.log2(length + 1) / 8);
  return Buffer.concat([Buffer.from([tag, 0x80 | octets]), withLength(content, octets)]);
}

function invalid(fault: string, cause?: unknown): SignatureError {
  return new SignatureError('LogEntryInvalid', `the certificate's timestamp by a log is not valid: ${fault}`, {
    cause,
  });
}
