import { createPublicKey, hash, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { padMpi } from '../packets/byte-reader.ts';
import type { UntrustedSignature } from '../packets/signature-packet.ts';
import { PublicKeyAlgorithm } from '../packets/signature-packet.ts';
import type { PublicKeyMaterial } from './public-key-packet.ts';

/**
 * OpenPGP certificates compiled to what a message is checked against: plain JSON, so that it can be published, and
 * complete, so that nothing of OpenPGP's certificate format is needed when messages are verified.
 */

/** One key of a certificate. Times are seconds since 1970, as OpenPGP counts. */
export interface PreparedKey {
  /** Upper-case hex, 40 digits. */
  readonly fingerprint: string;
  readonly createdAt: number;
  /** When the certificate last asserted this key: of two copies in a keyring, the later one counts. */
  readonly assertedAt: number;
  /** First second at which the key is no longer valid; absent when it never expires. */
  readonly expiresAt?: number | undefined;
  /** Why the key may sign nothing, whatever the date. */
  readonly revoked?: string | undefined;
  /** Why the key may not sign although it is valid: its flags, a missing cross-signature, an unsupported algorithm. */
  readonly notForSigning?: string | undefined;
  /** Public-key algorithm number of its signatures (RFC 9580 section 9.1). */
  readonly algorithm: number;
  /** Absent exactly where `notForSigning` says that the algorithm is not supported. */
  readonly material?: PublicKeyMaterial | undefined;
}

export interface PreparedCertificate {
  /** Fingerprint of the primary key: the signer's identity. */
  readonly fingerprint: string;
  readonly userIds: readonly string[];
  /** The primary key first. */
  readonly keys: readonly PreparedKey[];
  /** Position of its armor block in the key file, from 0: current clusters read only block 0. */
  readonly armorBlock: number;
}

/** One `verifier-public-key-*` entry: any certificate in it may sign. */
export interface PreparedKeyring {
  readonly name: string;
  readonly certificates: readonly PreparedCertificate[];
}

/** Certificates that one keyring may hold. */
export const MAX_CERTIFICATES = 64;

/** One key of a keyring, ready to check signatures with. */
export interface IndexedKey {
  readonly certificate: PreparedCertificate;
  readonly key: PreparedKey;
  /** @throws SignatureError `SignatureUnsupported` for an algorithm that Signet does not verify */
  readonly verificationKey: () => VerificationKey;
}

/** A prepared keyring, looked up by key ID. */
export interface IndexedKeyring {
  readonly name: string;
  readonly keysById: ReadonlyMap<string, readonly IndexedKey[]>;
}

/** Done once per load of trust; keys become `node:crypto` objects when first used. */
export function indexKeyring({ name, certificates }: PreparedKeyring): IndexedKeyring {
  const keysById = new Map<string, IndexedKey[]>();
  for (const certificate of certificates) {
    for (const key of certificate.keys) {
      const keyId = key.fingerprint.slice(-16);
      const sameId = keysById.get(keyId) ?? [];
      sameId.push({ certificate, key, verificationKey: once(() => toUsableKey(key)) });
      keysById.set(keyId, sameId);
    }
  }
  return { name, keysById };
}

function toUsableKey(key: PreparedKey): VerificationKey {
  if (key.material === undefined) {
    throw new SignatureError('SignatureUnsupported', `key algorithm ${key.algorithm} is not supported`);
  }
  return toVerificationKey(key.material);
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** A key as `node:crypto` takes it, made once per key. */
export interface VerificationKey {
  readonly material: PublicKeyMaterial;
  readonly object: KeyObject;
}

const ECDSA_OCTETS = { 'P-256': 32, 'P-384': 48, 'P-521': 66 } as const;

/** @throws Error when the material is not a key, as `node:crypto` words it */
export function toVerificationKey(material: PublicKeyMaterial): VerificationKey {
  return { material, object: createPublicKey({ format: 'jwk', key: toJwk(material) }) };
}

/**
 * Whether the signature value is this key's over `signedContent` and the signature's trailer. Does not check
 * who may sign what and when.
 *
 * @param hashName `node:crypto` name of the signature's hash algorithm
 * @throws SignatureError `SignatureInvalid` when it cannot be a value of this key
 */
export function isSignedBy(
  key: VerificationKey,
  signature: UntrustedSignature,
  signedContent: Uint8Array,
  hashName: string,
  tagUse: 'check hash tag' | 'ignore hash tag' = 'check hash tag',
): boolean {
  const signed = Buffer.concat([signedContent, signature.trailer]);
  const digest = hash(hashName, signed, 'buffer');
  // Unsigned, but current clusters refuse a message whose hash tag is wrong.
  if (tagUse === 'check hash tag' && digest.readUInt16BE(0) !== signature.hashTag) return false;
  const { material, object } = key;
  switch (material.kind) {
    case 'rsa':
      return verify(hashName, signed, object, toRsaValue(signature, material.bits));
    case 'ecdsa':
      return verify(
        hashName,
        signed,
        { key: object, dsaEncoding: 'ieee-p1363' },
        toPairValue(signature, ECDSA_OCTETS[material.curve]),
      );
    case 'ed25519':
      return verify(null, digest, object, toEd25519Value(signature));
    default:
      return refuse(material);
  }
}

/** Whether a signature of this algorithm can be by a key of this kind. */
export function isAlgorithmOf(material: PublicKeyMaterial, keyAlgorithm: number, signatureAlgorithm: number): boolean {
  if (material.kind !== 'rsa') return keyAlgorithm === signatureAlgorithm;
  return signatureAlgorithm === PublicKeyAlgorithm.rsa || signatureAlgorithm === PublicKeyAlgorithm.rsaSignOnly;
}

function toJwk(material: PublicKeyMaterial): JsonWebKey {
  switch (material.kind) {
    case 'rsa':
      return { kty: 'RSA', n: material.n, e: material.e };
    case 'ecdsa':
      return { kty: 'EC', crv: material.curve, x: material.x, y: material.y };
    case 'ed25519':
      return { kty: 'OKP', crv: 'Ed25519', x: material.x };
    default:
      return refuse(material);
  }
}

function toRsaValue({ value }: UntrustedSignature, bits: number): Uint8Array {
  if (value.kind !== 'integers' || value.integers[0] === undefined) throw wrongKind();
  return padMpi(value.integers[0], Math.ceil(bits / 8));
}

function toPairValue({ value }: UntrustedSignature, octets: number): Uint8Array {
  if (value.kind !== 'integers') throw wrongKind();
  const [r, s] = value.integers;
  if (r === undefined || s === undefined) throw wrongKind();
  return Buffer.concat([padMpi(r, octets), padMpi(s, octets)]);
}

function toEd25519Value(signature: UntrustedSignature): Uint8Array {
  return signature.value.kind === 'octets' ? signature.value.octets : toPairValue(signature, 32);
}

function wrongKind(): SignatureError {
  return new SignatureError('SignatureInvalid', 'the signature value is not one of this kind of key');
}

function refuse(material: never): never {
  throw new TypeError(`unknown key material ${JSON.stringify(material)}`);
}
