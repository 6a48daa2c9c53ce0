import type { KeyObject } from 'node:crypto';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import type { Certificate } from './certificate.ts';
import { verifyCertificatePath } from './certificate-path.ts';

/** A Fulcio authority, and the identity that it has to certify. */
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

/** A private authority, and the subject that it has to certify: an email address, a host name or both. */
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
 * @throws SignatureError as {@link verifyCertificatePath}; `IdentityMismatch` for another subject, or when none is configured
 */
export function verifyPkiCertificate(
  leaf: Certificate,
  sentIntermediates: readonly Certificate[],
  { roots, intermediates, subjectEmail, subjectHostname }: PkiTrust,
  now: number,
): KeyObject {
  verifyCertificatePath(leaf, { roots, intermediates: [...intermediates, ...sentIntermediates] }, now);
  if (subjectEmail === undefined && subjectHostname === undefined) {
    throw new SignatureError('IdentityMismatch', 'the policy names no subject, so no certificate matches');
  }
  if (subjectEmail !== undefined && !leaf.emails.includes(subjectEmail)) {
    throw new SignatureError('IdentityMismatch', `the certificate is not for the email address ${subjectEmail}`);
  }
  if (subjectHostname !== undefined && !leaf.hostnames.some((name) => matchesHostname(name, subjectHostname))) {
    throw new SignatureError('IdentityMismatch', `the certificate is not for the host ${subjectHostname}`);
  }
  return leaf.publicKey;
}

const LABEL = /^[a-z0-9_-]+$/;

/**
 * Whether a name of a certificate matches a host, as Go's VerifyHostname: letter case is ignored, and a `*` stands for
 * the first label of the certificate's name. A host that is itself written with `*` has to be there unchanged.
 */
function matchesHostname(untrustedName: string, hostname: string): boolean {
  const name = untrustedName.toLowerCase();
  const host = hostname.toLowerCase();
  if (!isHostname(host.split('.'))) return host !== '' && name === host;
  const [nameFirst, ...nameRest] = name.split('.');
  const [hostFirst, ...hostRest] = host.split('.');
  if (!isHostname(nameRest) || nameRest.join('.') !== hostRest.join('.')) return name === host;
  return nameFirst === '*' || nameFirst === hostFirst;
}

/** A `*` alone must not stand for a host of one label. */
function isHostname(labels: readonly string[]): boolean {
  return labels.length > 0 && labels.every((label) => LABEL.test(label));
}
