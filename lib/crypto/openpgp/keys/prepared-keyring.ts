/**
 * OpenPGP certificates compiled to what a message is checked against: plain JSON, so that it can be published, and
 * complete, so that nothing of OpenPGP's certificate format is needed when messages are verified.
 */

/** A public key as JSON Web Key members, which is how `node:crypto` takes it. */
export type PublicKeyMaterial =
  | { readonly kind: 'rsa'; readonly n: string; readonly e: string; readonly bits: number }
  | { readonly kind: 'ecdsa'; readonly curve: 'P-256' | 'P-384' | 'P-521'; readonly x: string; readonly y: string }
  | { readonly kind: 'ed25519'; readonly x: string };

/** One key of a certificate. Times are seconds since 1970, as OpenPGP counts. */
export interface PreparedKey {
  /** Upper-case hex, 40 digits. */
  readonly fingerprint: string;
  readonly createdAt: number;
  /** When the certificate last spoke of this key: of two copies in a keyring, the later one counts. */
  readonly assertedAt: number;
  /** First second at which the key is no longer valid; absent when it never expires. */
  readonly expiresAt?: number | undefined;
  /** Why the key may sign nothing, whatever the date. */
  readonly revoked?: string | undefined;
  /** Why the key may not sign although it is valid: its flags, a missing cross-signature, an unsupported algorithm. */
  readonly notForSigning?: string | undefined;
  /** Public-key algorithm number of its signatures (RFC 9580 section 9.1). */
  readonly algorithm: number;
  /** Absent exactly where `notForSigning` says that the algorithm is not supported. */
  readonly material?: PublicKeyMaterial | undefined;
}

export interface PreparedCertificate {
  /** Fingerprint of the primary key: the signer's identity. */
  readonly fingerprint: string;
  readonly userIds: readonly string[];
  /** The primary key first. */
  readonly keys: readonly PreparedKey[];
  /** Position of its armor block in the key file, from 0: current clusters read only block 0. */
  readonly armorBlock: number;
}

/** One `verifier-public-key-*` entry: any certificate in it may sign. */
export interface PreparedKeyring {
  readonly name: string;
  readonly certificates: readonly PreparedCertificate[];
}

/** Certificates that one keyring may hold. */
export const MAX_CERTIFICATES = 64;
