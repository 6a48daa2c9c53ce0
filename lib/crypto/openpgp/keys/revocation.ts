import { formatUnixDay } from '../../../base/documents/unix-time.ts';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { toCertificateHash } from '../packets/algorithms.ts';
import { parseSignaturePacket, type UntrustedSignature } from '../packets/signature-packet.ts';
import { isAlgorithmOf, isSignedBy, toVerificationKey, type VerificationKey } from './check-signature.ts';
import type { PublicKeyMaterial } from './prepared-keyring.ts';
import type { PublicKeyPacket } from './public-key-packet.ts';

/** A key that a signature may be by. */
export interface Claimed {
  /** Upper-case hex, 40 digits. */
  readonly fingerprint: string;
  /** Undefined where the key file does not hold it. */
  readonly key: PublicKeyPacket | undefined;
}

/**
 * Why its owner has revoked a key; undefined when nobody did. Reason and date of a revocation do not matter.
 *
 * @param revocations signature packets from anywhere in the key file: one that stands in an odd place still revokes
 * @param revoked what such a signature is over: the primary key, or primary key and subkey
 */
export function findRevocation(
  revocations: readonly Uint8Array[],
  primary: PublicKeyPacket,
  revoked: Uint8Array,
): string | undefined {
  const owner = { fingerprint: primary.fingerprint, key: primary };
  for (const body of revocations) {
    const signature = tryParseStatement(body);
    if (signature === undefined) continue;
    const origin = judgeOrigin(signature, owner, revoked);
    if (origin === 'not checkable') return 'it carries a revocation that cannot be checked, which counts';
    if (origin === 'by the key') return `by its owner, on ${formatUnixDay(signature.createdAt)}`;
  }
  return undefined;
}

/** True for a revocation that cannot be read: it counts for whatever it stands with. */
export function isUnreadableRevocation(body: Uint8Array): boolean {
  return tryParseStatement(body) === undefined;
}

/**
 * Whether a signature of a certificate is by a key. `not checkable`: it claims to be, or names nobody, and cannot be
 * verified here.
 */
export function judgeOrigin(
  signature: UntrustedSignature,
  { fingerprint, key }: Claimed,
  signedContent: Uint8Array,
): 'by the key' | 'not checkable' | 'not by the key' {
  const keyId = fingerprint.slice(-16);
  const isNamed = (signature.issuerKeyId ?? keyId) === keyId;
  const hashName = toCertificateHash(signature.hashAlgorithm);
  const verificationKey = key?.material && tryToVerificationKey(key.material);
  if (key === undefined || verificationKey === undefined || hashName === undefined) {
    return isNamed ? 'not checkable' : 'not by the key';
  }
  // Another name may stand where the signature does not protect it: what counts is whose signature it is.
  const { material } = verificationKey;
  if (!isAlgorithmOf(material, key.algorithm, signature.publicKeyAlgorithm)) return 'not by the key';
  try {
    // The hash tag is not signed: whoever breaks it must not undo a revocation.
    const isBy = isSignedBy(verificationKey, signature, signedContent, hashName, 'ignore hash tag');
    return isBy ? 'by the key' : 'not by the key';
  } catch (cause) {
    if (cause instanceof SignatureError) return 'not by the key';
    throw cause;
  }
}

/** Undefined for numbers that are no key: whoever reads the key itself says so. */
function tryToVerificationKey(material: PublicKeyMaterial): VerificationKey | undefined {
  try {
    return toVerificationKey(material);
  } catch {
    return undefined;
  }
}

/** A signature of a certificate, whatever else it says; undefined when it cannot be read. */
export function tryParseStatement(body: Uint8Array): UntrustedSignature | undefined {
  try {
    return parseSignaturePacket(body, 'ignore');
  } catch (cause) {
    if (cause instanceof SignatureError) return undefined;
    throw cause;
  }
}
