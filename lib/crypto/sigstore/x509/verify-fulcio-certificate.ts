import type { KeyObject } from 'node:crypto';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import type { Certificate } from './certificate.ts';
import { verifyCertificatePath } from './verify-certificate-path.ts';

/** A Fulcio authority, and the identity that it has to have certified. */
export interface FulcioTrust {
  readonly authorities: readonly Certificate[];
  readonly oidcIssuer: string;
  readonly subjectEmail: string;
}

/**
 * Checks a certificate by Fulcio at the time of its Rekor entry: such a certificate is valid for ten minutes. Returns
 * its key.
 *
 * @param time seconds since 1970
 * @throws SignatureError as {@link verifyCertificatePath}; `SignatureMalformed` when it contradicts itself;
 *   `IdentityMismatch` for another issuer or email
 */
export function verifyFulcioCertificate(
  leaf: Certificate,
  sentIntermediates: readonly Certificate[],
  { authorities, oidcIssuer, subjectEmail }: FulcioTrust,
  time: number,
): KeyObject {
  verifyCertificatePath(leaf, { roots: authorities, intermediates: sentIntermediates }, time);
  const issuer = issuerOf(leaf);
  if (oidcIssuer === '' || issuer !== oidcIssuer) {
    throw new SignatureError('IdentityMismatch', `the certificate is for a login at ${JSON.stringify(issuer)}`);
  }
  if (subjectEmail === '' || !leaf.emails.includes(subjectEmail)) {
    throw new SignatureError('IdentityMismatch', `the certificate is for ${describe(leaf.emails)}`);
  }
  return leaf.publicKey;
}

function issuerOf({ issuerV1, issuerV2 }: Certificate): string {
  if (issuerV1 !== undefined && issuerV2 !== undefined && issuerV1 !== issuerV2) {
    throw new SignatureError('SignatureMalformed', 'the certificate names two OIDC issuers');
  }
  const issuer = issuerV1 ?? issuerV2;
  if (issuer === undefined) throw new SignatureError('IdentityMismatch', 'the certificate names no OIDC issuer');
  return issuer;
}

function describe(emails: readonly string[]): string {
  return emails.length === 0 ? 'no email address' : emails.map((email) => JSON.stringify(email)).join(', ');
}
