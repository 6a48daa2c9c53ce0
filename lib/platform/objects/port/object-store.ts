import { StoreError } from '../../../base/errors/store-error.ts';
import { untilAborted } from '../../time/deadline.ts';

/** The bytes of an object, and a tag that changes whenever they do. */
export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/** One row of a listing; `size` in bytes. */
export interface ListedObject {
  readonly key: string;
  readonly size: number;
  /** When it was written, where the store says it. */
  readonly modifiedAt?: Date | undefined;
  /** What lies there is a link, a pipe or a device: reading it is `NotAllowed`, and nothing was followed. */
  readonly isIrregular?: true;
}

/** Where in a listing to start. */
export interface ListingStart {
  /** Only keys after it, in the order of the listing; it need not be the key of an object. By default from the first. */
  readonly after?: string | undefined;
}

/**
 * Keys and bytes: an S3 bucket or a directory. A key is `/`-separated segments, none empty, `.` or `..`; another
 * key is a StoreError `KeyRefused`. Every other failure is a StoreError too: only "no such key" reads as absent.
 */
export interface ObjectStore {
  /** Short, for messages; no credentials. */
  readonly description: string;
  /** The object, or undefined when there is none. At most `limit` bytes: a longer object is `LimitExceeded`. */
  readObject(key: string, limit: number): Promise<StoredObject | undefined>;
  /** Writes whole or not at all, never over another object. False when the key was taken. */
  createObject(key: string, bytes: Uint8Array): Promise<boolean>;
  /** Replaces what has this tag (undefined: what is absent). False when it is no longer so. */
  replaceObject(key: string, bytes: Uint8Array, etag: string | undefined): Promise<boolean>;
  /** Removes the object if there is one. */
  deleteObject(key: string): Promise<void>;
  /**
   * All objects whose key starts with the prefix, sorted by key as S3 sorts: by the bytes of the UTF-8 form. None hides
   * the others: one that cannot be read is listed, and a key that no store may hold is left out.
   */
  listObjects(prefix: string, start?: ListingStart): AsyncIterable<ListedObject>;
}

/** A store that is opened for reading single objects. */
export type ObjectReader = Pick<ObjectStore, 'description' | 'readObject'>;

/**
 * The store within one deadline: no operation begins once the signal has aborted, and none is waited for any longer. A
 * write that is under way then may still succeed, as one whose answer was lost.
 *
 * @returns a store whose operations also throw the signal's reason
 */
export function bindObjectStore(store: ObjectStore, signal: AbortSignal): ObjectStore {
  const bind = <T>(operation: () => Promise<T>): Promise<T> => runWithin(operation, signal);
  return {
    ...bindObjectReader(store, signal),
    createObject: (key, bytes) => bind(() => store.createObject(key, bytes)),
    replaceObject: (key, bytes, etag) => bind(() => store.replaceObject(key, bytes, etag)),
    deleteObject: (key) => bind(() => store.deleteObject(key)),
    async *listObjects(prefix, start) {
      for await (const listed of store.listObjects(prefix, start)) {
        signal.throwIfAborted();
        yield listed;
      }
    },
  };
}

/** The same of what is read alone. */
function bindObjectReader(reader: ObjectReader, signal: AbortSignal): ObjectReader {
  return {
    description: reader.description,
    readObject: (key, limit) => runWithin(() => reader.readObject(key, limit), signal),
  };
}

async function runWithin<T>(operation: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return await untilAborted(operation(), signal);
}

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
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const difference = toRank(left.charCodeAt(index)) - toRank(right.charCodeAt(index));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** UTF-8 has surrogates, which stand for the characters above U+FFFF, after all others. */
function toRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
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
