import { formatUnixTime } from '../../base/documents/unix-time.ts';
import { SignatureError } from '../../base/errors/signature-error.ts';
import { isBundleType, parseSignatureBlob, type UntrustedCosignSignature } from './signature-blob.ts';
import type { SigstoreTrust } from './sigstore-trust.ts';
import { verifyBundle } from './verify-bundle.ts';
import { verifyCosignSignature, type WantedImage } from './verify-cosign-signature.ts';

/** The image that is verified, and whether a bundle, which names no repository, may count for it. */
export interface SigstoreQuestion extends WantedImage {
  readonly bundleIdentity: 'refuse' | 'digest';
}

/** A Sigstore signature that holds for the image. */
export interface VerifiedSigstore {
  /** `SHA256:` and the hex of the hash of the key that signed. */
  readonly signer: string | undefined;
  /** What was signed and when, for the evidence. */
  readonly message: string;
  /** The name that was signed; undefined where the digest alone was. */
  readonly signedReference?: string;
}

/**
 * Verifies one stored Sigstore signature of an image (formats F7), a cosign signature or a bundle, against one
 * `sigstoreSigned` requirement.
 *
 * @param untrustedBytes as containers/image stores one
 * @param now seconds since 1970
 * @throws SignatureError with the code that says why not
 */
export function verifySigstoreBlob(
  untrustedBytes: Uint8Array,
  trust: SigstoreTrust,
  question: SigstoreQuestion,
  now: number,
): VerifiedSigstore {
  const blob = parseSignatureBlob(untrustedBytes);
  if (blob.format !== 'sigstore-json') {
    throw new SignatureError('SignatureUnsupported', 'the signature is an OpenPGP one');
  }
  const { signature } = blob;
  return isBundleType(signature.mimeType)
    ? verifyBundled(signature.payload, trust, question, now)
    : verifyCosign(signature, trust, question, now);
}

function verifyCosign(
  signature: UntrustedCosignSignature,
  trust: SigstoreTrust,
  question: SigstoreQuestion,
  now: number,
): VerifiedSigstore {
  const { signer, signedReference, loggedAt } = verifyCosignSignature(signature, trust, question, now);
  return { signer, signedReference, message: `signed for ${signedReference}${describeLog(loggedAt)}` };
}

function verifyBundled(
  bytes: Uint8Array,
  trust: SigstoreTrust,
  { digest, bundleIdentity }: SigstoreQuestion,
  now: number,
): VerifiedSigstore {
  const { signer, digests, loggedAt } = verifyBundle(bytes, trust, now);
  if (!digests.includes(digest)) {
    throw new SignatureError('DigestMismatch', `the bundle is for ${digests.join(', ')}`, { signer });
  }
  if (bundleIdentity !== 'digest') {
    throw new SignatureError('IdentityMismatch', 'a bundle names no repository, and the profile asks for one', {
      signer,
    });
  }
  return { signer, message: `signed for the digest alone${describeLog(loggedAt)}` };
}

function describeLog(loggedAt: number | undefined): string {
  return loggedAt === undefined ? '' : `, logged on ${formatUnixTime(loggedAt)}`;
}
