import { realpath, stat } from 'node:fs/promises';
import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { fileErrorCode, isAbsent, toFileReason } from '../../platform/files/file-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import { findFile } from '../../platform/objects/directory/store-directory.ts';

/** The directory of an image without symbolic links, as policies name it. @throws InputError `FileUnreadable` */
export async function findImageDirectory(path: string): Promise<string> {
  try {
    const real = await realpath(path);
    if ((await stat(real)).isDirectory()) return real;
  } catch (cause) {
    throw unreadable(path, toFileReason(cause), cause);
  }
  throw unreadable(path, 'it is not a directory');
}

/**
 * Reads a regular file of an image; undefined if there is none. The image is untrusted, so no link out of it is followed,
 * and no file without an end is read.
 *
 * @throws StoreError `BodyInvalid` if it is no regular file, `LimitExceeded`, `NotAllowed`, `ConnectionFailed`
 */
export async function findImageFile(
  directory: string,
  segments: readonly string[],
  limitBytes: number,
): Promise<Uint8Array | undefined> {
  const name = segments.join('/');
  try {
    const file = await findFile(directory, segments);
    if (file === undefined) return undefined;
    const contents = await readRegularFile(file, limitBytes, 'refuse');
    if (contents.kind === 'whole') return contents.bytes;
    if (contents.kind === 'cut') throw new StoreError('LimitExceeded', `${name} is longer than ${limitBytes} bytes`);
    throw new StoreError('BodyInvalid', `${name} is not a regular file`);
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    const code = fileErrorCode(cause);
    if (isAbsent(cause)) return undefined;
    // A bad file among several is skipped: a link must not hide the files after it.
    if (code === 'ELOOP') throw new StoreError('BodyInvalid', `${name} is a symbolic link`, { cause });
    throw new StoreError('ConnectionFailed', `${name} cannot be read: ${code ?? 'unknown fault'}`, { cause });
  }
}

/** Reads a required file of an image. @throws InputError `FileUnreadable` */
export async function readImageFile(
  directory: string,
  segments: readonly string[],
  limitBytes: number,
): Promise<Uint8Array> {
  try {
    const bytes = await findImageFile(directory, segments, limitBytes);
    if (bytes !== undefined) return bytes;
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    throw unreadable(directory, cause.message, cause);
  }
  throw unreadable(directory, `there is no ${segments.join('/')} in it`);
}

/** An error for the user who named the image: a second read fails too. */
export function unreadable(path: string, fault: string, cause?: unknown): InputError {
  return new InputError('FileUnreadable', `cannot read the image in ${path}: ${fault}`, { cause });
}
