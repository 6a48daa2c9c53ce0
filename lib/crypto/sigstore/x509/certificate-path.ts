import { formatUnixTime } from '../../../base/documents/unix-time.ts';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import type { Certificate } from './certificate.ts';
import { describeWeakness } from './public-key.ts';

/** The trusted certificates, and those that may link the leaf to one of them. */
interface CertificatePool {
  readonly roots: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
}

/** Certificates between a leaf and a trusted one. */
const MAX_INTERMEDIATES = 8;
/** Signatures of certificates that are checked in search of one path: names can be made to match without end. */
const MAX_PATH_CHECKS = 64;

const DIGITAL_SIGNATURE = 0x80;
const CONTENT_COMMITMENT = 0x40;
const CERTIFICATE_SIGN = 0x04;
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
const ANY_PURPOSE = '2.5.29.37.0';

/** RSA (PKCS #1 v1.5) and ECDSA with SHA-256, -384, -512; Ed25519. */
const SIGNATURE_ALGORITHMS = new Set([
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.3.101.112',
]);

/**
 * Checks that a path of certificates leads from the leaf to a trusted one, for signing code, at a time (RFC 5280, without
 * revocation).
 * Every certificate of the path, the trusted one included, has to be valid then.
 *
 * @param time seconds since 1970
 * @throws SignatureError `KeyUnknown` without a path; `KeyExpired`, `KeyNotForSigning`, `SignatureUnsupported` or
 *   `LimitExceeded` when that is why there is no path
 */
export function verifyCertificatePath(leaf: Certificate, pool: CertificatePool, time: number): void {
  const search: Search = { pool, time, checks: 0, obstacle: undefined };
  if (!hasPath(leaf, [], search)) {
    const unknown = "no trusted certificate vouches for the signer's certificate";
    throw search.obstacle ?? new SignatureError('KeyUnknown', unknown);
  }
  verifyUsable(leaf, time);
  const { keyUsage } = leaf;
  if (keyUsage !== undefined && (keyUsage & (DIGITAL_SIGNATURE | CONTENT_COMMITMENT)) === 0) {
    throw new SignatureError('KeyNotForSigning', "the signer's certificate is not for signatures");
  }
}

interface Search {
  readonly pool: CertificatePool;
  readonly time: number;
  checks: number;
  /** Why the first certificate that did sign may not be an issuer. */
  obstacle: SignatureError | undefined;
}

function hasPath(certificate: Certificate, below: readonly Certificate[], search: Search): boolean {
  const { roots, intermediates } = search.pool;
  if (roots.some((root) => vouches(root, certificate, below.length, search))) return true;
  if (below.length >= MAX_INTERMEDIATES) return false;
  return intermediates.some(
    (issuer) =>
      !below.some(({ der }) => der.equals(issuer.der)) &&
      vouches(issuer, certificate, below.length, search) &&
      hasPath(issuer, [...below, issuer], search),
  );
}

function vouches(issuer: Certificate, certificate: Certificate, intermediatesBelow: number, search: Search): boolean {
  if (!issuer.subject.equals(certificate.issuer)) return false;
  if (++search.checks > MAX_PATH_CHECKS) {
    throw new SignatureError('LimitExceeded', `more than ${MAX_PATH_CHECKS} certificates could be the issuer`);
  }
  if (!isSignedBy(certificate, issuer)) return false;
  try {
    verifyIssuer(issuer, intermediatesBelow, search.time);
    return true;
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    search.obstacle ??= cause;
    return false;
  }
}

function verifyIssuer(issuer: Certificate, intermediatesBelow: number, time: number): void {
  if (!issuer.isAuthority) {
    throw new SignatureError('KeyUnknown', 'the issuing certificate is not a certificate authority');
  }
  if (issuer.keyUsage !== undefined && (issuer.keyUsage & CERTIFICATE_SIGN) === 0) {
    throw new SignatureError('KeyNotForSigning', 'the issuing certificate may not sign certificates');
  }
  if (issuer.pathLength !== undefined && intermediatesBelow > issuer.pathLength) {
    throw new SignatureError('KeyUnknown', 'the path of certificates is longer than its authority allows');
  }
  verifyUsable(issuer, time);
}

/** What is required of every certificate of a path. */
function verifyUsable(certificate: Certificate, time: number): void {
  const { unhandled, signatureAlgorithm, purposes, notBefore, notAfter } = certificate;
  if (unhandled.length > 0) {
    throw new SignatureError(
      'SignatureUnsupported',
      `a certificate has critical extensions that are not supported: ${unhandled.join(', ')}`,
    );
  }
  const weakness = describeWeakness(certificate.publicKey);
  if (weakness !== undefined) throw new SignatureError('SignatureUnsupported', `a certificate's key: ${weakness}`);
  if (!SIGNATURE_ALGORITHMS.has(signatureAlgorithm)) {
    throw new SignatureError('SignatureUnsupported', `a certificate is signed by the algorithm ${signatureAlgorithm}`);
  }
  // Written so that NaN is outside the validity.
  if (!(time >= notBefore && time <= notAfter)) {
    throw new SignatureError('KeyExpired', `a certificate is not valid at ${formatUnixTime(time)}`);
  }
  if (purposes !== undefined && !purposes.includes(CODE_SIGNING) && !purposes.includes(ANY_PURPOSE)) {
    throw new SignatureError('KeyNotForSigning', 'a certificate is for other purposes than signing code');
  }
}

function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  try {
    return certificate.x509.verify(issuer.publicKey);
  } catch {
    return false;
  }
}
