import { formatUnixDay } from '../../../base/documents/unix-time.ts';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { toCertificateHash } from '../packets/algorithms.ts';
import { parseSignaturePacket, toKeyId, type UntrustedSignature } from '../packets/signature-packet.ts';
import { readRevocationKeys, splitAreas } from '../packets/signature-subpackets.ts';
import { type CertificatePackets, type SelfStatement, Tag } from './certificate-packets.ts';
import { isAlgorithmOf } from './keyring.ts';
import type { PublicKeyMaterial, PublicKeyPacket } from './public-key-packet.ts';
import { isSignedBy, toVerificationKey, type VerificationKey } from './verification-key.ts';

/** A key that a signature may be by. */
export interface Claimed {
  /** Upper-case hex. */
  readonly fingerprint: string;
  /** Undefined where the key file does not hold it. */
  readonly key: PublicKeyPacket | undefined;
}

/**
 * Why the owner of a key has revoked it; undefined when not revoked. Reason and date of a revocation do not matter.
 *
 * @param revocations signature packets from anywhere in the key file: one in an odd place still revokes
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
    if (origin === 'not checkable') return 'it has a revocation that cannot be checked, and such a revocation counts';
    if (origin === 'by the key') return `by its owner, on ${formatUnixDay(signature.createdAt)}`;
  }
  return undefined;
}

/** True for a revocation that cannot be read: it counts for the certificate that it is in. */
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
  const keyId = toKeyId(fingerprint);
  const isNamed = (signature.issuerKeyId ?? keyId) === keyId;
  const hashName = toCertificateHash(signature.hashAlgorithm);
  const verificationKey = key?.material && tryToVerificationKey(key.material);
  if (key === undefined || verificationKey === undefined || hashName === undefined) {
    return isNamed ? 'not checkable' : 'not by the key';
  }
  // An unprotected area may name another key: what counts is who made the signature.
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

/** Undefined for numbers that are not a key: preparing that key reports it. */
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

/**
 * Keys that a certificate lets revoke it (RFC 9580 section 5.2.3.23): those that any of its own signatures names, not
 * the latest one alone, since a later signature does not take an authorisation back. Stricter than GnuPG, which reads
 * direct-key signatures only: signatures on user IDs count too.
 *
 * @param copies of one certificate in the key file
 * @param known all certificates of the key file, among which the revokers' keys are looked up
 */
export function findDesignatedRevokers(
  copies: readonly CertificatePackets[],
  known: readonly CertificatePackets[],
): readonly Claimed[] {
  const fingerprints = new Set<string>();
  for (const { primary, selfStatements } of copies) {
    for (const statement of selfStatements) {
      const named = readRevocationKeys(splitAreas(statement.body).hashedArea).fingerprints;
      if (named.length === 0 || !isOwn(statement, primary)) continue;
      for (const fingerprint of named) fingerprints.add(fingerprint);
    }
  }
  const keys = known.flatMap(({ primary, subkeys }) => [primary, ...subkeys]);
  return [...fingerprints].map((fingerprint) => ({
    fingerprint,
    key: keys.find((key) => key.fingerprint === fingerprint),
  }));
}

/**
 * Why a key is revoked by a designated revoker; undefined when it is not.
 *
 * @param revocations of the whole key file
 * @param standing those of them that are in the certificate itself: of these, one that cannot be checked counts
 * @param revoked what such a signature is over
 */
export function findDesignatedRevocation(
  revokers: readonly Claimed[],
  revocations: readonly Uint8Array[],
  standing: readonly Uint8Array[],
  revoked: Uint8Array,
): string | undefined {
  for (const revoker of revokers) {
    const { fingerprint } = revoker;
    for (const body of revocations) {
      const signature = tryParseStatement(body);
      const origin = signature && judgeOrigin(signature, revoker, revoked);
      if (origin === 'by the key') return `by its designated revoker ${fingerprint}`;
      if (origin === 'not checkable' && standing.includes(body)) {
        return `it carries a revocation by its designated revoker ${fingerprint} that cannot be checked, which counts`;
      }
    }
  }
  return undefined;
}

/** What cannot be read or checked counts as the key's own: it only lets others revoke. */
function isOwn({ body, user }: SelfStatement, primary: PublicKeyPacket): boolean {
  const signature = tryParseStatement(body);
  if (signature === undefined) return true;
  return judgeOrigin(signature, { ...primary, key: primary }, toSignedContent(primary, user)) !== 'not by the key';
}

/** What a self-signature is over (RFC 9580 section 5.2.4). */
export function toSignedContent({ hashed }: PublicKeyPacket, user: SelfStatement['user']): Uint8Array {
  if (user === undefined) return hashed;
  const head = Buffer.alloc(5);
  head.writeUInt8(user.tag === Tag.userId ? 0xb4 : 0xd1);
  head.writeUInt32BE(user.body.length, 1);
  return Buffer.concat([hashed, head, user.body]);
}
