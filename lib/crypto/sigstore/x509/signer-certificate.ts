import type { KeyObject } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import type { AlternativeNames } from './alternative-names.ts';
import { ALTERNATIVE_NAMES } from './certificate-extensions.ts';
import { verifyCertificatePath } from './certificate-path.ts';
import type { Certificate } from './certificate.ts';

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
  const pool = { roots: authorities, intermediates: sentIntermediates };
  verifyCertificatePath(withoutNames(leaf), pool, time);
  const issuer = issuerOf(leaf);
  if (oidcIssuer === '' || issuer !== oidcIssuer) {
    throw new SignatureError('IdentityMismatch', `the certificate is for a login at ${JSON.stringify(issuer)}`);
  }
  if (subjectEmail === '' || !leaf.emails.includes(subjectEmail)) {
    throw new SignatureError('IdentityMismatch', `the certificate is for ${describe(leaf.emails, 'email address')}`);
  }
  return leaf.publicKey;
}

/** Fulcio certifies kinds of names that are not read here; the one that is asked for is compared by itself. */
export function withoutNames(leaf: Certificate): Certificate {
  return { ...leaf, unhandled: leaf.unhandled.filter((oid) => oid !== ALTERNATIVE_NAMES) };
}

/** Who has to have signed, by a login: exactly this name of the certificate, from exactly this issuer. */
export interface CertificateIdentity {
  /** A URI, such as a workflow's, an email address, or a username as Fulcio writes it: `NAME!DOMAIN`. */
  readonly identity: string;
  readonly issuer: string;
}

/** @throws SignatureError `IdentityMismatch`, `SignatureMalformed` for two issuers */
export function verifyCertificateIdentity(leaf: Certificate, { identity, issuer }: CertificateIdentity): void {
  const found = issuerOf(leaf);
  if (issuer === '' || found !== issuer) {
    throw new SignatureError('IdentityMismatch', `the certificate is for a login at ${JSON.stringify(found)}`);
  }
  const names = [...leaf.uris, ...leaf.emails, ...leaf.usernames];
  if (identity === '' || !names.includes(identity)) {
    throw new SignatureError(
      'IdentityMismatch',
      `the certificate is for ${describe(names, 'URI, email address or username')}`,
    );
  }
}

function issuerOf({ issuerV1, issuerV2 }: Certificate): string {
  if (issuerV1 !== undefined && issuerV2 !== undefined && issuerV1 !== issuerV2) {
    throw new SignatureError('SignatureMalformed', 'the certificate names two OIDC issuers');
  }
  const issuer = issuerV1 ?? issuerV2;
  if (issuer === undefined) throw new SignatureError('IdentityMismatch', 'the certificate names no OIDC issuer');
  return issuer;
}

function describe(names: readonly string[], kind: string): string {
  return names.length === 0 ? `no ${kind}` : names.map((name) => JSON.stringify(name)).join(', ');
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
  if (subjectHostname !== undefined && !isForHost(leaf, subjectHostname)) {
    throw new SignatureError('IdentityMismatch', `the certificate is not for the host ${subjectHostname}`);
  }
  return leaf.publicKey;
}

/**
 * Whether a certificate is for a host, as Go's VerifyHostname says. An address is compared with addresses alone. Letter
 * case and the dot at the end of the host are ignored, and a `*` stands for the whole first label. What is no host name
 * has to be there unchanged.
 */
function isForHost({ hostnames, addresses }: AlternativeNames, hostname: string): boolean {
  const address = parseAddress(hostname);
  if (address !== undefined) return addresses.some((one) => toAddress(one) === address);
  const host = toLowerAscii(hostname);
  const bare = host.endsWith('.') ? host.slice(0, -1) : host;
  const labels = isHostname(bare.split('.')) ? bare.split('.') : undefined;
  return hostnames.some((untrustedName) => {
    const name = toLowerAscii(untrustedName);
    const parts = name.split('.');
    if (labels === undefined || !isHostname(parts[0] === '*' && parts.length > 1 ? parts.slice(1) : parts)) {
      return host !== '' && host !== '.' && name === host;
    }
    return (
      parts.length === labels.length &&
      parts.every((part, index) => part === labels[index] || (index === 0 && part === '*'))
    );
  });
}

const LABEL = /^[a-z0-9_][a-z0-9_-]*$/;

function isHostname(labels: readonly string[]): boolean {
  return labels.every((label) => LABEL.test(label));
}

/** Of other alphabets no letter has a case here: Kelvin's sign is no k. */
function toLowerAscii(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The one spelling of an address, which may stand in brackets; undefined for a name. */
function parseAddress(hostname: string): string | undefined {
  const isBracketed = hostname.length > 2 && hostname.startsWith('[') && hostname.endsWith(']');
  const text = isBracketed ? hostname.slice(1, -1) : hostname;
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text).toString();
  if (text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  return ipaddr.process(text).toString();
}

function toAddress(octets: Buffer): string {
  const address = ipaddr.fromByteArray([...octets]);
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()
    ? address.toIPv4Address().toString()
    : address.toString();
}
