import { StoreError } from '../../../base/errors/store-error.ts';
import type { ListingStart } from './object-store.ts';

/** Bytes of a key in UTF-8, as in S3. */
const MAX_KEY_BYTES = 1024;
/** Bytes of one segment, so that every bucket can also be a directory. */
const MAX_SEGMENT_BYTES = 255;
/** No key starts with this segment: the directory store writes aside there. */
export const RESERVED_SEGMENT = '.tmp';

const REFUSED_CHARACTER = /[\\\p{Cc}]/u;

/** The segments of a key. @throws StoreError `KeyRefused`. */
export function parseObjectKey(key: string): readonly string[] {
  const segments = parseText(key, 'key').split('/');
  for (const segment of segments) verifySegment(key, segment);
  if (segments[0] === RESERVED_SEGMENT) throw refused(key, `${RESERVED_SEGMENT} is the store's own`);
  return segments;
}

/** Whether {@link parseObjectKey} would take it. */
export function isObjectKey(key: string): boolean {
  try {
    parseObjectKey(key);
    return true;
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
}

/**
 * What a listing's prefix says: the whole segments before its last `/`. What follows may be any start of a segment.
 *
 * @throws StoreError `KeyRefused` for a prefix that no key can start with
 */
export function parseKeyPrefix(prefix: string): readonly string[] {
  const segments = parseText(prefix, 'prefix').split('/').slice(0, -1);
  for (const segment of segments) verifySegment(prefix, segment);
  if (segments[0] === RESERVED_SEGMENT) throw refused(prefix, `${RESERVED_SEGMENT} is the store's own`);
  return segments;
}

/**
 * The key after which a listing starts: any text that could stand among keys, so that a reader can also skip all below
 * a folder. Empty when there is none.
 *
 * @throws StoreError `KeyRefused`
 */
export function parseListingStart({ after = '' }: ListingStart): string {
  return parseText(after, 'key');
}

/** The order of a listing, S3's: by the bytes of the UTF-8 form. */
export function compareKeys(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function parseText(text: string, what: 'key' | 'prefix'): string {
  if (Buffer.byteLength(text) > MAX_KEY_BYTES) throw refused(text, `a ${what} has at most ${MAX_KEY_BYTES} bytes`);
  if (!text.isWellFormed()) throw refused(text, 'it is not well-formed Unicode');
  if (REFUSED_CHARACTER.test(text)) throw refused(text, 'it holds a backslash or a control character');
  return text;
}

function verifySegment(key: string, segment: string): void {
  if (segment === '') throw refused(key, 'a segment is empty');
  if (segment === '.' || segment === '..') throw refused(key, `${segment} is not a segment`);
  if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) {
    throw refused(key, `a segment has at most ${MAX_SEGMENT_BYTES} bytes`);
  }
}

function refused(key: string, fault: string): StoreError {
  const shown = key.length > 160 ? `${key.slice(0, 160)}…` : key;
  return new StoreError('KeyRefused', `the key ${JSON.stringify(shown)} is refused: ${fault}`);
}
