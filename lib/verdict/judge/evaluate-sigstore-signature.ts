import { SignatureError } from '../../base/errors/signature-error.ts';
import { BUNDLE_TYPE } from '../../crypto/sigstore/cosign-signature.ts';
import { evaluateSigstore, type SigstoreCandidate } from '../../crypto/sigstore/evaluate-sigstore.ts';
import { parseSignatureBlob } from '../../crypto/sigstore/signature-blob.ts';
import { matchesIdentity } from '../../trust/policy/matches-identity.ts';
import type { SigstoreCheck } from '../../trust/policy/requirement-check.ts';
import type { UntrustedSignature } from './evaluate-image-signature.ts';
import type { SignedImage } from './requirement-result.ts';
import type { Attempt } from './verdict.ts';

/** Characters of what an attempt says. */
export const MAX_MESSAGE_LENGTH = 1024;

/**
 * Checks one stored Sigstore signature of an image (formats F7): cryptography and who signed, payload, digest, identity.
 * Nothing thrown: what does not hold is an attempt with its code.
 *
 * @param now seconds since 1970
 */
export function evaluateSigstoreSignature(
  { untrustedBytes, store, location }: UntrustedSignature,
  { trust, name, signedIdentity, bundleIdentity }: SigstoreCheck,
  { digest, reference }: SignedImage,
  now: number,
): { readonly attempt: Attempt; readonly isMet: boolean } {
  const source = { store, location, keyring: name };
  const candidate = toCandidate(location, untrustedBytes);
  if (candidate instanceof SignatureError) {
    return { attempt: { ...source, code: candidate.code, message: shorten(candidate.message) }, isMet: false };
  }
  const acceptsReference = (signed: string): boolean => matchesIdentity(signedIdentity, reference, signed);
  const { attempts, isSatisfied } = evaluateSigstore(
    [candidate],
    trust,
    { digest, acceptsReference, bundleIdentity },
    now,
  );
  const [made] = attempts;
  // One candidate makes one attempt; without it there is no evidence, and no yes.
  if (made === undefined) {
    return { attempt: { ...source, code: 'SignatureMalformed', message: 'it was not looked at' }, isMet: false };
  }
  const { signer, code, message } = made;
  const attempt = { ...source, ...(signer === undefined ? {} : { signer }), code, message: shorten(message) };
  return { attempt, isMet: isSatisfied && code === 'Verified' };
}

/** A sentence may quote what nobody has signed: hundreds of long ones would be more than a record or an event holds. */
function shorten(message: string): string {
  if (message.length <= MAX_MESSAGE_LENGTH) return message;
  return `${message.slice(0, MAX_MESSAGE_LENGTH).toWellFormed()}…`;
}

function toCandidate(location: string, untrustedBytes: Uint8Array): SigstoreCandidate | SignatureError {
  try {
    const blob = parseSignatureBlob(untrustedBytes);
    if (blob.format !== 'sigstore-json') {
      return new SignatureError('SignatureUnsupported', 'the signature is an OpenPGP one');
    }
    const { signature } = blob;
    return signature.mimeType === BUNDLE_TYPE
      ? { location, untrusted: { kind: 'bundle', bytes: signature.payload } }
      : { location, untrusted: { kind: 'cosign', signature } };
  } catch (cause) {
    if (cause instanceof SignatureError) return cause;
    throw cause;
  }
}
