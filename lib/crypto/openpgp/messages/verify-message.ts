import { hash } from 'node:crypto';
import { formatUnixTime } from '../../../base/documents/unix-time.ts';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import type { IndexedKey, IndexedKeyring } from '../keys/keyring.ts';
import { isAlgorithmOf, isSignedBy } from '../keys/verification-key.ts';
import { PublicKeyAlgorithm, toAcceptedHash } from '../packets/algorithms.ts';
import { Compression } from '../packets/decompress.ts';
import { toKeyVersion, type UntrustedSignature } from '../packets/signature-packet.ts';
import { toSignedContent, type UntrustedSignedMessage } from './signed-message.ts';

/** Seconds that a signature may be dated ahead of now. */
const MAX_CLOCK_SKEW_SECONDS = 24 * 60 * 60;

/** A message that one key of the keyring signed, with that key allowed to. Made by {@link verifyMessage} alone. */
export interface VerifiedMessage {
  readonly content: Uint8Array;
  /** Fingerprint of the signer's primary key. */
  readonly signer: string;
  /** Fingerprint of the key that signed: the primary one or a subkey. */
  readonly signingKey: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  /** First second at which the signature or its key is no longer valid, if ever. */
  readonly expiresAt: number | undefined;
  /** What current clusters cannot verify although Signet did. */
  readonly notes: readonly string[];
  /** False for a framing that current clusters cannot read, whatever is signed. */
  readonly isReadableByClusters: boolean;
  /** False for a signature of OpenPGP version 6: a mirror keeps it, and clusters need another one beside it. */
  readonly isOfClusterVersion: boolean;
}

/**
 * Cryptography first, then the validity of the key, judged when the signature was made; a revoked key never.
 *
 * @param now seconds since 1970
 * @throws SignatureError with the code that says why not
 */
export function verifyMessage(message: UntrustedSignedMessage, keyring: IndexedKeyring, now: number): VerifiedMessage {
  const { signature } = message;
  const hashName = toAcceptedHash(signature);
  const candidates = findCandidates(message, keyring);
  const signedContent = toSignedContent(message);
  const { found, obstacle } = findSigner(candidates, signature, signedContent, hashName);
  if (found === undefined) {
    if (obstacle !== undefined) throw obstacle;
    throw new SignatureError('SignatureInvalid', 'the signature does not match what it should sign', {
      signer: candidates[0]?.certificate.fingerprint,
    });
  }
  const copies = candidates.filter(({ key }) => key.fingerprint === found.key.fingerprint);
  for (const copy of copies) verifyNotRevoked(copy);
  const [signer = found] = copies.toSorted((one, other) => other.key.assertedAt - one.key.assertedAt);
  verifyKeyUse(signer, signature.createdAt);
  verifyTimes(message, signer, now);
  return {
    content: message.content,
    signer: signer.certificate.fingerprint,
    signingKey: signer.key.fingerprint,
    createdAt: signature.createdAt,
    expiresAt: earliest(signature.expiresAt, signer.key.expiresAt),
    notes: toNotes(message, signer),
    isReadableByClusters: message.compression !== Compression.none,
    isOfClusterVersion: signature.version !== 6,
  };
}

function findCandidates(
  { signature, signerKeyId }: UntrustedSignedMessage,
  keyring: IndexedKeyring,
): readonly IndexedKey[] {
  const { issuerFingerprint } = signature;
  const candidates = (keyring.keysById.get(signerKeyId) ?? []).filter(
    ({ key: { fingerprint } }) =>
      // A key of version 6 makes signatures of version 6, and no other key does (RFC 9580 section 5.2).
      (toKeyVersion(fingerprint) === 6) === (signature.version === 6) &&
      (issuerFingerprint === undefined || issuerFingerprint === fingerprint),
  );
  if (candidates.length === 0) {
    const unusable = keyring.unusableById.get(issuerFingerprint ?? signerKeyId);
    if (unusable !== undefined) {
      throw new SignatureError('SignatureUnsupported', `the signer's key cannot be used here: ${unusable}`, {
        signer: issuerFingerprint ?? signerKeyId,
      });
    }
    throw new SignatureError('KeyUnknown', `no key of the keyring has the signer's ID ${signerKeyId}`, {
      signer: issuerFingerprint ?? signerKeyId,
    });
  }
  return candidates;
}

/**
 * The first key that made the signature: one that cannot be used hides no other of the same ID.
 *
 * @returns as the obstacle, why the first could not be asked, where none could
 */
function findSigner(
  candidates: readonly IndexedKey[],
  signature: UntrustedSignature,
  signedContent: Uint8Array,
  hashName: string,
): { readonly found?: IndexedKey | undefined; readonly obstacle?: unknown } {
  const obstacles: unknown[] = [];
  for (const candidate of candidates) {
    try {
      const key = candidate.verificationKey();
      const isOfKey = isAlgorithmOf(key.material, candidate.key.algorithm, signature.publicKeyAlgorithm);
      if (isOfKey && isSignedBy(key, signature, signedContent, hashName)) return { found: candidate };
    } catch (cause) {
      // What the evaluation may cost is used up: no further key is tried.
      if (cause instanceof SignatureError && cause.code === 'LimitExceeded') throw cause;
      obstacles.push(cause);
    }
  }
  return obstacles.length === candidates.length ? { obstacle: obstacles[0] } : {};
}

/** A keyring may hold the same key twice, once as revoked: any copy's revocation counts. */
function verifyNotRevoked({ certificate, key }: IndexedKey): void {
  if (key.revoked === undefined) return;
  throw new SignatureError('KeyRevoked', `the key is revoked: ${key.revoked}`, { signer: certificate.fingerprint });
}

/** Of several copies the one that was asserted last counts: an old copy beside a renewed key changes nothing. */
function verifyKeyUse({ certificate, key }: IndexedKey, signedAt: number): void {
  const signer = certificate.fingerprint;
  if (key.notForSigning !== undefined) throw new SignatureError('KeyNotForSigning', key.notForSigning, { signer });
  if (signedAt < key.createdAt) {
    throw new SignatureError('SignatureInvalid', 'the signature is dated before its key was made', { signer });
  }
  if (key.expiresAt !== undefined && signedAt >= key.expiresAt) {
    throw new SignatureError(
      'KeyExpired',
      `the key had expired on ${formatUnixTime(key.expiresAt)}, before it signed`,
      {
        signer,
      },
    );
  }
}

function verifyTimes({ signature }: UntrustedSignedMessage, { certificate }: IndexedKey, now: number): void {
  const signer = certificate.fingerprint;
  // Written so that nothing holds when the time is NaN.
  if (!(signature.createdAt <= now + MAX_CLOCK_SKEW_SECONDS)) {
    throw new SignatureError('SignatureFromFuture', `the signature is dated ${formatUnixTime(signature.createdAt)}`, {
      signer,
    });
  }
  if (signature.expiresAt !== undefined && !(signature.expiresAt > now)) {
    throw new SignatureError('SignatureExpired', `the signature expired on ${formatUnixTime(signature.expiresAt)}`, {
      signer,
    });
  }
}

const UNREADABLE_VERSION_6 =
  'current cluster-version operators and nodes cannot read OpenPGP version 6: they need a signature by another key beside it';

/** About the file of the keyring, which a cluster may have in another form. */
export const LATER_BLOCK =
  'current cluster-version operators read only the first armor block of a keyring; this key is in a later one';

/** What the OpenPGP library of current cluster-version operators (golang.org/x/crypto/openpgp) does not read. */
function toNotes(
  { signature, compression }: UntrustedSignedMessage,
  { certificate, key }: IndexedKey,
): readonly string[] {
  const notes: string[] = [];
  if (signature.version === 6) {
    notes.push(UNREADABLE_VERSION_6);
  } else if (key.algorithm === PublicKeyAlgorithm.eddsaLegacy || key.algorithm === PublicKeyAlgorithm.ed25519) {
    notes.push('current cluster-version operators cannot check Ed25519 signatures');
  }
  if (certificate.armorBlock > 0) {
    notes.push(LATER_BLOCK);
  }
  if (compression === Compression.none) {
    notes.push('current cluster-version operators cannot read a compressed packet with algorithm 0');
  }
  return notes;
}

function earliest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : Math.min(one, other ?? one);
}

/**
 * Names a signature by what is signed about it: signing key, signed bytes, signature value. Framing (file name, dates,
 * packet headers, compression) is not signed, so two messages that differ only in it are one signature.
 *
 * @param signingKey fingerprint of the key that verified the message
 * @returns SHA-256, hex
 */
export function toSignatureIdentity(message: UntrustedSignedMessage, signingKey: string): string {
  const { publicKeyAlgorithm, salt, trailer, value } = message.signature;
  // Of an ECDSA pair (r, s) anybody can make the equally valid (r, n−s): the first integer alone names it.
  const integers = value.kind === 'integers' && publicKeyAlgorithm === PublicKeyAlgorithm.ecdsa ? 1 : Infinity;
  const parts = value.kind === 'octets' ? [value.octets] : value.integers.slice(0, integers);
  // Lengths keep one part's end from being read as the next one's start.
  const salted = salt.length === 0 ? [] : [salt];
  const framed = [Buffer.from(signingKey), ...salted, toSignedContent(message), trailer, ...parts].flatMap((part) => [
    Buffer.from(`${part.length}:`),
    part,
  ]);
  return hash('sha256', Buffer.concat(framed), 'hex');
}
