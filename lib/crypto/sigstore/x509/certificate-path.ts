import type { X509Certificate } from 'node:crypto';
import { formatUnixTime } from '../../../base/documents/unix-time.ts';
import { countKeyOperation } from '../../../base/errors/evaluate-candidate.ts';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { isUnderPolicy } from './certificate-policies.ts';
import type { Certificate } from './certificate.ts';
import { areNamesAllowed, type ComparisonBudget, MAX_COMPARED_CHARACTERS } from './name-constraints.ts';
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
export const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
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
 * Checks that a path of certificates leads from the leaf to a trusted one, for a purpose, at a time (RFC 5280, without
 * revocation), as Go's crypto/x509 does for nodes. Returns the certificate that vouches for the leaf.
 * Every certificate of the path, the trusted one included, has to be valid then. A leaf that is itself trusted is a path.
 *
 * @param time seconds since 1970
 * @param purpose of every certificate that names purposes: signing code, unless said
 * @throws SignatureError `KeyUnknown` without a path; `KeyExpired`, `KeyNotForSigning`, `SignatureUnsupported` or
 *   `LimitExceeded` when that is why there is no path
 */
export function verifyCertificatePath(
  leaf: Certificate,
  pool: CertificatePool,
  time: number,
  purpose = CODE_SIGNING,
): Certificate {
  const comparisons = { left: MAX_COMPARED_CHARACTERS };
  const search: Search = { pool, time, purpose, checks: 0, comparisons, obstacle: undefined };
  const isTrusted = pool.roots.some(({ der }) => der.equals(leaf.der));
  const issuer = isTrusted ? leaf : findIssuer([leaf], search);
  if (issuer === undefined) {
    const unknown = "no trusted certificate vouches for the signer's certificate";
    throw search.obstacle ?? new SignatureError('KeyUnknown', unknown);
  }
  verifyUsable(leaf, search);
  const { keyUsage } = leaf;
  if (keyUsage !== undefined && (keyUsage & (DIGITAL_SIGNATURE | CONTENT_COMMITMENT)) === 0) {
    throw new SignatureError('KeyNotForSigning', "the signer's certificate is not for signatures");
  }
  return issuer;
}

interface Search {
  readonly pool: CertificatePool;
  readonly time: number;
  readonly purpose: string;
  checks: number;
  readonly comparisons: ComparisonBudget;
  /** Why the first certificate that did sign may not be an issuer. */
  obstacle: SignatureError | undefined;
}

/**
 * Who vouches for the last certificate of a path, where that leads on to a trusted one.
 *
 * @param path the leaf first
 */
function findIssuer(path: readonly Certificate[], search: Search): Certificate | undefined {
  const { roots, intermediates } = search.pool;
  const [certificate] = path.slice(-1);
  if (certificate === undefined) return undefined;
  const isNew = (issuer: Certificate): boolean => !path.some((other) => isSameIdentity(issuer, other));
  const intermediatesBelow = path.length - 1;
  for (const root of roots) {
    const leads = isNew(root) && vouches(root, certificate, intermediatesBelow, search);
    if (leads && isAllowedPath([...path, root], search)) return root;
  }
  if (intermediatesBelow >= MAX_INTERMEDIATES) return undefined;
  return intermediates.find(
    (issuer) =>
      isNew(issuer) &&
      vouches(issuer, certificate, intermediatesBelow, search) &&
      findIssuer([...path, issuer], search) !== undefined,
  );
}

/** A certificate with the name, key and alternative names of one in the path is skipped: it adds no new path. */
function isSameIdentity(one: Certificate, other: Certificate): boolean {
  return (
    one.subject.equals(other.subject) &&
    one.encodedKey.equals(other.encodedKey) &&
    (one.encodedNames ?? NONE).equals(other.encodedNames ?? NONE)
  );
}

const NONE = Buffer.alloc(0);

/** Whether a whole path satisfies the name constraints and certificate policies of its authorities. */
function isAllowedPath(path: readonly Certificate[], search: Search): boolean {
  if (!isUnderPolicy(path)) {
    const fault = 'an authority requires a certificate policy, and the path of certificates is under none';
    search.obstacle ??= new SignatureError('KeyUnknown', fault);
    return false;
  }
  const named = path.map((certificate) => ({ ...certificate, hasNames: certificate.encodedNames !== undefined }));
  if (areNamesAllowed(named, search.comparisons)) return true;
  search.obstacle ??= new SignatureError('KeyUnknown', 'an authority may not certify a name of a certificate below it');
  return false;
}

function vouches(issuer: Certificate, certificate: Certificate, intermediatesBelow: number, search: Search): boolean {
  if (!issuer.subject.equals(certificate.issuer)) return false;
  if (++search.checks > MAX_PATH_CHECKS) {
    throw new SignatureError('LimitExceeded', `more than ${MAX_PATH_CHECKS} certificates could be the issuer`);
  }
  if (!isSignedBy(certificate, issuer)) return false;
  try {
    verifyAlgorithm(certificate);
    verifyIssuer(issuer, intermediatesBelow, search);
    return true;
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    search.obstacle ??= cause;
    return false;
  }
}

function verifyIssuer(issuer: Certificate, intermediatesBelow: number, search: Search): void {
  if (!issuer.isAuthority) {
    throw new SignatureError('KeyUnknown', 'the issuing certificate is not a certificate authority');
  }
  if (issuer.keyUsage !== undefined && (issuer.keyUsage & CERTIFICATE_SIGN) === 0) {
    throw new SignatureError('KeyNotForSigning', 'the issuing certificate may not sign certificates');
  }
  if (issuer.pathLength !== undefined && intermediatesBelow > issuer.pathLength) {
    throw new SignatureError('KeyUnknown', 'the path of certificates is longer than its authority allows');
  }
  verifyUsable(issuer, search);
}

/** What is required of every certificate of a path. */
function verifyUsable(certificate: Certificate, { time, purpose }: Search): void {
  const { unhandled, purposes, notBefore, notAfter } = certificate;
  if (unhandled.length > 0) {
    throw new SignatureError(
      'SignatureUnsupported',
      `a certificate has critical extensions that are not supported: ${unhandled.join(', ')}`,
    );
  }
  const weakness = describeWeakness(certificate.publicKey);
  if (weakness !== undefined) throw new SignatureError('SignatureUnsupported', `a certificate's key: ${weakness}`);
  // Written so that NaN is outside the validity.
  if (!(time >= notBefore && time <= notAfter)) {
    throw new SignatureError('KeyExpired', `a certificate is not valid at ${formatUnixTime(time)}`);
  }
  if (purposes !== undefined && !purposes.includes(purpose) && !purposes.includes(ANY_PURPOSE)) {
    const wanted = purpose === CODE_SIGNING ? 'signing code' : 'timestamps';
    throw new SignatureError('KeyNotForSigning', `a certificate is for other purposes than ${wanted}`);
  }
}

/** Of what a path rests on. A trusted certificate's own signature, which proves nothing, may be by SHA-1. */
function verifyAlgorithm({ signatureAlgorithm }: Certificate): void {
  if (SIGNATURE_ALGORITHMS.has(signatureAlgorithm)) return;
  throw new SignatureError('SignatureUnsupported', `a certificate is signed by the algorithm ${signatureAlgorithm}`);
}

/** Of certificates that stay, such as those of one trusted root, the same few are compared again and again. */
const SIGNED_BY = new WeakMap<X509Certificate, WeakSet<X509Certificate>>();

function isSignedBy({ x509 }: Certificate, issuer: Certificate): boolean {
  if (SIGNED_BY.get(x509)?.has(issuer.x509) === true) return true;
  countKeyOperation();
  try {
    if (!x509.verify(issuer.publicKey)) return false;
  } catch {
    return false;
  }
  const issuers = SIGNED_BY.get(x509) ?? new WeakSet<X509Certificate>();
  SIGNED_BY.set(x509, issuers.add(issuer.x509));
  return true;
}
