import { SignatureError } from '../errors/signature-error.ts';
import type { IndexedKeyring } from '../openpgp/indexed-keyring.ts';
import type { UntrustedSignedMessage } from '../openpgp/signed-message.ts';
import { verifyMessage } from '../openpgp/verify-message.ts';
import type { Digest } from '../pullspec/digest.ts';
import { parseReference, type Reference } from '../pullspec/reference.ts';
import type { Repository } from '../pullspec/repository.ts';
import { type PayloadMode, type UntrustedPayload, parseSimpleSigningPayload } from './simple-signing-payload.ts';

/** What one signature has to prove. */
export interface SignatureRequirement {
  readonly digest: Digest;
  /** Repositories that the payload may name; undefined: any, as the cluster-version operator has it. */
  readonly signedRepositories: readonly Repository[] | undefined;
  readonly payloadMode: PayloadMode;
}

declare const verifiedBrand: unique symbol;

/** A signature that holds for a digest, by a key of the keyring. Made by {@link verifySignature} alone. */
export interface VerifiedSignature {
  readonly [verifiedBrand]: true;
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
}

/**
 * The whole check of one signature against one keyring, in the order that keeps unproven bytes from being read:
 * cryptography, key, payload, digest, identity.
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
  const { content, ...signed } = verifyMessage(message, keyring, now);
  try {
    const { digest, dockerReference } = verifyPayload(content, requirement);
    const { signer, signingKey, createdAt, expiresAt, notes } = signed;
    return {
      keyring: keyring.name,
      signer,
      signingKey,
      digest,
      signedReference: dockerReference,
      createdAt,
      expiresAt,
      notes,
    } as VerifiedSignature;
  } catch (cause) {
    // From here on the signer is proven, and belongs to the evidence.
    if (!(cause instanceof SignatureError)) throw cause;
    throw new SignatureError(cause.code, cause.message, { cause, signer: signed.signer });
  }
}

/**
 * What verified content must say: payload, then digest, then identity.
 *
 * @throws SignatureError `PayloadInvalid`, `DigestMismatch`, `RepositoryMismatch`
 */
export function verifyPayload(content: Uint8Array, requirement: SignatureRequirement): UntrustedPayload {
  const payload = parseSimpleSigningPayload(content, requirement.payloadMode);
  verifyDigest(payload.digest, requirement.digest);
  verifyRepository(payload.dockerReference, requirement.signedRepositories);
  return payload;
}

function verifyDigest(signed: Digest, wanted: Digest): void {
  if (signed !== wanted) throw new SignatureError('DigestMismatch', `the signature is for ${signed}`);
}

function verifyRepository(dockerReference: string, allowed: readonly Repository[] | undefined): void {
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
