import { SignatureError } from '../../base/errors/signature-error.ts';
import { parseSignedMessage } from '../../crypto/openpgp/messages/signed-message.ts';
import { matchesIdentity } from '../../trust/policy/matches-identity.ts';
import type { SignatureCheck } from '../../trust/policy/requirement-check.ts';
import type { SignedIdentity } from '../../trust/policy/signed-identity.ts';
import type { SignatureSource } from './evaluate-signature.ts';
import type { SignedImage } from './requirement-result.ts';
import type { Attempt } from './verdict.ts';
import { type SignedPayload, verifyDigest, verifySignedPayload } from './verify-signature.ts';

/** A simple signing signature as a store or a directory holds it. */
export interface UntrustedSignature extends SignatureSource {
  readonly untrustedBytes: Uint8Array;
}

/** The attempt, and what was signed where the signature holds. */
export interface ImageSignatureEvaluation {
  readonly attempt: Attempt;
  readonly verified: SignedPayload | undefined;
}

/**
 * Checks one signature of an image: cryptography, key, payload (read as containers/image does), digest, identity.
 * Nothing thrown: what does not hold is an attempt with its code.
 *
 * @param now seconds since 1970
 */
export function evaluateImageSignature(
  { untrustedBytes, store, location }: UntrustedSignature,
  { keyring, signedIdentity }: SignatureCheck,
  image: SignedImage,
  now: number,
): ImageSignatureEvaluation {
  const source = { store, location, keyring: keyring.name };
  try {
    const signed = verifySignedPayload(parseSignedMessage(untrustedBytes), keyring, 'strict', now);
    const { signer, signedReference, createdAt, notes } = signed;
    const refused = refusalOf(signed, signedIdentity, image);
    if (refused !== undefined) return { attempt: { ...source, signer, ...refused }, verified: undefined };
    const message = `signed on ${new Date(createdAt * 1000).toISOString()} for ${signedReference}`;
    const note = notes.length === 0 ? {} : { note: notes.join('; ') };
    return { attempt: { ...source, signer, code: 'Verified', message, ...note }, verified: signed };
  } catch (cause) {
    // Only a rejection becomes a result; any other error is a fault of ours and goes on up.
    if (!(cause instanceof SignatureError)) throw cause;
    const { code, message, signer } = cause;
    return {
      attempt: { ...source, ...(signer === undefined ? {} : { signer }), code, message },
      verified: undefined,
    };
  }
}

function refusalOf(
  { digest, signedReference }: SignedPayload,
  signedIdentity: SignedIdentity,
  image: SignedImage,
): Pick<Attempt, 'code' | 'message'> | undefined {
  try {
    verifyDigest(digest, image.digest);
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    return { code: cause.code, message: cause.message };
  }
  if (matchesIdentity(signedIdentity, image.reference, signedReference)) return undefined;
  const message = `the signature names ${JSON.stringify(signedReference)}, which ${signedIdentity.type} does not accept`;
  return { code: 'IdentityMismatch', message };
}
