import { SignatureError } from '../../base/errors/signature-error.ts';
import type { IndexedKeyring } from '../../crypto/openpgp/keys/indexed-keyring.ts';
import { toSignatureIdentity } from '../../crypto/openpgp/messages/signature-identity.ts';
import { parseSignedMessage, type UntrustedSignedMessage } from '../../crypto/openpgp/messages/signed-message.ts';
import type { Attempt } from './verdict.ts';
import { type SignatureRequirement, type VerifiedSignature, verifySignature } from './verify-signature.ts';

/** Where a signature was found, for the evidence. */
export interface SignatureSource {
  readonly store: string;
  readonly location: string;
}

/** What each keyring made of one signature. */
export interface SignatureEvaluation {
  readonly attempts: readonly Attempt[];
  /** The keyrings that it satisfies, with the name that tells the signature from a re-framed copy. */
  readonly verified: readonly IdentifiedSignature[];
}

export interface IdentifiedSignature extends VerifiedSignature {
  readonly identity: string;
}

/**
 * Checks one signature against each keyring. Nothing thrown: what does not hold is an attempt with its code.
 *
 * @param now seconds since 1970
 */
export function evaluateSignature(
  untrustedBytes: Uint8Array,
  source: SignatureSource,
  keyrings: readonly IndexedKeyring[],
  requirement: SignatureRequirement,
  now: number,
): SignatureEvaluation {
  const message = rejectionOf(() => parseSignedMessage(untrustedBytes));
  if (message instanceof SignatureError)
    return { attempts: [toFailedAttempt(message, source, undefined)], verified: [] };
  const attempts: Attempt[] = [];
  const verified: IdentifiedSignature[] = [];
  for (const keyring of keyrings) {
    const result = evaluateKeyring(message, keyring, requirement, now);
    if (result instanceof SignatureError) {
      attempts.push(toFailedAttempt(result, source, keyring.name));
    } else {
      verified.push({ ...result, identity: toSignatureIdentity(message, result.signingKey) });
      attempts.push(toVerifiedAttempt(result, source));
    }
  }
  return { attempts, verified };
}

function evaluateKeyring(
  message: UntrustedSignedMessage,
  keyring: IndexedKeyring,
  requirement: SignatureRequirement,
  now: number,
): VerifiedSignature | SignatureError {
  return rejectionOf(() => verifySignature(message, keyring, requirement, now));
}

/** Only a rejection becomes a result; any other error is a fault of ours and goes on up. */
function rejectionOf<T>(verify: () => T): T | SignatureError {
  try {
    return verify();
  } catch (cause) {
    if (cause instanceof SignatureError) return cause;
    throw cause;
  }
}

function toFailedAttempt(error: SignatureError, source: SignatureSource, keyring: string | undefined): Attempt {
  return {
    ...source,
    ...(keyring === undefined ? {} : { keyring }),
    ...(error.signer === undefined ? {} : { signer: error.signer }),
    code: error.code,
    message: error.message,
  };
}

function toVerifiedAttempt(signature: VerifiedSignature, source: SignatureSource): Attempt {
  const { keyring, signer, signedReference, createdAt, notes } = signature;
  return {
    ...source,
    keyring,
    signer,
    code: 'Verified',
    message: `signed on ${new Date(createdAt * 1000).toISOString()} for ${signedReference}`,
    ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
  };
}
