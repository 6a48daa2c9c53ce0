import { SignatureError } from '../../../base/errors/signature-error.ts';
import { type ByteReader, createByteReader, readMpi, toHex } from './byte-reader.ts';
import { parseSubpackets, type SubpacketFields, type UnknownCritical } from './signature-subpackets.ts';

/** The signature value: integers for RSA (one) and ECDSA or legacy EdDSA (two), 64 octets for Ed25519. */
type SignatureValue =
  | { readonly kind: 'integers'; readonly integers: readonly Uint8Array[] }
  | { readonly kind: 'octets'; readonly octets: Uint8Array };

/** A parsed signature packet. Nothing in it is proven. */
export interface UntrustedSignature {
  readonly version: 3 | 4;
  readonly type: number;
  readonly publicKeyAlgorithm: number;
  readonly hashAlgorithm: number;
  /** Seconds since 1970. */
  readonly createdAt: number;
  /** Seconds since 1970; undefined: never. */
  readonly expiresAt: number | undefined;
  /** 16 hex digits; undefined when a version 4 signature names no issuer. */
  readonly issuerKeyId: string | undefined;
  readonly issuerFingerprint: string | undefined;
  /** First two octets of the hash, as claimed. */
  readonly hashTag: number;
  /** What is hashed after the data (RFC 9580 section 5.2.4). */
  readonly trailer: Uint8Array;
  readonly value: SignatureValue;
}

/** @throws SignatureError `SignatureMalformed` or `SignatureUnsupported` */
export function parseSignaturePacket(
  body: Uint8Array,
  unknownCritical: UnknownCritical = 'refuse',
): UntrustedSignature {
  const reader = createByteReader(body, 'signature packet');
  const version = reader.byte();
  if (version === 3) return parseVersion3(reader);
  if (version === 4) return parseVersion4(reader, body, unknownCritical);
  throw new SignatureError('SignatureUnsupported', `version ${version} signatures are not supported`);
}

function parseVersion3(reader: ByteReader): UntrustedSignature {
  if (reader.byte() !== 5) throw malformed('a version 3 signature must hash five octets');
  const trailer = reader.bytes(5);
  const hashed = createByteReader(trailer, 'signature packet');
  const type = hashed.byte();
  const createdAt = hashed.uint32();
  const issuerKeyId = toHex(reader.bytes(8));
  const publicKeyAlgorithm = reader.byte();
  const hashAlgorithm = reader.byte();
  return {
    version: 3,
    type,
    publicKeyAlgorithm,
    hashAlgorithm,
    createdAt,
    expiresAt: undefined,
    issuerKeyId,
    issuerFingerprint: undefined,
    hashTag: reader.uint16(),
    trailer,
    value: readValue(reader, publicKeyAlgorithm),
  };
}

function parseVersion4(reader: ByteReader, body: Uint8Array, unknownCritical: UnknownCritical): UntrustedSignature {
  const type = reader.byte();
  const publicKeyAlgorithm = reader.byte();
  const hashAlgorithm = reader.byte();
  const hashedArea = reader.bytes(reader.uint16());
  const unhashedArea = reader.bytes(reader.uint16());
  const hashed = parseSubpackets(hashedArea, true, unknownCritical);
  const unhashed = parseSubpackets(unhashedArea, false, unknownCritical);
  if (hashed.createdAt === undefined) throw malformed('the signature does not say when it was made');
  const { createdAt, expiresAfter } = hashed;
  const issuerFingerprint = agreeOn([...hashed.issuerFingerprints, ...unhashed.issuerFingerprints]);
  return {
    version: 4,
    type,
    publicKeyAlgorithm,
    hashAlgorithm,
    createdAt,
    expiresAt: expiresAfter === undefined || expiresAfter === 0 ? undefined : createdAt + expiresAfter,
    issuerKeyId: agreeOnKeyId(hashed, unhashed, issuerFingerprint),
    issuerFingerprint,
    hashTag: reader.uint16(),
    trailer: toVersion4Trailer(body.subarray(0, 6 + hashedArea.length)),
    value: readValue(reader, publicKeyAlgorithm),
  };
}

function toVersion4Trailer(hashedPart: Uint8Array): Uint8Array {
  const trailer = Buffer.alloc(hashedPart.length + 6);
  trailer.set(hashedPart);
  trailer.writeUInt16BE(0x04ff, hashedPart.length);
  trailer.writeUInt32BE(hashedPart.length, hashedPart.length + 2);
  return trailer;
}

function agreeOnKeyId(hashed: SubpacketFields, unhashed: SubpacketFields, fingerprint: string | undefined) {
  const keyIds = [...hashed.issuerKeyIds, ...unhashed.issuerKeyIds];
  // The key ID of a version 4 key is the end of its fingerprint.
  if (fingerprint !== undefined) keyIds.push(fingerprint.slice(-16));
  return agreeOn(keyIds);
}

/** One name or none: with two that differ, the evidence could name a key that did not sign. */
function agreeOn(names: readonly string[]): string | undefined {
  const [first] = names;
  if (names.some((name) => name !== first)) throw malformed('the signature names two different keys');
  return first;
}

function readValue(reader: ByteReader, publicKeyAlgorithm: number): SignatureValue {
  const value = readUnfinishedValue(reader, publicKeyAlgorithm);
  if (reader.remaining() > 0) throw malformed('bytes follow the content of the signature packet');
  return value;
}

function readUnfinishedValue(reader: ByteReader, publicKeyAlgorithm: number): SignatureValue {
  switch (publicKeyAlgorithm) {
    case PublicKeyAlgorithm.rsa:
    case PublicKeyAlgorithm.rsaSignOnly:
      return { kind: 'integers', integers: [readMpi(reader)] };
    case PublicKeyAlgorithm.dsa:
    case PublicKeyAlgorithm.ecdsa:
    case PublicKeyAlgorithm.eddsaLegacy:
      return { kind: 'integers', integers: [readMpi(reader), readMpi(reader)] };
    case PublicKeyAlgorithm.ed25519:
      return { kind: 'octets', octets: reader.bytes(64) };
    default:
      throw new SignatureError('SignatureUnsupported', `public-key algorithm ${publicKeyAlgorithm} is not supported`);
  }
}

function malformed(message: string): SignatureError {
  return new SignatureError('SignatureMalformed', message);
}

/** Public-key algorithms whose signatures verify (RFC 9580 section 9.1). */
export const PublicKeyAlgorithm = {
  rsa: 1,
  rsaSignOnly: 3,
  dsa: 17,
  ecdsa: 19,
  eddsaLegacy: 22,
  ed25519: 27,
} as const;

const ACCEPTED_HASHES: ReadonlyMap<number, string> = new Map([
  [8, 'sha256'],
  [9, 'sha384'],
  [10, 'sha512'],
  [11, 'sha224'],
]);

const BROKEN_HASHES: ReadonlyMap<number, string> = new Map([
  [1, 'MD5'],
  [2, 'SHA-1'],
  [3, 'RIPEMD-160'],
]);

/**
 * The `node:crypto` name of a hash that may protect data.
 *
 * @throws SignatureError `SignatureInvalid` for one that collides, `SignatureUnsupported` for one not known
 */
export function toAcceptedHash(hashAlgorithm: number): string {
  const name = ACCEPTED_HASHES.get(hashAlgorithm);
  if (name !== undefined) return name;
  const broken = BROKEN_HASHES.get(hashAlgorithm);
  if (broken !== undefined) {
    throw new SignatureError('SignatureInvalid', `the signature uses ${broken}, which no longer protects anything`);
  }
  throw new SignatureError('SignatureUnsupported', `hash algorithm ${hashAlgorithm} is not supported`);
}

/** The `node:crypto` name of any hash that a certificate's own signatures may have used; undefined when unknown. */
export function toCertificateHash(hashAlgorithm: number): string | undefined {
  return (
    ACCEPTED_HASHES.get(hashAlgorithm) ??
    new Map([
      [1, 'md5'],
      [2, 'sha1'],
      [3, 'ripemd160'],
    ]).get(hashAlgorithm)
  );
}
