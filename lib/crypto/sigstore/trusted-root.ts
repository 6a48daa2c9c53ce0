import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import type { RawJsonValue } from '../../base/documents/json-value.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { SignatureError } from '../../base/errors/signature-error.ts';
import { createJsonReader, type Members } from '../json-reader.ts';
import { type Certificate, parseSentCertificate } from './x509/certificate.ts';
import { isSingleDer } from './x509/der.ts';
import { describeWeakness, toKeyBytes } from './x509/public-key.ts';

/** When a log or an authority is trusted, in seconds since 1970; both ends are within. */
export interface Validity {
  readonly start: number;
  readonly end: number;
}

/** A transparency log: of signatures (Rekor), or of certificates. */
export interface TrustedLog {
  /** How entries and certificates name it: the hash of its key. */
  readonly id: Buffer;
  /** How its checkpoints name its key, in four octets; undefined where that is how the id begins. */
  readonly checkpointId?: Buffer | undefined;
  /** Its address, whose host its checkpoints name; undefined where the trust gives none. */
  readonly address: string | undefined;
  readonly key: KeyObject;
  readonly validFor: Validity;
}

/** An authority of certificates or of timestamps. */
export interface TrustedAuthority {
  /** Never empty; the last one is the trusted one, those before it lead there. */
  readonly certificates: readonly Certificate[];
  readonly validFor: Validity;
}

/** What a `trusted_root.json` of Sigstore trusts. */
export interface TrustedRoot {
  readonly logs: readonly TrustedLog[];
  readonly certificateLogs: readonly TrustedLog[];
  /** Whether it names any certificate log, also one that is left out: then every certificate needs the promise of one. */
  readonly needsCertificateLog: boolean;
  readonly authorities: readonly TrustedAuthority[];
  readonly timestampAuthorities: readonly TrustedAuthority[];
  /** What is left out because its kind is not supported, in the words of a warning. */
  readonly warnings: readonly string[];
}

/** Logs and authorities of one kind in one trusted root. */
export const MAX_ROOT_MEMBERS = 64;

const MEDIA_TYPES: ReadonlySet<RawJsonValue | undefined> = new Set([
  'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  'application/vnd.dev.sigstore.trustedroot+json;version=0.2',
  'application/vnd.dev.sigstore.trustedroot.v0.1+json',
  'application/vnd.dev.sigstore.trustedroot.v0.2+json',
]);
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z$/;
/**
 * The kinds of keys that logs have, as the trusted root names them (sigstore/protobuf-specs, `PublicKeyDetails`), with
 * their encoding. Left out are RSA-PSS, Ed25519ph, HMAC and LMS, by which no log signs.
 */
const KEY_TYPES: ReadonlyMap<string, 'pkcs1' | 'spki'> = new Map([
  ['PKCS1_RSA_PKCS1V5', 'pkcs1'],
  ['PKIX_RSA_PKCS1V5', 'spki'],
  ['PKIX_RSA_PKCS1V15_2048_SHA256', 'spki'],
  ['PKIX_RSA_PKCS1V15_3072_SHA256', 'spki'],
  ['PKIX_RSA_PKCS1V15_4096_SHA256', 'spki'],
  ['PKIX_ECDSA_P256_SHA_256', 'spki'],
  ['PKIX_ECDSA_P384_SHA_384', 'spki'],
  ['PKIX_ECDSA_P384_SHA_256', 'spki'],
  ['PKIX_ECDSA_P521_SHA_512', 'spki'],
  ['PKIX_ECDSA_P521_SHA_256', 'spki'],
  ['PKIX_ED25519', 'spki'],
  ['ML_DSA_44', 'spki'],
  ['ML_DSA_65', 'spki'],
  ['ML_DSA_87', 'spki'],
]);
const json = createJsonReader('the trusted root', 'SignatureMalformed');

/** Whether a document says that it is a trusted root, of whatever version. */
export function isTrustedRootType(mediaType: unknown): boolean {
  return typeof mediaType === 'string' && mediaType.startsWith('application/vnd.dev.sigstore.trustedroot');
}

/**
 * Reads a trusted root strictly: each log and authority says since when it is trusted.
 *
 * @throws ConfigurationError `DocumentInvalid`, `TrustUnusable`, `LimitExceeded`
 */
export function parseTrustedRoot(bytes: Uint8Array): TrustedRoot {
  try {
    return readTrustedRoot(bytes);
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    throw new ConfigurationError('DocumentInvalid', cause.message, { cause });
  }
}

function readTrustedRoot(bytes: Uint8Array): TrustedRoot {
  const root = json.members('it', json.parse(bytes), undefined);
  if (!MEDIA_TYPES.has(root['mediaType'])) {
    throw json.invalid(
      `mediaType ${JSON.stringify(root['mediaType'] ?? null)} is not that of a trusted root 0.1 or 0.2`,
    );
  }
  const warnings: string[] = [];
  const logs = listOf(root, 'tlogs', (name, value) => readLog(name, value, warnings));
  const certificateLogs = listOf(root, 'ctlogs', (name, value) => readLog(name, value, warnings));
  const needsCertificateLog = root['ctlogs'] !== undefined && json.list('ctlogs', root['ctlogs']).length > 0;
  const authorities = listOf(root, 'certificateAuthorities', readAuthority);
  const timestampAuthorities = listOf(root, 'timestampAuthorities', readAuthority);
  if (logs.length === 0) throw new ConfigurationError('TrustUnusable', 'the trusted root names no log of signatures');
  return { logs, certificateLogs, needsCertificateLog, authorities, timestampAuthorities, warnings };
}

function listOf<T>(root: Members, member: string, read: (name: string, value: RawJsonValue) => T | undefined): T[] {
  const list = root[member] === undefined ? [] : json.list(member, root[member]);
  if (list.length > MAX_ROOT_MEMBERS) {
    throw new ConfigurationError('LimitExceeded', `the trusted root has more than ${MAX_ROOT_MEMBERS} ${member}`);
  }
  return list.map((value, index) => read(`${member}[${index}]`, value)).filter((one) => one !== undefined);
}

/** Undefined, with a warning, for a kind of key that is not supported: it cannot verify anything here. */
function readLog(name: string, value: RawJsonValue, warnings: string[]): TrustedLog | undefined {
  const log = json.members(name, value, undefined);
  const address = json.text(`${name}.baseUrl`, log['baseUrl']);
  const publicKey = json.members(`${name}.publicKey`, log['publicKey'], undefined);
  const details = json.text(`${name}.publicKey.keyDetails`, publicKey['keyDetails']);
  const rawBytes = json.bytes(`${name}.publicKey.rawBytes`, publicKey['rawBytes']);
  const validFor = readValidity(`${name}.publicKey.validFor`, publicKey['validFor']);
  const ids = ['logId', 'checkpointKeyId'].map((member) => readId(`${name}.${member}`, log[member]));
  const [logId, checkpointKeyId] = ids;
  if (ids.every((id) => id === undefined)) throw json.invalid(`${name} has neither logId nor checkpointKeyId`);
  const type = KEY_TYPES.get(details);
  const key = type === undefined ? undefined : readKey(name, rawBytes, { type, details });
  if (key === undefined) {
    warnings.push(`${name} (${address}) is left out: keys of the kind ${details} are not supported`);
    return undefined;
  }
  const id = logId ?? hash('sha256', toKeyBytes(key), 'buffer');
  return { id, checkpointId: checkpointKeyId?.subarray(0, HINT_BYTES), address, key, validFor };
}

/** Octets by which a checkpoint names the key of its log. */
const HINT_BYTES = 4;

function readId(name: string, value: RawJsonValue | undefined): Buffer | undefined {
  if (value === undefined) return undefined;
  const id = json.bytes(`${name}.keyId`, json.members(name, value, undefined)['keyId']);
  if (id.length < HINT_BYTES) throw json.invalid(`${name}.keyId has fewer than ${HINT_BYTES} bytes`);
  return id;
}

/** Undefined for a kind that this Node's OpenSSL does not have. */
function readKey(
  name: string,
  rawBytes: Buffer,
  { type, details }: { readonly type: 'pkcs1' | 'spki'; readonly details: string },
): KeyObject | undefined {
  if (!isSingleDer(rawBytes)) throw json.invalid(`${name}.publicKey.rawBytes is not one DER value`);
  let key: KeyObject;
  try {
    key = createPublicKey({ key: rawBytes, format: 'der', type });
  } catch (cause) {
    // OpenSSL has ML-DSA from 3.5 on.
    if (details.startsWith('ML_DSA')) return undefined;
    throw json.invalid(`${name}.publicKey.rawBytes does not parse as a key`, cause);
  }
  const weakness = describeWeakness(key);
  if (weakness !== undefined) throw json.invalid(`${name}.publicKey: ${weakness}`);
  return key;
}

function readAuthority(name: string, value: RawJsonValue): TrustedAuthority {
  const authority = json.members(name, value, undefined);
  const chain = json.members(`${name}.certChain`, authority['certChain'], undefined);
  const certificates = json.list(`${name}.certChain.certificates`, chain['certificates']).map((element, index) => {
    const place = `${name}.certChain.certificates[${index}]`;
    const members = json.members(place, element, undefined);
    return parseSentCertificate(json.bytes(`${place}.rawBytes`, members['rawBytes']), place);
  });
  if (certificates.length === 0) throw json.invalid(`${name}.certChain has no certificate`);
  return { certificates, validFor: readValidity(`${name}.validFor`, authority['validFor']) };
}

/** A log or authority without a start would be trusted for the time before it existed. */
function readValidity(name: string, value: RawJsonValue | undefined): Validity {
  const members = json.members(name, value, undefined);
  const start = readTime(`${name}.start`, members['start']);
  const end = members['end'] === undefined ? Number.POSITIVE_INFINITY : readTime(`${name}.end`, members['end']);
  if (end < start) throw json.invalid(`${name} ends before it starts`);
  return { start, end };
}

function readTime(name: string, value: RawJsonValue | undefined): number {
  const text = json.text(name, value);
  const time = TIME.test(text) ? Date.parse(text) / 1000 : Number.NaN;
  if (Number.isNaN(time)) throw json.invalid(`${name} ${JSON.stringify(text)} is not a time in UTC (RFC 3339)`);
  return time;
}

/** Written so that NaN is outside. @param time seconds since 1970 */
export function isWithin({ start, end }: Validity, time: number): boolean {
  return time >= start && time <= end;
}
