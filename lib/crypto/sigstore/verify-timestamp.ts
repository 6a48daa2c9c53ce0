import { hash, type KeyObject, verify } from 'node:crypto';
import { formatUnixTime } from '../../base/documents/unix-time.ts';
import { countKeyOperation } from '../../base/errors/evaluate-candidate.ts';
import { SignatureError } from '../../base/errors/signature-error.ts';
import { parseTimestampToken, type TimestampToken } from './timestamp-token.ts';
import { isWithin, type TrustedAuthority } from './trusted-root.ts';
import { TIME_STAMPING, verifyCertificatePath } from './x509/certificate-path.ts';
import { type Certificate, parseSentCertificate } from './x509/certificate.ts';
import { DerError } from './x509/der.ts';

/** Certificates that a timestamp may bring along. */
const MAX_CERTIFICATES = 8;

/** Hashes by the algorithm of a signature; undefined where the signer's own hash is meant, or the key has its own. */
const SIGNATURE_HASHES: ReadonlyMap<string, string | undefined> = new Map([
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.113549.1.1.1', undefined],
  ['1.2.840.10045.2.1', undefined],
  ['1.3.101.112', undefined],
]);

/**
 * Checks that a trusted authority stated when the signature existed (RFC 3161). Returns that time, in seconds since 1970.
 *
 * @param signature the bytes that were timestamped
 * @throws SignatureError `TimestampInvalid`, for a timestamp by an unknown authority as well
 */
export function verifyTimestamp(
  untrustedToken: Buffer,
  signature: Uint8Array,
  authorities: readonly TrustedAuthority[],
): number {
  const token = readToken(untrustedToken);
  const { imprint, signer, statement, time } = token;
  if (!hash(imprint.hash, signature, 'buffer').equals(imprint.digest)) {
    throw invalid('it is about another signature');
  }
  if (!hash(signer.hash, statement, 'buffer').equals(signer.statementDigest)) {
    throw invalid('its signed attributes are about another statement');
  }
  const key = findSigner(token, authorities);
  if (!isSignedBy(key, signer)) throw invalid("the authority's signature does not match");
  return time;
}

function readToken(untrustedToken: Buffer): TimestampToken {
  try {
    return parseTimestampToken(untrustedToken);
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw invalid(cause.message, cause);
  }
}

/** The key of the certificate that the timestamp names, once an authority that is valid then vouches for it. */
function findSigner(token: TimestampToken, authorities: readonly TrustedAuthority[]): KeyObject {
  const valid = authorities.filter(({ validFor }) => isWithin(validFor, token.time));
  let obstacle: unknown;
  for (const { certificates } of valid) {
    try {
      const leaf = findLeaf(token, certificates);
      if (leaf === undefined) continue;
      requireTimeStamping(leaf);
      verifyCertificatePath(
        leaf,
        { roots: certificates.slice(-1), intermediates: certificates.slice(0, -1) },
        token.time,
        TIME_STAMPING,
      );
      return leaf.publicKey;
    } catch (cause) {
      if (!(cause instanceof SignatureError)) throw cause;
      obstacle ??= cause;
    }
  }
  if (obstacle instanceof Error) throw invalid(obstacle.message, obstacle);
  const whose = valid.length === 0 ? 'was trusted then' : 'made it';
  throw invalid(`no timestamp authority of the trust ${whose}, at ${formatUnixTime(token.time)}`);
}

/**
 * An authority that gives the certificate that signs means that one; of one that gives issuers alone, the certificate
 * comes with the timestamp.
 */
function findLeaf(token: TimestampToken, certificates: readonly Certificate[]): Certificate | undefined {
  const signing = certificates.filter(({ isAuthority }) => !isAuthority);
  const candidates = signing.length > 0 ? signing : readSent(token);
  return candidates.find((one) => one.issuer.equals(token.signer.issuer) && toSerial(one) === token.signer.serial);
}

function readSent({ certificates }: TimestampToken): readonly Certificate[] {
  if (certificates.length > MAX_CERTIFICATES) throw invalid(`it has more than ${MAX_CERTIFICATES} certificates`);
  return certificates.map((der) => parseSentCertificate(der, 'a certificate of the timestamp'));
}

function toSerial({ x509 }: Certificate): bigint {
  return BigInt(`0x${x509.serialNumber}`);
}

/** RFC 3161 section 2.3. */
function requireTimeStamping({ purposes }: Certificate): void {
  if (purposes?.length === 1 && purposes[0] === TIME_STAMPING) return;
  throw invalid('its certificate is not for timestamps alone');
}

function isSignedBy(
  key: KeyObject,
  { algorithm, hash: own, signedBytes, signature }: TimestampToken['signer'],
): boolean {
  if (!SIGNATURE_HASHES.has(algorithm)) throw invalid(`its signature algorithm ${algorithm} is not supported`);
  const name = key.asymmetricKeyType === 'ed25519' ? undefined : (SIGNATURE_HASHES.get(algorithm) ?? own);
  countKeyOperation();
  try {
    return verify(name, signedBytes, key, signature);
  } catch {
    // OpenSSL throws for some signatures that cannot even be read.
    return false;
  }
}

function invalid(fault: string, cause?: unknown): SignatureError {
  return new SignatureError('TimestampInvalid', `a timestamp of the bundle is not valid: ${fault}`, { cause });
}
