import { SignatureError } from '../errors/signature-error.ts';
import { toCertificateHash } from './algorithms.ts';
import type { KeyWithRevocations } from './certificate-packets.ts';
import { isAlgorithmOf, isSignedBy, toVerificationKey } from './check-signature.ts';
import type { PublicKeyPacket } from './public-key-packet.ts';
import { parseSignaturePacket, type UntrustedSignature } from './signature-packet.ts';

/**
 * Why a key is revoked; undefined when it is not. Reason and date of a revocation do not matter. One that cannot be
 * read or checked counts; one that is by another key, or does not verify, does not.
 */
export function findRevocation(key: KeyWithRevocations, primary: PublicKeyPacket): string | undefined {
  const revoked = key.packet === primary ? [primary.hashed] : [primary.hashed, key.packet.hashed];
  for (const body of key.revocations) {
    const reason = judgeRevocation(body, primary, Buffer.concat(revoked));
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function judgeRevocation(body: Uint8Array, primary: PublicKeyPacket, revoked: Uint8Array): string | undefined {
  let signature: UntrustedSignature;
  try {
    signature = parseSignaturePacket(body);
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    return `it carries a revocation that cannot be read (${cause.message})`;
  }
  const issuer = signature.issuerKeyId ?? primary.fingerprint.slice(-16);
  if (issuer !== primary.fingerprint.slice(-16)) return undefined;
  return isByPrimary(signature, primary, revoked) ? `by its owner, on ${toDay(signature.createdAt)}` : undefined;
}

function isByPrimary(signature: UntrustedSignature, primary: PublicKeyPacket, revoked: Uint8Array): boolean {
  const hashName = toCertificateHash(signature.hashAlgorithm);
  // Not checkable here, by key or by hash: the revocation counts.
  if (primary.material === undefined || hashName === undefined) return true;
  if (!isAlgorithmOf(primary.material, primary.algorithm, signature.publicKeyAlgorithm)) return false;
  try {
    return isSignedBy(toVerificationKey(primary.material), signature, revoked, hashName);
  } catch (cause) {
    if (cause instanceof SignatureError) return false;
    throw cause;
  }
}

function toDay(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
