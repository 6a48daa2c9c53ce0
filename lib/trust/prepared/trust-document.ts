import { hash } from 'node:crypto';

/** One file of a profile's trust, as read: the name is relative to the profile's directory, `/`-separated. */
export interface TrustDocument {
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface DocumentDigest {
  readonly name: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Names and hashes, sorted by name, byte by byte. */
export function digestDocuments(documents: readonly TrustDocument[]): DocumentDigest[] {
  return documents
    .map(({ name, bytes }) => ({ name, sha256: hash('sha256', bytes) }))
    .toSorted((left, right) => compareNames(left.name, right.name));
}

/** SHA-256 in lower-case hex over `<relative name>\0<sha256 of bytes>\n` of all documents, sorted by name. */
export function trustRevision(documents: readonly DocumentDigest[]): string {
  const lines = documents
    .toSorted((left, right) => compareNames(left.name, right.name))
    .map(({ name, sha256 }) => `${name}\0${sha256}\n`);
  return hash('sha256', lines.join(''));
}

/** Orders names by their UTF-8 bytes, which is not the order of JavaScript's strings beyond U+FFFF. */
export function compareNames(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left, 'utf8'), Buffer.from(right, 'utf8'));
}
