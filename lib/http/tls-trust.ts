import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { ConfigurationError } from '../errors/configuration-error.ts';

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The authorities that servers may be certified by: the platform's and those of `ca` (PEM). Undefined without `ca`:
 * Node's own default. @throws ConfigurationError `DocumentInvalid` when `ca` holds no readable certificate.
 */
export function createTlsTrust(ca: string | undefined): SecureContext | undefined {
  if (ca === undefined) return undefined;
  const certificates = ca.match(PEM_CERTIFICATE) ?? [];
  if (certificates.length === 0) throw new ConfigurationError('DocumentInvalid', 'the CA file has no PEM certificate');
  for (const [index, certificate] of certificates.entries()) checkCertificate(certificate, index + 1);
  return createSecureContext({ ca: [...getCACertificates('default'), ...certificates] });
}

function checkCertificate(certificate: string, position: number): void {
  try {
    void new X509Certificate(certificate);
  } catch (cause) {
    throw new ConfigurationError('DocumentInvalid', `certificate ${position} of the CA file cannot be read`, { cause });
  }
}
