import { type KeyObject, X509Certificate } from 'node:crypto';
import { ConfigurationError } from '../../../base/errors/configuration-error.ts';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { type CertificateExtensions, parseExtensions } from './certificate-extensions.ts';
import { DerError, DerTag, type DerValue, expectDer, readDer, readDerValues, splitPem, toDottedOid } from './der.ts';

/** An X.509 certificate as read: nothing in it is proven before a path to a trusted one is. */
export interface Certificate extends CertificateExtensions {
  readonly der: Buffer;
  /** Node's own reading, for its key and the check of its signature. */
  readonly x509: X509Certificate;
  readonly publicKey: KeyObject;
  /** Names are compared by their bytes. */
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly signatureAlgorithm: string;
  /** First and last second of validity, since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const VERSION_TAG = 0xa0;
const EXTENSIONS_TAG = 0xa3;
const UNIQUE_ID_TAGS = new Set([0x81, 0x82]);
const UTC_TIME = /^([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})Z$/;
const GENERALIZED_TIME = /^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})Z$/;

/** Strict: DER only, version 3, no extension twice (RFC 5280). @throws DerError */
function parseCertificate(der: Buffer): Certificate {
  const [tbs, algorithm, signature, ...more] = readDerValues(expectDer(readDer(der), DerTag.sequence));
  if (more.length > 0) throw new DerError('the certificate has a fourth part');
  expectDer(signature, DerTag.bitString);
  const [version, , innerAlgorithm, issuer, validity, subject, spki, ...rest] = readDerValues(
    expectDer(tbs, DerTag.sequence),
  );
  if (expectDer(version, VERSION_TAG).toString('hex') !== '020102') throw new DerError('the version is not 3');
  expectDer(issuer, DerTag.sequence);
  expectDer(subject, DerTag.sequence);
  expectDer(spki, DerTag.sequence);
  if (issuer === undefined || subject === undefined) throw new DerError('a name is missing');
  if (algorithm?.encoded.equals(innerAlgorithm?.encoded ?? Buffer.alloc(0)) !== true) {
    throw new DerError('the signature algorithm is stated twice, and differs');
  }
  const [identifier] = readDerValues(expectDer(algorithm, DerTag.sequence));
  const x509 = readX509(der);
  return {
    der,
    x509,
    publicKey: x509.publicKey,
    issuer: issuer.encoded,
    subject: subject.encoded,
    signatureAlgorithm: toDottedOid(expectDer(identifier, DerTag.objectIdentifier)),
    ...parseValidity(validity),
    ...parseExtensions(findExtensions(rest)),
  };
}

function findExtensions(rest: readonly DerValue[]): readonly DerValue[] {
  const extensions = rest.filter(({ tag }) => !UNIQUE_ID_TAGS.has(tag));
  if (extensions.length === 0) return [];
  if (extensions.length > 1) throw new DerError('the certificate has parts that X.509 does not know');
  return readDerValues(expectDer(readDer(expectDer(extensions[0], EXTENSIONS_TAG)), DerTag.sequence));
}

function parseValidity(validity: DerValue | undefined): { notBefore: number; notAfter: number } {
  const [notBefore, notAfter, ...more] = readDerValues(expectDer(validity, DerTag.sequence));
  if (more.length > 0) throw new DerError('the validity has a third part');
  return { notBefore: parseTime(notBefore), notAfter: parseTime(notAfter) };
}

function parseTime(value: DerValue | undefined): number {
  const isUtc = value?.tag === DerTag.utcTime;
  const text = expectDer(value, isUtc ? DerTag.utcTime : DerTag.generalizedTime).toString('latin1');
  const parts = (isUtc ? UTC_TIME : GENERALIZED_TIME).exec(text)?.slice(1).map(Number);
  if (parts === undefined) throw new DerError('a time is not in the form that DER requires');
  const [shortYear = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  // RFC 5280 section 4.1.2.5.1: two digits from 50 on are the twentieth century.
  const year = isUtc ? shortYear + (shortYear >= 50 ? 1900 : 2000) : shortYear;
  const time = new Date(0);
  time.setUTCFullYear(year, month - 1, day);
  time.setUTCHours(hour, minute, second);
  const isReal = time.getUTCMonth() === month - 1 && time.getUTCDate() === day && time.getUTCHours() === hour;
  if (!isReal || minute > 59 || second > 59) throw new DerError('a time is not a valid date');
  return time.getTime() / 1000;
}

function readX509(der: Buffer): X509Certificate {
  try {
    const x509 = new X509Certificate(der);
    void x509.publicKey;
    return x509;
  } catch (cause) {
    throw new DerError('the certificate or its key does not parse', { cause });
  }
}

/** Certificates that a signature may bring along. */
export const MAX_SENT_CERTIFICATES = 16;

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
function parseSentCertificates(untrustedPem: string, what: string): readonly Certificate[] {
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
 * The intermediates of a chain: its last certificate is the root and is left out, as in containers/image.
 *
 * @throws SignatureError `SignatureMalformed`, `LimitExceeded`
 */
export function parseSentIntermediates(untrustedPem: string | undefined): readonly Certificate[] {
  if (untrustedPem === undefined || untrustedPem === '') return [];
  return parseSentCertificates(untrustedPem, 'the certificate chain').slice(0, -1);
}
