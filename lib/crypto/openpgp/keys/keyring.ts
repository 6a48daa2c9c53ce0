import { SignatureError } from '../../../base/errors/signature-error.ts';
import { PublicKeyAlgorithm } from '../packets/algorithms.ts';
import { toKeyId } from '../packets/signature-packet.ts';
import type { PublicKeyMaterial } from './public-key-packet.ts';
import { toVerificationKey, type VerificationKey } from './verification-key.ts';

/**
 * OpenPGP certificates compiled to what a message is checked against: plain JSON, so that it can be published, and
 * complete, so that nothing of OpenPGP's certificate format is needed when messages are verified.
 */

/** One key of a certificate. Times are seconds since 1970, as OpenPGP counts. */
export interface PreparedKey {
  /** Upper-case hex: 40 digits for version 4, 64 for version 6. */
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

/** A certificate, or a subkey of one, that cannot be used: it counts for nothing, and a signature by it is unsupported. */
export interface UnusableKey {
  /** As warnings name it: its fingerprint, or what is known of it. */
  readonly name: string;
  /** Why it cannot be used. */
  readonly reason: string;
  /** Fingerprints and key IDs that a signature by it may name; upper-case hex. */
  readonly ids: readonly string[];
}

/** One `verifier-public-key-*` entry: any certificate in it may sign. */
export interface PreparedKeyring {
  readonly name: string;
  readonly certificates: readonly PreparedCertificate[];
  /** What is beside them in the key file and cannot be used; absent where all can. */
  readonly unusable?: readonly UnusableKey[] | undefined;
}

/** Several key files as one keyring: a key of any of them may have signed. */
export function joinKeyrings(name: string, keyrings: readonly PreparedKeyring[]): PreparedKeyring {
  return {
    name,
    certificates: keyrings.flatMap(({ certificates }) => certificates),
    unusable: keyrings.flatMap(({ unusable }) => unusable ?? []),
  };
}

/** Why a keyring has no certificate that can be used. */
export function describeUnusable({ unusable = [] }: PreparedKeyring): string {
  if (unusable.length === 0) return 'there is no certificate in it';
  return `no certificate in it can be used: ${unusable.map(({ name, reason }) => `${name}: ${reason}`).join('; ')}`;
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
  /** Why a key cannot be used, by its fingerprint or ID. */
  readonly unusableById: ReadonlyMap<string, string>;
}

/** Done once per load of trust; keys become `node:crypto` objects when first used. */
export function indexKeyring({ name, certificates, unusable = [] }: PreparedKeyring): IndexedKeyring {
  const keysById = new Map<string, IndexedKey[]>();
  for (const certificate of certificates) {
    for (const key of certificate.keys) {
      const keyId = toKeyId(key.fingerprint);
      const sameId = keysById.get(keyId) ?? [];
      sameId.push({ certificate, key, verificationKey: once(() => toUsableKey(key)) });
      keysById.set(keyId, sameId);
    }
  }
  return {
    name,
    keysById,
    unusableById: new Map(unusable.flatMap(({ ids, reason }) => ids.map((id) => [id, reason]))),
  };
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

/** How a warning begins that says what cluster-version operators do not load of a keyring. */
export const OPERATORS_REFUSE = 'cluster-version operators refuse';

/** Whether a signature of this algorithm can be by a key of this kind. */
export function isAlgorithmOf(material: PublicKeyMaterial, keyAlgorithm: number, signatureAlgorithm: number): boolean {
  if (material.kind !== 'rsa') return keyAlgorithm === signatureAlgorithm;
  return signatureAlgorithm === PublicKeyAlgorithm.rsa || signatureAlgorithm === PublicKeyAlgorithm.rsaSignOnly;
}
