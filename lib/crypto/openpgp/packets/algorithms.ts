import { SignatureError } from '../../../base/errors/signature-error.ts';

/** Public-key algorithms whose signatures verify (RFC 9580 section 9.1). */
export const PublicKeyAlgorithm = {
  rsa: 1,
  rsaSignOnly: 3,
  dsa: 17,
  ecdsa: 19,
  eddsaLegacy: 22,
  ed25519: 27,
} as const;

const ACCEPTED_HASHES: ReadonlyMap<number, string> = new Map([
  [8, 'sha256'],
  [9, 'sha384'],
  [10, 'sha512'],
  [11, 'sha224'],
]);

const BROKEN_HASHES: ReadonlyMap<number, string> = new Map([
  [1, 'MD5'],
  [2, 'SHA-1'],
  [3, 'RIPEMD-160'],
]);

/**
 * The `node:crypto` name of a hash that may protect data.
 *
 * @throws SignatureError `SignatureInvalid` for one that collides, `SignatureUnsupported` for one not known
 */
export function toAcceptedHash(hashAlgorithm: number): string {
  const name = ACCEPTED_HASHES.get(hashAlgorithm);
  if (name !== undefined) return name;
  const broken = BROKEN_HASHES.get(hashAlgorithm);
  if (broken !== undefined) {
    throw new SignatureError('SignatureInvalid', `the signature uses ${broken}, which no longer protects anything`);
  }
  throw new SignatureError('SignatureUnsupported', `hash algorithm ${hashAlgorithm} is not supported`);
}

/** The `node:crypto` name of any hash that a certificate's own signatures may have used; undefined when unknown. */
export function toCertificateHash(hashAlgorithm: number): string | undefined {
  return (
    ACCEPTED_HASHES.get(hashAlgorithm) ??
    new Map([
      [1, 'md5'],
      [2, 'sha1'],
      [3, 'ripemd160'],
    ]).get(hashAlgorithm)
  );
}
