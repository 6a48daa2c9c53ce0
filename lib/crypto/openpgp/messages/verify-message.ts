import { hash } from 'node:crypto';
import type { IndexedKey, IndexedKeyring } from '../keys/keyring.ts';
import { isSignedBy } from '../keys/verification-key.ts';
import { PublicKeyAlgorithm, toAcceptedHash } from '../packets/algorithms.ts';
import { Compression } from '../packets/decompress.ts';
import { toSignedContent, type UntrustedSignedMessage } from './signed-message.ts';
import { findCandidates, findSigner, requireValidSigner } from './signer.ts';

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
  const candidates = findCandidates(signature, message.signerKeyId, keyring);
  const signedContent = toSignedContent(message);
  const found = findSigner(candidates, signature, ({ verificationKey }) =>
    isSignedBy(verificationKey(), signature, signedContent, hashName),
  );
  const signer = requireValidSigner(found, candidates, signature, now);
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
