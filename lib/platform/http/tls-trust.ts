import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';

/**
 * The authorities that servers may be certified by: the platform's and those of `ca` (PEM).
 *
 * @throws ConfigurationError `DocumentInvalid` when `ca` holds no readable certificate.
 */
export function createTlsTrust(ca: string): SecureContext {
  const { certificates } = splitCertificates(ca);
  if (certificates.length === 0) throw new ConfigurationError('DocumentInvalid', 'the CA file has no PEM certificate');
  for (const [index, certificate] of certificates.entries()) checkReadable(certificate, index + 1);
  return createSecureContext({ ca: [...getCACertificates('default'), ...certificates] });
}

function checkReadable(certificate: string, position: number): void {
  try {
    checkCertificate(certificate);
  } catch (cause) {
    throw new ConfigurationError('DocumentInvalid', `certificate ${position} of the CA file cannot be read`, { cause });
  }
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The PEM certificates of a text, not yet read, and the text without them. */
export function splitCertificates(text: string): { readonly certificates: readonly string[]; readonly rest: string } {
  return { certificates: text.match(PEM_CERTIFICATE) ?? [], rest: text.replaceAll(PEM_CERTIFICATE, '') };
}

/** @throws an Error when the PEM block holds no X.509 certificate */
export function checkCertificate(pem: string): void {
  void new X509Certificate(pem);
}
