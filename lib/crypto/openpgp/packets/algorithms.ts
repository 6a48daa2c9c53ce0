import { SignatureError } from '../../../base/errors/signature-error.ts';

/** Public-key algorithms whose signatures verify (RFC 9580 section 9.1, RFC 9980 section 2). */
export const PublicKeyAlgorithm = {
  rsa: 1,
  rsaSignOnly: 3,
  dsa: 17,
  ecdsa: 19,
  eddsaLegacy: 22,
  ed25519: 27,
  ed448: 28,
  mlDsa65Ed25519: 30,
  mlDsa87Ed448: 31,
} as const;

/** Octets of the two halves of a composite key and of its signatures, as they follow each other (RFC 9980 section 5). */
interface CompositeLengths {
  readonly edwardsKey: number;
  readonly latticeKey: number;
  readonly edwardsSignature: number;
  readonly latticeSignature: number;
}

/** By the scheme, which is also the ML-DSA parameter set as JSON Web Keys name it. */
export const COMPOSITES = {
  'ML-DSA-65': { edwardsKey: 32, latticeKey: 1952, edwardsSignature: 64, latticeSignature: 3309 },
  'ML-DSA-87': { edwardsKey: 57, latticeKey: 2592, edwardsSignature: 114, latticeSignature: 4627 },
} as const satisfies Readonly<Record<string, CompositeLengths>>;

/** A composite of ML-DSA with Ed25519 or Ed448, by its ML-DSA parameter set. */
export type CompositeScheme = keyof typeof COMPOSITES;

/** Undefined for an algorithm that is no composite. */
export function toCompositeScheme(publicKeyAlgorithm: number): CompositeScheme | undefined {
  if (publicKeyAlgorithm === PublicKeyAlgorithm.mlDsa65Ed25519) return 'ML-DSA-65';
  return publicKeyAlgorithm === PublicKeyAlgorithm.mlDsa87Ed448 ? 'ML-DSA-87' : undefined;
}

/** Octets of a signature that is one string; undefined for an algorithm whose signatures are integers, or unknown. */
export function toSignatureLength(publicKeyAlgorithm: number): number | undefined {
  if (publicKeyAlgorithm === PublicKeyAlgorithm.ed25519) return 64;
  if (publicKeyAlgorithm === PublicKeyAlgorithm.ed448) return 114;
  const scheme = toCompositeScheme(publicKeyAlgorithm);
  return scheme && COMPOSITES[scheme].edwardsSignature + COMPOSITES[scheme].latticeSignature;
}

/** Bits of the hash that an algorithm's signatures need at least (RFC 9580 section 5.2.3, RFC 9980 section 5.3.1). */
const MIN_HASH_BITS: ReadonlyMap<number, number> = new Map([
  [PublicKeyAlgorithm.ed25519, 256],
  [PublicKeyAlgorithm.ed448, 512],
  [PublicKeyAlgorithm.mlDsa65Ed25519, 256],
  [PublicKeyAlgorithm.mlDsa87Ed448, 256],
]);

/** A hash that may protect data (RFC 9580 section 9.5). */
interface AcceptedHash {
  /** The `node:crypto` name. */
  readonly name: string;
  readonly bits: number;
  /** Octets of the salt of a version 6 signature. */
  readonly saltLength: number;
}

const ACCEPTED_HASHES: ReadonlyMap<number, AcceptedHash> = new Map([
  [8, { name: 'sha256', bits: 256, saltLength: 16 }],
  [9, { name: 'sha384', bits: 384, saltLength: 24 }],
  [10, { name: 'sha512', bits: 512, saltLength: 32 }],
  [11, { name: 'sha224', bits: 224, saltLength: 16 }],
  [12, { name: 'sha3-256', bits: 256, saltLength: 16 }],
  [14, { name: 'sha3-512', bits: 512, saltLength: 32 }],
]);

const BROKEN_HASHES: ReadonlyMap<number, { readonly name: string; readonly shown: string }> = new Map([
  [1, { name: 'md5', shown: 'MD5' }],
  [2, { name: 'sha1', shown: 'SHA-1' }],
  [3, { name: 'ripemd160', shown: 'RIPEMD-160' }],
]);

/** Octets of the salt that goes with a hash in a version 6 signature; undefined for one that it may not use. */
export function toSaltLength(hashAlgorithm: number): number | undefined {
  return ACCEPTED_HASHES.get(hashAlgorithm)?.saltLength;
}

/** What decides which hash may protect a signature. */
interface HashedSignature {
  readonly hashAlgorithm: number;
  readonly publicKeyAlgorithm: number;
}

/**
 * The `node:crypto` name of a hash that may protect data.
 *
 * @throws SignatureError `SignatureInvalid` for one that collides, or that is too short for the signature's algorithm,
 *   `SignatureUnsupported` for one not known
 */
export function toAcceptedHash({ hashAlgorithm, publicKeyAlgorithm }: HashedSignature): string {
  const hash = ACCEPTED_HASHES.get(hashAlgorithm);
  if (hash !== undefined) {
    if (hash.bits >= (MIN_HASH_BITS.get(publicKeyAlgorithm) ?? 0)) return hash.name;
    throw new SignatureError('SignatureInvalid', `the hash ${hash.name} is too short for the signature's algorithm`);
  }
  const broken = BROKEN_HASHES.get(hashAlgorithm);
  if (broken !== undefined) {
    throw new SignatureError(
      'SignatureInvalid',
      `the signature uses ${broken.shown}, which no longer protects anything`,
    );
  }
  throw new SignatureError('SignatureUnsupported', `hash algorithm ${hashAlgorithm} is not supported`);
}

/** The `node:crypto` name of any hash that a certificate's own signatures may have used; undefined when unknown. */
export function toCertificateHash(hashAlgorithm: number): string | undefined {
  return (ACCEPTED_HASHES.get(hashAlgorithm) ?? BROKEN_HASHES.get(hashAlgorithm))?.name;
}
