import { SignatureError } from '../../../base/errors/signature-error.ts';
import { PublicKeyAlgorithm, toCompositeScheme, toSaltLength, toSignatureLength } from './algorithms.ts';
import { type ByteReader, createByteReader, readMpi, toHex } from './byte-reader.ts';
import { parseSubpackets, type SubpacketFields, type UnknownCritical } from './signature-subpackets.ts';

/** The signature value: integers for RSA (one) and ECDSA or legacy EdDSA (two), a string of fixed length for the others. */
type SignatureValue =
  | { readonly kind: 'integers'; readonly integers: readonly Uint8Array[] }
  | { readonly kind: 'octets'; readonly octets: Uint8Array };

/** A parsed signature packet. Nothing in it is proven. */
export interface UntrustedSignature {
  readonly version: 3 | 4 | 6;
  readonly type: number;
  readonly publicKeyAlgorithm: number;
  readonly hashAlgorithm: number;
  /** Seconds since 1970. */
  readonly createdAt: number;
  /** Seconds since 1970; undefined: never. */
  readonly expiresAt: number | undefined;
  /** 16 hex digits; undefined when a version 4 or 6 signature names no issuer. */
  readonly issuerKeyId: string | undefined;
  readonly issuerFingerprint: string | undefined;
  /** What is hashed before the data: empty but for version 6. */
  readonly salt: Uint8Array;
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
  if (version === 4 || version === 6) return parseWithSubpackets(version, reader, body, unknownCritical);
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
    salt: NO_SALT,
    hashTag: reader.uint16(),
    trailer,
    value: readValue(reader, publicKeyAlgorithm, 3),
  };
}

const NO_SALT = new Uint8Array();

/** Versions 4 and 6 (RFC 9580 section 5.2.3): version 6 has longer counts and a salt. */
function parseWithSubpackets(
  version: 4 | 6,
  reader: ByteReader,
  body: Uint8Array,
  unknownCritical: UnknownCritical,
): UntrustedSignature {
  const type = reader.byte();
  const publicKeyAlgorithm = reader.byte();
  const hashAlgorithm = reader.byte();
  const hashedArea = reader.bytes(readCount(reader, version));
  const hashedPart = body.subarray(0, body.length - reader.remaining());
  const unhashedArea = reader.bytes(readCount(reader, version));
  const hashed = parseSubpackets(hashedArea, true, unknownCritical);
  const unhashed = parseSubpackets(unhashedArea, false, unknownCritical);
  if (hashed.createdAt === undefined) throw malformed('the signature does not say when it was made');
  const { createdAt, expiresAfter } = hashed;
  const issuerFingerprint = agreeOn([...hashed.issuerFingerprints, ...unhashed.issuerFingerprints]);
  if (issuerFingerprint !== undefined && toKeyVersion(issuerFingerprint) !== version) {
    throw malformed(`a version ${version} signature names a key of another version`);
  }
  return {
    version,
    type,
    publicKeyAlgorithm,
    hashAlgorithm,
    createdAt,
    expiresAt: expiresAfter === undefined || expiresAfter === 0 ? undefined : createdAt + expiresAfter,
    issuerKeyId: agreeOnKeyId(hashed, unhashed, issuerFingerprint),
    issuerFingerprint,
    hashTag: reader.uint16(),
    salt: version === 6 ? readSalt(reader, hashAlgorithm) : NO_SALT,
    trailer: toTrailer(version, hashedPart),
    value: readValue(reader, publicKeyAlgorithm, version),
  };
}

function readCount(reader: ByteReader, version: 4 | 6): number {
  return version === 6 ? reader.uint32() : reader.uint16();
}

/** The salt, whose length follows the hash (RFC 9580 section 5.2.3): any other length is refused. */
export function readSalt(reader: ByteReader, hashAlgorithm: number): Uint8Array {
  const salt = reader.bytes(reader.byte());
  const length = toSaltLength(hashAlgorithm);
  if (length === undefined || salt.length === length) return salt;
  throw malformed(`the salt has ${salt.length} octets; hash algorithm ${hashAlgorithm} needs ${length}`);
}

function toTrailer(version: 4 | 6, hashedPart: Uint8Array): Uint8Array {
  const trailer = Buffer.alloc(hashedPart.length + 6);
  trailer.set(hashedPart);
  trailer.writeUInt8(version, hashedPart.length);
  trailer.writeUInt8(0xff, hashedPart.length + 1);
  trailer.writeUInt32BE(hashedPart.length, hashedPart.length + 2);
  return trailer;
}

function agreeOnKeyId(hashed: SubpacketFields, unhashed: SubpacketFields, fingerprint: string | undefined) {
  const keyIds = [...hashed.issuerKeyIds, ...unhashed.issuerKeyIds];
  if (fingerprint !== undefined) keyIds.push(toKeyId(fingerprint));
  return agreeOn(keyIds);
}

const KEY_ID_DIGITS = 16;
const VERSION_6_DIGITS = 64;

/** The version of the key that has a fingerprint: only those of version 6 are of SHA-256. */
export function toKeyVersion(fingerprint: string): 4 | 6 {
  return fingerprint.length === VERSION_6_DIGITS ? 6 : 4;
}

/** The end of a version 4 fingerprint, the start of a version 6 one (RFC 9580 section 5.5.4). */
export function toKeyId(fingerprint: string): string {
  return toKeyVersion(fingerprint) === 6 ? fingerprint.slice(0, KEY_ID_DIGITS) : fingerprint.slice(-KEY_ID_DIGITS);
}

/** One name or none: with two that differ, the evidence could name a key that did not sign. */
function agreeOn(names: readonly string[]): string | undefined {
  const [first] = names;
  if (names.some((name) => name !== first)) throw malformed('the signature names two different keys');
  return first;
}

function readValue(reader: ByteReader, publicKeyAlgorithm: number, version: 3 | 4 | 6): SignatureValue {
  requirePairing(publicKeyAlgorithm, version);
  const value = readUnfinishedValue(reader, publicKeyAlgorithm);
  if (reader.remaining() > 0) throw malformed('bytes follow the content of the signature packet');
  return value;
}

/**
 * RFC 9580 section 5.2.3.3 keeps legacy EdDSA out of version 6, and RFC 9980 section 5.3 keeps composites in it. Version 3
 * has none of the algorithms whose signatures are strings of octets: no RFC says what would be signed, and no peer reads it.
 */
function requirePairing(publicKeyAlgorithm: number, version: 3 | 4 | 6): void {
  if (isPair(publicKeyAlgorithm, version)) return;
  const reason = `public-key algorithm ${publicKeyAlgorithm} makes no signature of version ${version}`;
  throw new SignatureError('SignatureUnsupported', reason);
}

function isPair(publicKeyAlgorithm: number, version: 3 | 4 | 6): boolean {
  if (version === 6) return publicKeyAlgorithm !== PublicKeyAlgorithm.eddsaLegacy;
  if (version === 3) return toSignatureLength(publicKeyAlgorithm) === undefined;
  return toCompositeScheme(publicKeyAlgorithm) === undefined;
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
    default: {
      const length = toSignatureLength(publicKeyAlgorithm);
      if (length !== undefined) return { kind: 'octets', octets: reader.bytes(length) };
      throw new SignatureError('SignatureUnsupported', `public-key algorithm ${publicKeyAlgorithm} is not supported`);
    }
  }
}

function malformed(message: string): SignatureError {
  return new SignatureError('SignatureMalformed', message);
}
