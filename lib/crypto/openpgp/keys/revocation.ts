import { SignatureError } from '../../../base/errors/signature-error.ts';
import { toCertificateHash } from '../packets/algorithms.ts';
import { parseSignaturePacket, type UntrustedSignature } from '../packets/signature-packet.ts';
import { isAlgorithmOf, isSignedBy, toVerificationKey } from './check-signature.ts';
import type { PublicKeyPacket } from './public-key-packet.ts';

/**
 * Why a key is revoked; undefined when it is not. Reason and date of a revocation do not matter.
 *
 * @param revocations signature packets from anywhere in the key file: one that stands in an odd place still revokes
 * @param revoked what such a signature is over: the primary key, or primary key and subkey
 */
export function findRevocation(
  revocations: readonly Uint8Array[],
  primary: PublicKeyPacket,
  revoked: Uint8Array,
): string | undefined {
  for (const body of revocations) {
    const signature = tryParse(body);
    if (signature === undefined) continue;
    const reason = judgeRevocation(signature, primary, revoked);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** True for a revocation that cannot be read: it counts for whatever it stands with. */
export function isUnreadableRevocation(body: Uint8Array): boolean {
  return tryParse(body) === undefined;
}

function judgeRevocation(
  signature: UntrustedSignature,
  primary: PublicKeyPacket,
  revoked: Uint8Array,
): string | undefined {
  const keyId = primary.fingerprint.slice(-16);
  const isNamed = (signature.issuerKeyId ?? keyId) === keyId;
  const hashName = toCertificateHash(signature.hashAlgorithm);
  if (primary.material === undefined || hashName === undefined) {
    return isNamed ? 'it carries a revocation that cannot be checked, which counts' : undefined;
  }
  // Another name may stand where the signature does not protect it: what counts is whose signature it is.
  if (!isAlgorithmOf(primary.material, primary.algorithm, signature.publicKeyAlgorithm)) return undefined;
  try {
    // The hash tag is not signed: whoever breaks it must not undo a revocation.
    const isOwn = isSignedBy(toVerificationKey(primary.material), signature, revoked, hashName, 'ignore hash tag');
    return isOwn ? `by its owner, on ${new Date(signature.createdAt * 1000).toISOString().slice(0, 10)}` : undefined;
  } catch (cause) {
    if (cause instanceof SignatureError) return undefined;
    throw cause;
  }
}

function tryParse(body: Uint8Array): UntrustedSignature | undefined {
  try {
    return parseSignaturePacket(body, 'ignore');
  } catch (cause) {
    if (cause instanceof SignatureError) return undefined;
    throw cause;
  }
}
