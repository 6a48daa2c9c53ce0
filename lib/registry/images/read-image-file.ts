import { realpath, stat } from 'node:fs/promises';
import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { fileErrorCode, isAbsent } from '../../platform/files/file-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import { findFile } from '../../platform/objects/directory/store-directory.ts';

/** The directory of an image without symbolic links, which is how a policy knows it. @throws InputError `FileUnreadable` */
export async function findImageDirectory(path: string): Promise<string> {
  try {
    const real = await realpath(path);
    if ((await stat(real)).isDirectory()) return real;
  } catch (cause) {
    throw unreadable(path, fileErrorCode(cause) ?? 'unknown fault', cause);
  }
  throw unreadable(path, 'it is not a directory');
}

/**
 * A regular file of an image, whole, or undefined where there is none. Others made the image: no link is followed, so
 * that none leads out of it, and nothing is read that may have no end.
 *
 * @throws StoreError `BodyInvalid` for what is no regular file, `LimitExceeded`, `NotAllowed`, `ConnectionFailed`
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
    // One bad file among several is passed over like another: a link must not hide what comes after it.
    if (code === 'ELOOP') throw new StoreError('BodyInvalid', `${name} is a symbolic link`, { cause });
    throw new StoreError('ConnectionFailed', `${name} cannot be read: ${code ?? 'unknown fault'}`, { cause });
  }
}

/** A file that an image cannot be without. @throws InputError `FileUnreadable` */
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

/** Whoever named the image has to act: it will not read better a second time. */
export function unreadable(path: string, fault: string, cause?: unknown): InputError {
  return new InputError('FileUnreadable', `cannot read the image in ${path}: ${fault}`, { cause });
}
