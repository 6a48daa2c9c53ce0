import type { KeyObject } from 'node:crypto';
import { decodeBase64 } from '../../base/documents/decode.ts';
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
import { findPrehashed, type SigstoreTrust } from './sigstore-trust.ts';
import { type Certificate, parseLeafCertificate, parseSentIntermediates } from './x509/certificate.ts';
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
  const { key, loggedAt } = verifySigner(signature, bytes, trust, now);
  const signer = toKeyName(key);
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

/** Who signed, once the trust vouches for them, and when it was logged. */
function verifySigner(
  signature: UntrustedCosignSignature,
  bytes: Buffer,
  trust: SigstoreTrust,
  now: number,
): { readonly key: KeyObject; readonly loggedAt: number | undefined } {
  const { payload } = signature;
  switch (trust.kind) {
    case 'keys': {
      const key = verifyAsNodes(trust.keys, payload, bytes);
      if (trust.rekorKeys.length === 0) return { key, loggedAt: undefined };
      const logged = { keyOrCertificate: toKeyBytes(key), signature: bytes, content: payload };
      return { key, loggedAt: verifyRekorSet(trust.rekorKeys, annotation(signature, 'rekorSet'), logged) };
    }
    case 'fulcio': {
      const set = annotation(signature, 'rekorSet');
      const leaf = parseLeafCertificate(annotation(signature, 'certificate'));
      const key = verifyBlob([leaf.publicKey], payload, bytes, 'as nodes');
      const logged = { keyOrCertificate: leaf.der, signature: bytes, content: payload };
      const loggedAt = verifyRekorSet(trust.rekorKeys, set, logged);
      verifyFulcioCertificate(leaf, readChain(signature), trust, loggedAt);
      return { key, loggedAt };
    }
    case 'pki': {
      const leaf = parseLeafCertificate(annotation(signature, 'certificate'));
      const key = verifyBlob([leaf.publicKey], payload, bytes, 'as nodes');
      verifyPkiCertificate(leaf, readChain(signature), trust, now);
      return { key, loggedAt: undefined };
    }
    default:
      throw new SignatureError('KeyUnknown', 'the kind of trust is not known');
  }
}

/** Nodes verify pure Ed25519 alone, and cosign signs images with such keys as Ed25519ph: that has to be said. */
function verifyAsNodes(keys: readonly KeyObject[], payload: Uint8Array, bytes: Buffer): KeyObject {
  try {
    return verifyBlob(keys, payload, bytes, 'as nodes');
  } catch (cause) {
    if (findPrehashed(keys, payload, bytes) === undefined) throw cause;
    throw new SignatureError(
      'SignatureUnsupported',
      'the signature is Ed25519ph, as cosign makes it with a key of Ed25519, and nodes verify pure Ed25519 alone: sign with a key for ECDSA',
      { cause },
    );
  }
}

function readChain({ annotations }: UntrustedCosignSignature): readonly Certificate[] {
  return parseSentIntermediates(annotations.get(CosignAnnotation.chain));
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
