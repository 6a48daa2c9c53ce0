import { SignatureError } from '../../../base/errors/signature-error.ts';
import { type ByteReader, createByteReader, toHex } from './byte-reader.ts';

/** The subpackets of a version 4 or 6 signature that Signet uses (RFC 9580 section 5.2.3.7). */
export interface SubpacketFields {
  readonly createdAt: number | undefined;
  /** Seconds after creation; 0 means never. */
  readonly expiresAfter: number | undefined;
  readonly issuerKeyIds: readonly string[];
  readonly issuerFingerprints: readonly string[];
}

const CREATION_TIME = 2;
const EXPIRATION_TIME = 3;
const KEY_EXPIRATION_TIME = 9;
const REVOCATION_KEY = 12;
const ISSUER_KEY_ID = 16;
const KEY_FLAGS = 27;
const ISSUER_FINGERPRINT = 33;
/** Subpackets that may be there once: readers disagree about which of two counts. */
const ONCE_ONLY: readonly number[] = [CREATION_TIME, EXPIRATION_TIME, KEY_EXPIRATION_TIME, KEY_FLAGS];

interface Subpacket {
  readonly type: number;
  readonly critical: boolean;
  readonly body: ByteReader;
}

/** What to do about a critical subpacket that is not understood: a revocation counts whatever else is in it. */
export type UnknownCritical = 'refuse' | 'ignore';

/**
 * @param protectedBySignature whether this is the hashed area: outside it anybody can write a time, so one is refused
 * @throws SignatureError `SignatureMalformed`, or `SignatureUnsupported` for a critical subpacket not understood
 */
export function parseSubpackets(
  area: Uint8Array,
  protectedBySignature: boolean,
  unknownCritical: UnknownCritical = 'refuse',
): SubpacketFields {
  const issuerKeyIds: string[] = [];
  const issuerFingerprints: string[] = [];
  let createdAt: number | undefined;
  let expiresAfter: number | undefined;
  for (const { type, critical, body } of readSubpackets(area)) {
    switch (type) {
      case CREATION_TIME:
        createdAt = readTime(body, createdAt, protectedBySignature);
        break;
      case EXPIRATION_TIME:
        expiresAfter = readTime(body, expiresAfter, protectedBySignature);
        break;
      case ISSUER_KEY_ID:
        issuerKeyIds.push(toHex(body.bytes(8)));
        requireEnd(body);
        break;
      case ISSUER_FINGERPRINT:
        issuerFingerprints.push(readFingerprint(body));
        break;
      default:
        if (critical && unknownCritical === 'refuse')
          throw new SignatureError('SignatureUnsupported', `critical subpacket ${type} is not understood`);
    }
  }
  return { createdAt, expiresAfter, issuerKeyIds, issuerFingerprints };
}

/** True when an area has two creation times, expiration times or key flags. @throws SignatureError */
export function isTimeOrFlagRepeated(area: Uint8Array): boolean {
  const types = [...readSubpackets(area)].map(({ type }) => type).filter((type) => ONCE_ONLY.includes(type));
  return new Set(types).size < types.length;
}

/** The revocation keys that an area names. */
export interface RevocationKeys {
  /** Upper-case hex, 40 digits. */
  readonly fingerprints: readonly string[];
  /** False where a key is named in a form that is not known, or the area cannot be read to its end. */
  readonly isUnderstood: boolean;
}

/** Class octet: without this bit nobody is authorised (RFC 9580 section 5.2.3.23). */
const AUTHORISED = 0x80;
const VERSION_4_LENGTH = 22;

/** Pass only the area that the signature protects: outside it, anybody can name a revocation key. */
export function readRevocationKeys(hashedArea: Uint8Array): RevocationKeys {
  const fingerprints: string[] = [];
  let isUnderstood = true;
  try {
    for (const { type, body } of readSubpackets(hashedArea)) {
      if (type !== REVOCATION_KEY) continue;
      const content = body.bytes(body.remaining());
      if (((content[0] ?? 0) & AUTHORISED) === 0) continue;
      // The algorithm octet says nothing that the fingerprint does not.
      if (content.length === VERSION_4_LENGTH) fingerprints.push(toHex(content.subarray(2)));
      else isUnderstood = false;
    }
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    isUnderstood = false;
  }
  return { fingerprints, isUnderstood };
}

/** The subpackets of a signature packet, cut where it is cut; none for a version that has none. */
export function splitAreas(body: Uint8Array): { readonly hashedArea: Uint8Array; readonly unhashedArea: Uint8Array } {
  const octets = Buffer.from(body.buffer, body.byteOffset, body.length);
  const width = octets[0] === 6 ? 4 : 2;
  // Version, type and two algorithms come before.
  const readArea = (at: number): Buffer =>
    octets.length < at + width
      ? Buffer.alloc(0)
      : octets.subarray(at + width, at + width + octets.readUIntBE(at, width));
  if (octets[0] !== 4 && octets[0] !== 6) return { hashedArea: new Uint8Array(), unhashedArea: new Uint8Array() };
  const hashedArea = readArea(4);
  return { hashedArea, unhashedArea: readArea(4 + width + hashedArea.length) };
}

export function* readSubpackets(area: Uint8Array): Generator<Subpacket> {
  const reader = createByteReader(area, 'subpacket area');
  while (reader.remaining() > 0) {
    const length = readSubpacketLength(reader);
    if (length === 0) throw malformed('a subpacket is empty');
    const body = createByteReader(reader.bytes(length), 'subpacket');
    const type = body.byte();
    yield { type: type & 0x7f, critical: (type & 0x80) !== 0, body };
  }
}

function readSubpacketLength(reader: ByteReader): number {
  const first = reader.byte();
  if (first < 192) return first;
  return first < 255 ? (first - 192) * 256 + reader.byte() + 192 : reader.uint32();
}

function readTime(body: ByteReader, earlier: number | undefined, protectedBySignature: boolean): number {
  if (!protectedBySignature) throw malformed('a time is in an area that the signature does not protect');
  if (earlier !== undefined) throw malformed('a time is given twice');
  const time = body.uint32();
  requireEnd(body);
  return time;
}

function readFingerprint(body: ByteReader): string {
  const version = body.byte();
  if (version !== 4 && version !== 6) {
    throw new SignatureError('SignatureUnsupported', `the issuer is a version ${version} key`);
  }
  const fingerprint = toHex(body.bytes(version === 6 ? 32 : 20));
  requireEnd(body);
  return fingerprint;
}

function requireEnd(body: ByteReader): void {
  if (body.remaining() > 0) throw malformed('a subpacket is longer than its content');
}

function malformed(message: string): SignatureError {
  return new SignatureError('SignatureMalformed', message);
}
