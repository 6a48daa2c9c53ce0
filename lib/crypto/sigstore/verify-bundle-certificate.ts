import { formatUnixTime } from '../../base/documents/unix-time.ts';
import { SignatureError } from '../../base/errors/signature-error.ts';
import type { SentCertificates } from './read-bundle.ts';
import { isWithin, type TrustedAuthority, type TrustedRoot } from './trusted-root.ts';
import { verifyCertificatePath } from './x509/certificate-path.ts';
import { verifyCertificateTimestamps } from './x509/certificate-timestamps.ts';
import type { Certificate } from './x509/certificate.ts';
import { type CertificateIdentity, verifyCertificateIdentity, withoutNames } from './x509/signer-certificate.ts';

/**
 * Checks a signer's certificate by a trusted root: a path to an authority at each time that is proven, the promise of a
 * certificate log where the root names any, then who it is for.
 *
 * @param times seconds since 1970; without one nothing says that the certificate was valid when it signed
 * @throws SignatureError `TimestampInvalid` without a time, `SignatureMalformed` when a root was sent along,
 *   `KeyUnknown`, `KeyExpired` and others of {@link verifyCertificatePath}, `LogEntryInvalid`, `IdentityMismatch`
 */
export function verifyBundleCertificate(
  { leaf, intermediates }: SentCertificates,
  root: TrustedRoot,
  identity: CertificateIdentity,
  times: readonly number[],
): void {
  if (times.length === 0) {
    throw new SignatureError(
      'TimestampInvalid',
      'no log and no timestamp authority of the trust says when it was signed',
    );
  }
  if (intermediates.some(({ subject, issuer }) => subject.equals(issuer))) {
    throw new SignatureError(
      'SignatureMalformed',
      'the bundle brings a root certificate along, which must come from trust',
    );
  }
  const issuers = times.map((time) => findIssuer(leaf, intermediates, root.authorities, time));
  if (root.needsCertificateLog) {
    const distinct = issuers.filter((one, index) => issuers.indexOf(one) === index);
    for (const issuer of distinct) verifyCertificateTimestamps(leaf, issuer, root.certificateLogs);
  }
  verifyCertificateIdentity(leaf, identity);
}

/** The certificate that vouches for the leaf, of an authority that was trusted then. */
function findIssuer(
  leaf: Certificate,
  sent: readonly Certificate[],
  authorities: readonly TrustedAuthority[],
  time: number,
): Certificate {
  const valid = authorities.filter(({ validFor }) => isWithin(validFor, time));
  let obstacle: SignatureError | undefined;
  for (const { certificates } of valid) {
    try {
      const pool = { roots: certificates.slice(-1), intermediates: [...certificates.slice(0, -1), ...sent] };
      return verifyCertificatePath(withoutNames(leaf), pool, time);
    } catch (cause) {
      if (!(cause instanceof SignatureError)) throw cause;
      // Rank `KeyUnknown` last: any other failure says more about this certificate.
      if (obstacle === undefined || obstacle.code === 'KeyUnknown') obstacle = cause;
    }
  }
  if (obstacle !== undefined) throw obstacle;
  throw new SignatureError('KeyUnknown', `the trust names no certificate authority at ${formatUnixTime(time)}`);
}
