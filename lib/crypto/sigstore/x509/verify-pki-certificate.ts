import type { KeyObject } from 'node:crypto';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import type { Certificate } from './certificate.ts';
import { matchesHostname } from './match-hostname.ts';
import { verifyCertificatePath } from './verify-certificate-path.ts';

/** A private authority, and the subject that it has to have certified. At least one of the two is asked for. */
export interface PkiTrust {
  readonly roots: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
  readonly subjectEmail: string | undefined;
  readonly subjectHostname: string | undefined;
}

/**
 * Checks a certificate of a private authority now: nothing proves when it signed. Returns its key.
 *
 * @param now seconds since 1970
 * @throws SignatureError as {@link verifyCertificatePath}; `IdentityMismatch` for another subject, or when none is asked for
 */
export function verifyPkiCertificate(
  leaf: Certificate,
  sentIntermediates: readonly Certificate[],
  { roots, intermediates, subjectEmail, subjectHostname }: PkiTrust,
  now: number,
): KeyObject {
  verifyCertificatePath(leaf, { roots, intermediates: [...intermediates, ...sentIntermediates] }, now);
  if (subjectEmail === undefined && subjectHostname === undefined) {
    throw new SignatureError('IdentityMismatch', 'no subject is asked for, so that no certificate is of it');
  }
  if (subjectEmail !== undefined && !leaf.emails.includes(subjectEmail)) {
    throw new SignatureError('IdentityMismatch', `the certificate is not for the email address ${subjectEmail}`);
  }
  if (subjectHostname !== undefined && !leaf.hostnames.some((name) => matchesHostname(name, subjectHostname))) {
    throw new SignatureError('IdentityMismatch', `the certificate is not for the host ${subjectHostname}`);
  }
  return leaf.publicKey;
}
