import { hash } from 'node:crypto';
import { StoreError } from '../../../base/errors/store-error.ts';
import { toStoreError, unlessAbsent } from '../../files/file-error.ts';
import { type FilePace, IN_THREADS } from '../../files/file-pace.ts';
import { readRegularFile } from '../../files/read-regular-file.ts';
import { type ObjectReader, parseObjectKey, type StoredObject } from '../port/object-store.ts';
import { createKnownDirectories, type KnownDirectories } from './known-directories.ts';
import { findFileBelow } from './store-directory.ts';

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
