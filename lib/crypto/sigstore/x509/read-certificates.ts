import { ConfigurationError } from '../../../base/errors/configuration-error.ts';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { DerError } from './der.ts';
import { MAX_SENT_CERTIFICATES } from './limits.ts';
import { splitPem } from './pem.ts';

const LABEL = 'CERTIFICATE';

/** Configured certificates: at least one, each readable; text around them is allowed. @throws ConfigurationError `KeyUnreadable` */
export function parseTrustedCertificates(pem: Uint8Array, name: string): readonly Certificate[] {
  const { blocks, rest } = splitPem(Buffer.from(pem).toString('latin1'));
  if (blocks.length === 0 || rest.includes('-----') || blocks.some(({ label }) => label !== LABEL)) {
    throw new ConfigurationError('KeyUnreadable', `${name}: expected PEM certificates and nothing else`);
  }
  return blocks.map(({ der }, index) => {
    try {
      return parseCertificate(der);
    } catch (cause) {
      if (!(cause instanceof DerError)) throw cause;
      throw new ConfigurationError('KeyUnreadable', `${name}: certificate ${index + 1}: ${cause.message}`, { cause });
    }
  });
}

/** Certificates that came with a signature. @throws SignatureError `SignatureMalformed`, `LimitExceeded` */
export function parseSentCertificates(untrustedPem: string, what: string): readonly Certificate[] {
  const { blocks, rest } = splitPem(untrustedPem);
  if (rest.trim() !== '' || blocks.some(({ label }) => label !== LABEL)) {
    throw new SignatureError('SignatureMalformed', `${what} is not PEM certificates alone`);
  }
  if (blocks.length > MAX_SENT_CERTIFICATES) {
    throw new SignatureError('LimitExceeded', `${what} has more than ${MAX_SENT_CERTIFICATES} certificates`);
  }
  return blocks.map(({ der }) => parseSentCertificate(der, what));
}

/** One certificate in DER that came with a signature. @throws SignatureError `SignatureMalformed` */
export function parseSentCertificate(untrustedDer: Buffer, what: string): Certificate {
  try {
    return parseCertificate(untrustedDer);
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new SignatureError('SignatureMalformed', `${what} does not parse: ${cause.message}`, { cause });
  }
}

/** The signer's certificate: exactly one. @throws SignatureError `SignatureMalformed`, `LimitExceeded` */
export function parseLeafCertificate(untrustedPem: string): Certificate {
  const [leaf, ...more] = parseSentCertificates(untrustedPem, "the signer's certificate");
  if (leaf === undefined || more.length > 0) {
    throw new SignatureError('SignatureMalformed', "the signer's certificate is not exactly one");
  }
  return leaf;
}

/**
 * The intermediates of a chain: the last certificate is taken for the root and left out, as containers/image does.
 *
 * @throws SignatureError `SignatureMalformed`, `LimitExceeded`
 */
export function parseSentIntermediates(untrustedPem: string | undefined): readonly Certificate[] {
  if (untrustedPem === undefined || untrustedPem === '') return [];
  return parseSentCertificates(untrustedPem, 'the certificate chain').slice(0, -1);
}
