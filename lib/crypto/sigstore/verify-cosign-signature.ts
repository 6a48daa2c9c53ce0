import type { KeyObject } from 'node:crypto';
import { decodeBase64 } from '../../base/documents/base64.ts';
import { SignatureError } from '../../base/errors/signature-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import { parseSimpleSigningPayload } from '../simple-signing-payload.ts';
import { verifyRekorSet } from './rekor-set.ts';
import {
  COSIGN_SIGNATURE_TYPE,
  CosignAnnotation,
  MAX_SIGSTORE_SIGNATURE_BYTES,
  type UntrustedCosignSignature,
} from './signature-blob.ts';
import type { SigstoreTrust } from './sigstore-trust.ts';
import { parseLeafCertificate, parseSentIntermediates } from './x509/certificate.ts';
import { toKeyBytes, toKeyName, verifyBlob } from './x509/public-key.ts';
import { verifyFulcioCertificate, verifyPkiCertificate } from './x509/signer-certificate.ts';

/** The image that a signature has to be for. */
export interface WantedImage {
  readonly digest: Digest;
  /** Whether a signed docker-reference, as written, is one of this image. */
  readonly acceptsReference: (untrustedReference: string) => boolean;
}

declare const verifiedBrand: unique symbol;

/** A signature that holds for the image. Made by {@link verifyCosignSignature} alone. */
export interface VerifiedCosignSignature {
  readonly [verifiedBrand]: true;
  readonly digest: Digest;
  readonly signedReference: string;
  /** The key that signed: `SHA256:` and the hex of its hash. */
  readonly signer: string;
  /** When Rekor logged it, where the trust has Rekor keys: seconds since 1970. */
  readonly loggedAt: number | undefined;
}

/**
 * The whole check of one cosign signature: cryptography and who signed, payload, digest, identity.
 *
 * @param now seconds since 1970
 * @throws SignatureError with the code that says why not
 */
export function verifyCosignSignature(
  signature: UntrustedCosignSignature,
  trust: SigstoreTrust,
  wanted: WantedImage,
  now: number,
): VerifiedCosignSignature {
  verifySize(signature);
  if (signature.mimeType !== COSIGN_SIGNATURE_TYPE) {
    throw new SignatureError('SignatureUnsupported', 'the attachment is not a cosign signature');
  }
  const bytes = decodeBase64(annotation(signature, 'signature'), 'the signature');
  const { keys, loggedAt } = collectKeys(signature, bytes, trust, now);
  const signer = toKeyName(verifyBlob(keys, signature.payload, bytes));
  return { ...verifyCosignPayload(signature.payload, signer, wanted), signer, loggedAt } as VerifiedCosignSignature;
}

/**
 * What a proven signer signed: the payload, then its digest, then its identity.
 *
 * @throws SignatureError `PayloadInvalid`, `DigestMismatch`, `IdentityMismatch`
 */
function verifyCosignPayload(
  payload: Uint8Array,
  signer: string,
  { digest: wanted, acceptsReference }: WantedImage,
): { readonly digest: Digest; readonly signedReference: string } {
  const { digest, dockerReference } = withSigner(signer, () => parseSimpleSigningPayload(payload, 'cosign'));
  if (digest !== wanted) throw new SignatureError('DigestMismatch', `the signature is for ${digest}`, { signer });
  if (acceptsReference(dockerReference)) return { digest, signedReference: dockerReference };
  const named = JSON.stringify(dockerReference);
  throw new SignatureError('IdentityMismatch', `the signature is for ${named}, which is not this image`, { signer });
}

/** The keys that this signature may be by, and when it was logged. */
function collectKeys(
  signature: UntrustedCosignSignature,
  bytes: Buffer,
  trust: SigstoreTrust,
  now: number,
): { readonly keys: readonly KeyObject[]; readonly loggedAt: number | undefined } {
  switch (trust.kind) {
    case 'keys':
      if (trust.rekorKeys.length === 0) return { keys: trust.keys, loggedAt: undefined };
      return findLoggedKey(signature, bytes, trust.keys, trust.rekorKeys);
    case 'fulcio': {
      const set = annotation(signature, 'rekorSet');
      const leaf = parseLeafCertificate(annotation(signature, 'certificate'));
      const logged = { keyOrCertificate: leaf.der, signature: bytes, content: signature.payload };
      const loggedAt = verifyRekorSet(trust.rekorKeys, set, logged);
      const intermediates = parseSentIntermediates(signature.annotations.get(CosignAnnotation.chain));
      return { keys: [verifyFulcioCertificate(leaf, intermediates, trust, loggedAt)], loggedAt };
    }
    case 'pki': {
      const leaf = parseLeafCertificate(annotation(signature, 'certificate'));
      const intermediates = parseSentIntermediates(signature.annotations.get(CosignAnnotation.chain));
      return { keys: [verifyPkiCertificate(leaf, intermediates, trust, now)], loggedAt: undefined };
    }
    default:
      throw new SignatureError('KeyUnknown', 'the kind of trust is not known');
  }
}

/** An entry of the log is about one key: the one that may have signed. */
function findLoggedKey(
  signature: UntrustedCosignSignature,
  bytes: Buffer,
  keys: readonly KeyObject[],
  rekorKeys: readonly KeyObject[],
): { readonly keys: readonly KeyObject[]; readonly loggedAt: number } {
  const set = annotation(signature, 'rekorSet');
  let failure: SignatureError | undefined;
  for (const key of keys) {
    try {
      const logged = { keyOrCertificate: toKeyBytes(key), signature: bytes, content: signature.payload };
      return { keys: [key], loggedAt: verifyRekorSet(rekorKeys, set, logged) };
    } catch (cause) {
      if (!(cause instanceof SignatureError)) throw cause;
      // Rank `KeyUnknown` last: any other failure says more about this signature.
      if (failure === undefined || failure.code === 'KeyUnknown') failure = cause;
    }
  }
  throw failure ?? new SignatureError('KeyUnknown', 'there is no key that could verify the signature');
}

function annotation({ annotations }: UntrustedCosignSignature, name: keyof typeof CosignAnnotation): string {
  const value = annotations.get(CosignAnnotation[name]);
  if (value !== undefined) return value;
  throw new SignatureError('SignatureMalformed', `the signature has no annotation ${CosignAnnotation[name]}`);
}

function verifySize({ payload, annotations }: UntrustedCosignSignature): void {
  let size = payload.length;
  for (const [name, value] of annotations) size += name.length + value.length;
  if (size <= MAX_SIGSTORE_SIGNATURE_BYTES) return;
  throw new SignatureError('LimitExceeded', `the signature is longer than ${MAX_SIGSTORE_SIGNATURE_BYTES} bytes`);
}

/** Names the proven signer in any later failure. */
function withSigner<T>(signer: string, verify: () => T): T {
  try {
    return verify();
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    throw new SignatureError(cause.code, cause.message, { cause, signer });
  }
}
