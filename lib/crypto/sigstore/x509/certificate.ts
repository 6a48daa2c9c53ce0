import { type KeyObject, X509Certificate } from 'node:crypto';
import { ConfigurationError } from '../../../base/errors/configuration-error.ts';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { type CertificateExtensions, parseExtensions } from './certificate-extensions.ts';
import {
  DerError,
  DerTag,
  type DerValue,
  expectDer,
  readBits,
  readDer,
  readDerValues,
  requireNatural,
  splitPem,
  toDottedOid,
} from './der.ts';
import { requireName } from './distinguished-name.ts';
import { describeCost } from './public-key.ts';

/** An X.509 certificate as read: nothing in it is proven before a path to a trusted one is. */
export interface Certificate extends CertificateExtensions {
  readonly der: Buffer;
  /** Node's own reading, for its key and the check of its signature. */
  readonly x509: X509Certificate;
  readonly publicKey: KeyObject;
  /** Names are compared by their bytes. */
  readonly issuer: Buffer;
  readonly subject: Buffer;
  /** Its key as it was signed. */
  readonly encodedKey: Buffer;
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
  if (readBits(expectDer(signature, DerTag.bitString)).unused > 0) throw new DerError('the signature is not octets');
  const [version, serial, innerAlgorithm, issuer, validity, subject, spki, ...rest] = readDerValues(
    expectDer(tbs, DerTag.sequence),
  );
  if (expectDer(version, VERSION_TAG).toString('hex') !== '020102') throw new DerError('the version is not 3');
  requireNatural(expectDer(serial, DerTag.integer));
  if (algorithm?.encoded.equals(innerAlgorithm?.encoded ?? Buffer.alloc(0)) !== true) {
    throw new DerError('the signature algorithm is stated twice, and differs');
  }
  const [identifier] = readDerValues(expectDer(algorithm, DerTag.sequence));
  const encodedKey = readEncodedKey(spki);
  const x509 = readX509(der);
  return {
    der,
    x509,
    publicKey: x509.publicKey,
    issuer: requireName(issuer),
    subject: requireName(subject),
    encodedKey,
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

const RSA = '1.2.840.113549.1.1.1';
const ECDSA = '1.2.840.10045.2.1';
const UNCOMPRESSED = 0x04;

/** The key in the only spelling that Go reads: OpenSSL takes others, such as points that are compressed. */
function readEncodedKey(spki: DerValue | undefined): Buffer {
  const [algorithm, bits, ...more] = readDerValues(expectDer(spki, DerTag.sequence));
  const [identifier, parameters, ...others] = readDerValues(expectDer(algorithm, DerTag.sequence));
  const kind = toDottedOid(expectDer(identifier, DerTag.objectIdentifier));
  const { unused, octets } = readBits(expectDer(bits, DerTag.bitString));
  const isPlain =
    (kind === RSA && parameters?.tag === DerTag.null && parameters.content.length === 0) ||
    (kind === ECDSA && parameters?.tag === DerTag.objectIdentifier && octets[0] === UNCOMPRESSED) ||
    (kind !== RSA && kind !== ECDSA && parameters === undefined);
  if (!isPlain || unused > 0 || spki === undefined || more.length + others.length > 0) {
    throw new DerError('the key is not in the form that its kind requires');
  }
  if (kind === RSA) {
    const numbers = readDerValues(expectDer(readDer(octets), DerTag.sequence));
    if (numbers.length !== 2) throw new DerError('an RSA key is not two numbers');
    for (const number of numbers) requireNatural(expectDer(number, DerTag.integer));
  }
  return spki.encoded;
}

/** Before anything is computed with the key: see {@link describeCost}. */
function readX509(der: Buffer): X509Certificate {
  let cost: string | undefined;
  let x509: X509Certificate;
  try {
    x509 = new X509Certificate(der);
    cost = describeCost(x509.publicKey);
  } catch (cause) {
    throw new DerError('the certificate or its key does not parse', { cause });
  }
  if (cost !== undefined) throw new DerError(cost);
  // What Node reads past, such as bits behind a signature's end, would give one certificate two spellings.
  if (!x509.raw.equals(der)) throw new DerError('the certificate is not in DER');
  return x509;
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
