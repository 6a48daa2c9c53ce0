import { hash } from 'node:crypto';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';

/** What a registry says and what was asked of it; either may be missing, neither is believed. */
export interface UntrustedDigests {
  readonly asked: Digest | undefined;
  /** The `Docker-Content-Digest` header. */
  readonly header: string | undefined;
}

/**
 * The digest of the bytes that were received: the one asked for, else the one that the header names, else SHA-256,
 * each recalculated with its own algorithm. @throws StoreError `ContentMismatch` when one of them does not hold.
 */
export function verifyContent(bytes: Uint8Array, { asked, header }: UntrustedDigests): Digest {
  if (asked !== undefined) checkDigest(bytes, asked, 'asked for');
  if (header === undefined) return asked ?? calculateDigest(bytes, 'sha256');
  if (!isDigest(header)) throw new StoreError('ContentMismatch', 'the Docker-Content-Digest header is not a digest');
  checkDigest(bytes, header, 'in the Docker-Content-Digest header');
  return asked ?? header;
}

function checkDigest(bytes: Uint8Array, digest: Digest, whence: string): void {
  const actual = calculateDigest(bytes, digest.slice(0, digest.indexOf(':')));
  if (actual !== digest) {
    throw new StoreError('ContentMismatch', `the content has the digest ${actual}; ${whence} was ${digest}`);
  }
}

function calculateDigest(bytes: Uint8Array, algorithm: string): Digest {
  const text = `${algorithm}:${hash(algorithm, bytes)}`;
  if (!isDigest(text)) throw new StoreError('ContentMismatch', `${algorithm} is not a digest's algorithm`);
  return text;
}
