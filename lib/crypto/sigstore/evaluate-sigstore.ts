import type { ReasonCode } from '../../base/errors/reason-code.ts';
import { SignatureError } from '../../base/errors/signature-error.ts';
import type { UntrustedCosignSignature } from './cosign-signature.ts';
import { parseSignatureBlob } from './signature-blob.ts';
import type { SigstoreTrust } from './sigstore-trust.ts';
import { verifyBundle } from './verify-bundle.ts';
import { verifyCosignSignature, type WantedImage } from './verify-cosign-signature.ts';

/** Something found where signatures of the image are kept. */
export interface SigstoreCandidate {
  /** For the evidence: a tag and layer, a referrer's digest, a file. */
  readonly location: string;
  readonly untrusted:
    | { readonly kind: 'cosign'; readonly signature: UntrustedCosignSignature }
    | { readonly kind: 'bundle'; readonly bytes: Uint8Array }
    /** A signature file of an image directory, of whichever format. */
    | { readonly kind: 'blob'; readonly bytes: Uint8Array };
}

/** What the image has to be, and whether a bundle may speak for it although it names no repository. */
export interface SigstoreQuestion extends WantedImage {
  readonly bundleIdentity: 'refuse' | 'digest';
}

/** What became of one candidate. */
export interface SigstoreAttempt {
  readonly location: string;
  /** `SHA256:` and the hex of the hash of the key that signed, once proven. */
  readonly signer?: string | undefined;
  readonly code: ReasonCode | 'Verified';
  readonly message: string;
}

export interface SigstoreEvaluation {
  /** Any one signature is enough; none among no candidates is a no. */
  readonly isSatisfied: boolean;
  readonly attempts: readonly SigstoreAttempt[];
}

/**
 * Checks candidates against one `sigstoreSigned` requirement, and stops at the first that meets it. Nothing thrown:
 * what does not hold is an attempt with its code.
 *
 * @param now seconds since 1970
 */
export function evaluateSigstore(
  candidates: readonly SigstoreCandidate[],
  trust: SigstoreTrust,
  question: SigstoreQuestion,
  now: number,
): SigstoreEvaluation {
  const attempts: SigstoreAttempt[] = [];
  for (const candidate of candidates) {
    const attempt = evaluateCandidate(candidate, trust, question, now);
    attempts.push(attempt);
    if (attempt.code === 'Verified') return { isSatisfied: true, attempts };
  }
  return { isSatisfied: false, attempts };
}

function evaluateCandidate(
  { location, untrusted }: SigstoreCandidate,
  trust: SigstoreTrust,
  question: SigstoreQuestion,
  now: number,
): SigstoreAttempt {
  try {
    switch (untrusted.kind) {
      case 'cosign':
        return verifyCosign(location, untrusted.signature, trust, question, now);
      case 'bundle':
        return verifyBundled(location, untrusted.bytes, trust, question, now);
      case 'blob': {
        const blob = parseSignatureBlob(untrusted.bytes);
        if (blob.format === 'sigstore-json') return verifyCosign(location, blob.signature, trust, question, now);
        throw new SignatureError('SignatureUnsupported', 'the signature is an OpenPGP one');
      }
      default:
        throw new SignatureError('SignatureUnsupported', 'the kind of signature is not known');
    }
  } catch (cause) {
    // Only a rejection becomes a result; any other error is a fault of ours and goes on up.
    if (!(cause instanceof SignatureError)) throw cause;
    const { code, message, signer } = cause;
    return { location, ...(signer === undefined ? {} : { signer }), code, message };
  }
}

function verifyCosign(
  location: string,
  signature: UntrustedCosignSignature,
  trust: SigstoreTrust,
  question: SigstoreQuestion,
  now: number,
): SigstoreAttempt {
  const { signer, signedReference, loggedAt } = verifyCosignSignature(signature, trust, question, now);
  return { location, signer, code: 'Verified', message: `signed for ${signedReference}${describeLog(loggedAt)}` };
}

function verifyBundled(
  location: string,
  bytes: Uint8Array,
  trust: SigstoreTrust,
  { digest, bundleIdentity }: SigstoreQuestion,
  now: number,
): SigstoreAttempt {
  const { signer, digests, loggedAt } = verifyBundle(bytes, trust, now);
  if (!digests.includes(digest)) {
    throw new SignatureError('DigestMismatch', `the bundle is for ${digests.join(', ')}`, { signer });
  }
  if (bundleIdentity !== 'digest') {
    throw new SignatureError('IdentityMismatch', 'a bundle names no repository, and the profile asks for one', {
      signer,
    });
  }
  return { location, signer, code: 'Verified', message: `signed for the digest alone${describeLog(loggedAt)}` };
}

function describeLog(loggedAt: number | undefined): string {
  return loggedAt === undefined ? '' : `, logged on ${new Date(loggedAt * 1000).toISOString()}`;
}
