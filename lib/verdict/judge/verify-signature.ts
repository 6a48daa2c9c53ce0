import { SignatureError } from '../../base/errors/signature-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { parseReference, type Reference } from '../../base/names/reference.ts';
import type { IndexedKeyring } from '../../crypto/openpgp/keys/keyring.ts';
import type { UntrustedSignedMessage } from '../../crypto/openpgp/messages/signed-message.ts';
import { verifyMessage } from '../../crypto/openpgp/messages/verify-message.ts';
import { type PayloadMode, parseSimpleSigningPayload } from '../../crypto/simple-signing-payload.ts';

/** What one signature has to prove. */
export interface SignatureRequirement {
  readonly digest: Digest;
  /** Repositories that the payload may name; undefined: any, as the cluster-version operator has it. */
  readonly signedRepositories: readonly Repository[] | undefined;
  readonly payloadMode: PayloadMode;
}

/** What a key of the keyring signed. It may still be for another digest or repository than the one in question. */
export interface SignedPayload {
  readonly keyring: string;
  /** Fingerprint of the signer's primary key. */
  readonly signer: string;
  readonly signingKey: string;
  readonly digest: Digest;
  /** The payload's docker-reference, as signed. */
  readonly signedReference: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  /** First second at which signature or key is no longer valid, if ever. */
  readonly expiresAt: number | undefined;
  readonly notes: readonly string[];
  /** False for a framing that current clusters cannot read: no mirror should hold it. */
  readonly isReadableByClusters: boolean;
  /** False for a signature of OpenPGP version 6, which no current cluster reads: a mirror holds it beside others. */
  readonly isOfClusterVersion: boolean;
}

declare const verifiedBrand: unique symbol;

/** A signature that holds for the digest it was asked for. Made by {@link verifySignature} alone. */
export interface VerifiedSignature extends SignedPayload {
  readonly [verifiedBrand]: true;
}

/** A signature that holds, with the name that tells it from a re-framed copy. */
export interface IdentifiedSignature extends VerifiedSignature {
  readonly identity: string;
}

/**
 * The first half of the check, in the order that keeps unproven bytes from being read: cryptography, key, payload.
 *
 * @param now seconds since 1970
 * @throws SignatureError with the code that says why not
 */
export function verifySignedPayload(
  message: UntrustedSignedMessage,
  keyring: IndexedKeyring,
  payloadMode: PayloadMode,
  now: number,
): SignedPayload {
  const { content, ...signed } = verifyMessage(message, keyring, now);
  const { digest, dockerReference } = withSigner(signed.signer, () => parseSimpleSigningPayload(content, payloadMode));
  return { keyring: keyring.name, digest, signedReference: dockerReference, ...signed };
}

/**
 * The whole check of one signature against one keyring: the signed payload, then its digest, then its identity.
 *
 * @param now seconds since 1970
 * @throws SignatureError with the code that says why not
 */
export function verifySignature(
  message: UntrustedSignedMessage,
  keyring: IndexedKeyring,
  requirement: SignatureRequirement,
  now: number,
): VerifiedSignature {
  const signed = verifySignedPayload(message, keyring, requirement.payloadMode, now);
  withSigner(signed.signer, () => verifyIdentity(signed.digest, signed.signedReference, requirement));
  return signed as VerifiedSignature;
}

/** What a policy asks of the signature of an image. */
export interface ImageClaim {
  readonly digest: Digest;
  /** Whether the payload's docker-reference may name the image. */
  readonly isAccepted: (signedReference: string) => boolean;
  /** What decides that, for the message. */
  readonly identity: string;
}

/**
 * The whole check of one simple signing signature of an image, as containers/image does it.
 *
 * @param now seconds since 1970
 * @throws SignatureError with the code that says why not
 */
export function verifyImageSignature(
  message: UntrustedSignedMessage,
  keyring: IndexedKeyring,
  { digest, isAccepted, identity }: ImageClaim,
  now: number,
): VerifiedSignature {
  const signed = verifySignedPayload(message, keyring, 'strict', now);
  withSigner(signed.signer, () => {
    verifyDigest(signed.digest, digest);
    if (isAccepted(signed.signedReference)) return;
    const name = JSON.stringify(signed.signedReference);
    throw new SignatureError('IdentityMismatch', `the signature names ${name}, which ${identity} does not accept`);
  });
  return signed as VerifiedSignature;
}

/** What a payload must say: the digest, then the identity. @throws SignatureError `DigestMismatch`, `RepositoryMismatch` */
function verifyIdentity(
  digest: Digest,
  signedReference: string,
  { digest: wanted, signedRepositories }: Pick<SignatureRequirement, 'digest' | 'signedRepositories'>,
): void {
  verifyDigest(digest, wanted);
  verifyRepository(signedReference, signedRepositories);
}

/** Once the signer is proven, it belongs to the evidence of whatever else is wrong. */
function withSigner<T>(signer: string, verify: () => T): T {
  try {
    return verify();
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    throw new SignatureError(cause.code, cause.message, { cause, signer });
  }
}

/** @throws SignatureError `DigestMismatch` */
export function verifyDigest(signed: Digest, wanted: Digest): void {
  if (signed !== wanted) throw new SignatureError('DigestMismatch', `the signature is for ${signed}`);
}

/** @throws SignatureError `RepositoryMismatch` */
export function verifyRepository(dockerReference: string, allowed: readonly Repository[] | undefined): void {
  if (allowed === undefined) return;
  const repository = tryParse(dockerReference)?.repository;
  if (repository !== undefined && allowed.includes(repository)) return;
  throw new SignatureError(
    'RepositoryMismatch',
    `the signature names ${JSON.stringify(dockerReference)}, which is not of ${allowed.join(' or ')}`,
  );
}

function tryParse(dockerReference: string): Reference | undefined {
  try {
    return parseReference(dockerReference);
  } catch {
    return undefined;
  }
}
