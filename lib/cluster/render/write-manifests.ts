import { randomUUID } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../../base/errors/input-error.ts';
import { fileErrorCode, isAbsent, unlessAbsent } from '../../platform/files/file-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import { syncDirectory } from '../../platform/files/sync-directory.ts';
import { makeDirectories } from '../../platform/objects/directory/store-directory.ts';
import { checkDirectoryLocation } from '../../platform/objects/s3/s3-location.ts';

/** A file by its name in a directory. */
export interface ManifestFile {
  readonly name: string;
  readonly text: string;
}

export interface WrittenManifest {
  readonly file: string;
  readonly outcome: 'written' | 'unchanged' | 'removed';
}

/** What a file starts with while it is being written; a crash may leave one. */
export const UNFINISHED_PREFIX = '.signet-unfinished-';

/**
 * Writes files whole, one after the other in this order. A file that is there and the same is not touched, and no
 * other file is.
 *
 * @throws InputError `ArgumentInvalid` when the directory cannot be written
 */
export async function writeManifests(
  directory: string,
  files: readonly ManifestFile[],
): Promise<readonly WrittenManifest[]> {
  checkDirectoryLocation(directory);
  try {
    await makeDirectories(directory);
    const written: WrittenManifest[] = [];
    for (const { name, text } of files) {
      const file = path.join(directory, name);
      const bytes = Buffer.from(text);
      const isSame = await holds(file, bytes);
      if (!isSame) await writeWhole(directory, file, bytes);
      written.push({ file, outcome: isSame ? 'unchanged' : 'written' });
    }
    return written;
  } catch (cause) {
    throw toInputError(directory, cause);
  }
}

/** What the system says about a directory that a user named. */
export function toInputError(directory: string, cause: unknown): InputError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new InputError('ArgumentInvalid', `cannot write to ${directory}: ${reason}`, { cause });
}

async function holds(file: string, bytes: Uint8Array): Promise<boolean> {
  try {
    const contents = await readRegularFile(file, bytes.length, 'refuse');
    return contents.kind === 'whole' && Buffer.compare(contents.bytes, bytes) === 0;
  } catch (error) {
    // A link is replaced by a file, and what it leads to is not.
    if (isAbsent(error) || fileErrorCode(error) === 'ELOOP') return false;
    throw error;
  }
}

async function writeWhole(directory: string, file: string, bytes: Uint8Array): Promise<void> {
  const aside = path.join(directory, `${UNFINISHED_PREFIX}${process.pid}-${randomUUID()}`);
  try {
    const handle = await open(aside, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, file);
  } catch (error) {
    await unlessAbsent(unlink(aside));
    throw error;
  }
  await syncDirectory(directory);
}
