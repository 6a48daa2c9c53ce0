import { createHash, createPublicKey, createVerify, hash, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import { countKeyOperation } from '../../../base/errors/evaluate-candidate.ts';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { COMPOSITES, type CompositeScheme } from '../packets/algorithms.ts';
import { padMpi, requireWidth } from '../packets/byte-reader.ts';
import type { UntrustedSignature } from '../packets/signature-packet.ts';
import type { PublicKeyMaterial } from './public-key-packet.ts';

/** A key as `node:crypto` takes it, made once per key. */
export interface VerificationKey {
  readonly material: PublicKeyMaterial;
  readonly object: KeyObject;
  /** The ML-DSA half of a composite; undefined for every other kind. */
  readonly lattice: KeyObject | undefined;
}

const ECDSA_OCTETS = { 'P-256': 32, 'P-384': 48, 'P-521': 66 } as const;
/** Bits of the hash that a version 6 ECDSA signature needs at least (RFC 9580 section 5.2.3.2). */
const ECDSA_HASH_OCTETS = { 'P-256': 32, 'P-384': 48, 'P-521': 64 } as const;

/**
 * @throws SignatureError `SignatureUnsupported` where the cryptography of this Node lacks the algorithm; Error when the
 *   material is not a key, as `node:crypto` words it
 */
export function toVerificationKey(material: PublicKeyMaterial): VerificationKey {
  const lattice = material.kind === 'composite' ? toLatticeKey(material) : undefined;
  return { material, object: createPublicKey({ format: 'jwk', key: toJwk(material) }), lattice };
}

function toLatticeKey({ scheme, pub }: Extract<PublicKeyMaterial, { kind: 'composite' }>): KeyObject {
  const octets = Buffer.from(pub, 'base64url');
  if (octets.length !== COMPOSITES[scheme].latticeKey) throw new TypeError(`the key is not one of ${scheme}`);
  if (!hasLattice(scheme)) {
    throw new SignatureError('SignatureUnsupported', `the cryptography library of this Node has no ${scheme}`);
  }
  return importLatticeKey(scheme, octets);
}

function importLatticeKey(scheme: CompositeScheme, pub: Uint8Array): KeyObject {
  // Node's types do not know the key type of ML-DSA yet; the index signature of a JSON Web Key takes it.
  return createPublicKey({
    format: 'jwk',
    key: { kty: 'AKP', alg: scheme, pub: Buffer.from(pub).toString('base64url') },
  });
}

const probed = new Map<CompositeScheme, boolean>();

/** Probed by an import, since a system's OpenSSL may lack it whatever Node's version. Every octet string is a key. */
function hasLattice(scheme: CompositeScheme): boolean {
  const known = probed.get(scheme);
  if (known !== undefined) return known;
  let isThere = true;
  try {
    importLatticeKey(scheme, new Uint8Array(COMPOSITES[scheme].latticeKey));
  } catch {
    isThere = false;
  }
  probed.set(scheme, isThere);
  return isThere;
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
  const signed = Buffer.concat([signature.salt, signedContent, signature.trailer]);
  const digest = hash(hashName, signed, 'buffer');
  // Unsigned, but current clusters refuse a message whose hash tag is wrong.
  if (tagUse === 'check hash tag' && digest.readUInt16BE(0) !== signature.hashTag) return false;
  return isValueOf(key, signature, digest, (object, value) => verify(hashName, signed, object, value));
}

/** A signature over content that comes in pieces, as {@link isSignedBy} checks one over content that is there. */
export interface ContentCheck {
  /** The next piece of what the signature covers before its trailer. */
  readonly update: (octets: Uint8Array) => void;
  /** To be called once, after the last piece. @throws SignatureError `SignatureInvalid` */
  readonly isSigned: () => boolean;
}

export function startContentCheck(
  key: VerificationKey,
  { salt, trailer, hashTag, ...signature }: UntrustedSignature,
  hashName: string,
): ContentCheck {
  const hashed = createHash(hashName).update(salt);
  // Only these two take the content itself; the others sign its hash.
  const takesContent = key.material.kind === 'rsa' || key.material.kind === 'ecdsa';
  const verifier = takesContent ? createVerify(hashName).update(salt) : undefined;
  return {
    update: (octets) => {
      hashed.update(octets);
      verifier?.update(octets);
    },
    isSigned: () => {
      const digest = hashed.update(trailer).digest();
      if (digest.readUInt16BE(0) !== hashTag) return false;
      verifier?.update(trailer);
      const whole = { ...signature, salt, trailer, hashTag };
      return isValueOf(key, whole, digest, (object, value) => verifier?.verify(object, value) ?? false);
    },
  };
}

/** @param verifyContent checks the content that has this digest, by RSA or ECDSA */
function isValueOf(
  key: VerificationKey,
  signature: UntrustedSignature,
  digest: Uint8Array,
  verifyContent: (object: KeyObject, value: Uint8Array) => boolean,
): boolean {
  countKeyOperation();
  const { material, object } = key;
  switch (material.kind) {
    case 'rsa':
      return verifyContent(object, toRsaValue(signature, material.bits));
    case 'ecdsa':
      if (signature.version === 6 && digest.length < ECDSA_HASH_OCTETS[material.curve]) return false;
      return verifyContent(object, toEcdsaValue(signature, ECDSA_OCTETS[material.curve]));
    case 'ed25519':
      return verify(null, digest, object, toEd25519Value(signature));
    case 'ed448':
      return verify(null, digest, object, toOctets(signature));
    case 'composite':
      return isSignedByBoth(key, digest, toOctets(signature), material.scheme);
    default:
      throw new TypeError(`unknown key material ${JSON.stringify(material satisfies never)}`);
  }
}

/** Both halves sign the digest, and both have to hold (RFC 9980 section 5.2.3). */
function isSignedByBoth(
  { object, lattice }: VerificationKey,
  digest: Uint8Array,
  value: Uint8Array,
  scheme: CompositeScheme,
): boolean {
  const { edwardsSignature, latticeSignature } = COMPOSITES[scheme];
  if (lattice === undefined || value.length !== edwardsSignature + latticeSignature) throw wrongKind();
  const isByEdwards = verify(null, digest, object, value.subarray(0, edwardsSignature));
  return isByEdwards && verify(null, digest, lattice, value.subarray(edwardsSignature));
}

function toJwk(material: PublicKeyMaterial): JsonWebKey {
  switch (material.kind) {
    case 'rsa':
      return { kty: 'RSA', n: material.n, e: material.e };
    case 'ecdsa':
      return { kty: 'EC', crv: material.curve, x: material.x, y: material.y };
    case 'ed25519':
      return { kty: 'OKP', crv: 'Ed25519', x: material.x };
    case 'ed448':
      return { kty: 'OKP', crv: 'Ed448', x: material.x };
    case 'composite':
      return { kty: 'OKP', crv: material.scheme === 'ML-DSA-65' ? 'Ed25519' : 'Ed448', x: material.x };
    default:
      throw new TypeError(`unknown key material ${JSON.stringify(material satisfies never)}`);
  }
}

/** The value of an RSA signature, as long as the key. @throws SignatureError `SignatureInvalid` for one that is longer */
function toRsaValue({ value }: UntrustedSignature, bits: number): Uint8Array {
  if (value.kind !== 'integers' || value.integers[0] === undefined) throw wrongKind();
  return padMpi(value.integers[0], Math.ceil(bits / 8));
}

/**
 * As the DER of ECDSA-Sig-Value (RFC 3279 section 2.2.3), which OpenSSL reads: from the two integers side by side Node
 * makes the same, and takes half as long again as the whole check.
 */
function toEcdsaValue(signature: UntrustedSignature, octets: number): Uint8Array {
  const pair = toPair(signature);
  const [r, s] = [toDerInteger(pair[0], octets), toDerInteger(pair[1], octets)];
  const length = r.length + s.length;
  return Buffer.concat([length < 0x80 ? Buffer.of(0x30, length) : Buffer.of(0x30, 0x81, length), r, s]);
}

/** A positive integer, whose highest bit would say that it is negative. */
function toDerInteger(magnitude: Uint8Array, octets: number): Uint8Array {
  requireWidth(magnitude, octets);
  const sign = ((magnitude[0] ?? 0) & 0x80) === 0 ? [] : [0];
  return Buffer.from([0x02, sign.length + magnitude.length, ...sign, ...magnitude]);
}

function toPair({ value }: UntrustedSignature): readonly [Uint8Array, Uint8Array] {
  if (value.kind !== 'integers') throw wrongKind();
  const [r, s] = value.integers;
  if (r === undefined || s === undefined) throw wrongKind();
  return [r, s];
}

function toEd25519Value(signature: UntrustedSignature): Uint8Array {
  if (signature.value.kind === 'octets') return signature.value.octets;
  const [r, s] = toPair(signature);
  return Buffer.concat([padMpi(r, 32), padMpi(s, 32)]);
}

function toOctets({ value }: UntrustedSignature): Uint8Array {
  if (value.kind !== 'octets') throw wrongKind();
  return value.octets;
}

/** What a signature value is that no key of this kind could make. */
function wrongKind(): SignatureError {
  return new SignatureError('SignatureInvalid', 'the signature value is not one of this kind of key');
}
