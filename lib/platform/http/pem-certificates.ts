import { X509Certificate } from 'node:crypto';

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The PEM certificates of a text, not yet read, and the text without them. */
export function splitCertificates(text: string): { readonly certificates: readonly string[]; readonly rest: string } {
  return { certificates: text.match(PEM_CERTIFICATE) ?? [], rest: text.replaceAll(PEM_CERTIFICATE, '') };
}

/** @throws an Error when the PEM block holds no X.509 certificate */
export function checkCertificate(pem: string): void {
  void new X509Certificate(pem);
}
