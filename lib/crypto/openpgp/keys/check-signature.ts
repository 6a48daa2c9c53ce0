import { createPublicKey, hash, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { PublicKeyAlgorithm } from '../packets/algorithms.ts';
import { padMpi } from '../packets/byte-reader.ts';
import type { UntrustedSignature } from '../packets/signature-packet.ts';
import type { PublicKeyMaterial } from './public-key-packet.ts';

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
