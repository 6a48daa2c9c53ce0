import { hash } from 'node:crypto';
import { StoreError } from '../../../base/errors/store-error.ts';
import { toStoreError, unlessAbsent } from '../../files/file-error.ts';
import {
  createFilePace,
  type FilePace,
  IN_THREADS,
  isLocalFileSystem,
  readRegularFile,
  resolveLinks,
} from '../../files/read-regular-file.ts';
import { readClock } from '../../time/deadline.ts';
import { type ObjectReader, parseObjectKey, type StoredObject } from '../port/object-store.ts';
import { findFileBelow, isPlainDirectory, type Looks, makeRoot } from './store-directory.ts';

/** Objects below a directory, opened for reading: nothing is made, locked or swept. */
export function createDirectoryReader(root: string): ObjectReader {
  const known = createKnownDirectories(root);
  return {
    description: describeDirectory(root),
    readObject: (key, limit) => report(`reading ${key}`, () => readObjectFile(known, key, limit)),
  };
}

/** Undefined when there is no such file. An etag is the SHA-256 of the bytes. */
export async function readObjectFile(
  { peekRoot, pace }: KnownDirectories,
  key: string,
  limit: number,
): Promise<StoredObject | undefined> {
  const segments = parseObjectKey(key);
  const realRoot = await peekRoot();
  const file = realRoot === undefined ? undefined : await findFileBelow(realRoot, segments, pace);
  const bytes = file === undefined ? undefined : await readFileOf(file, limit, pace);
  return bytes === undefined ? undefined : { bytes, etag: toEtag(bytes) };
}

export function describeDirectory(root: string): string {
  return `directory ${root}`;
}

/** The bytes of an object's file, or undefined when there is none: a directory is none, and a link is not followed. */
export async function readFileOf(
  file: string,
  limit: number,
  pace: FilePace = IN_THREADS,
): Promise<Uint8Array | undefined> {
  const contents = await unlessAbsent(readRegularFile(file, limit, 'refuse', pace));
  if (contents === undefined || contents.kind === 'directory') return undefined;
  if (contents.kind === 'irregular') throw new StoreError('NotAllowed', `${file} is not a regular file`);
  if (contents.kind === 'cut') throw new StoreError('LimitExceeded', `${file} has more than ${limit} bytes`);
  return contents.bytes;
}

/** @throws StoreError that says what was being done */
export async function report<Result>(doing: string, operation: () => Promise<Result>): Promise<Result> {
  try {
    return await operation();
  } catch (error) {
    throw toStoreError(error, doing);
  }
}

export function toEtag(bytes: Uint8Array): string {
  return hash('sha256', bytes);
}

/** Directories of one root that were found plain a moment ago; looked at again after {@link KNOWN_MS}. */
export interface KnownDirectories extends Looks {
  /** The root without links, made if it is missing. */
  readonly findRoot: () => Promise<string>;
  /** The same where it is there; it is not made. */
  readonly peekRoot: () => Promise<string | undefined>;
  /** Forgets everything. */
  readonly forget: () => void;
}

/** Milliseconds for which a directory that was plain counts as plain: many writes go to one place. */
export const KNOWN_MS = 1000;

export function createKnownDirectories(root: string): KnownDirectories {
  const plain = new Set<string>();
  let real: string | undefined;
  let isLocal = false;
  const pace = createFilePace(() => isLocal);
  let since = Number.NEGATIVE_INFINITY;
  const forget = (): void => {
    plain.clear();
    real = undefined;
    since = readClock();
  };
  const forgetOld = (): void => {
    if (readClock() - since > KNOWN_MS) forget();
  };
  const look = async (found: string): Promise<string> => {
    isLocal = await isLocalFileSystem(found);
    return found;
  };
  return {
    forget,
    pace,
    async findRoot() {
      forgetOld();
      real ??= await look(await makeRoot(root));
      return real;
    },
    async peekRoot() {
      forgetOld();
      if (real !== undefined) return real;
      const found = await unlessAbsent(resolveLinks(root));
      real = found === undefined ? undefined : await look(found);
      return real;
    },
    async isPlain(directory) {
      forgetOld();
      if (plain.has(directory)) return true;
      const isPlain = await isPlainDirectory(directory, pace);
      if (isPlain) plain.add(directory);
      return isPlain;
    },
  };
}
