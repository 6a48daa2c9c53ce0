import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../../base/errors/input-error.ts';
import { syncDirectory, toStoreError, toWriteError, unlessAbsent } from '../../platform/files/file-error.ts';
import type { BundleSink } from '../format/archive.ts';

/**
 * A file that replaces an earlier one as a whole: it is written beside it, synced to disk, and renamed.
 *
 * @throws InputError `ArgumentInvalid` when no file can be made there
 */
export async function openFileSink(file: string): Promise<BundleSink> {
  const directory = path.dirname(path.resolve(file));
  const aside = path.join(directory, `.${path.basename(file)}.${process.pid}-${randomUUID()}.part`);
  const handle = await openAside(file, aside);
  const report = async (operation: () => Promise<unknown>): Promise<void> => {
    try {
      await operation();
    } catch (error) {
      throw toStoreError(error, `writing ${file}`);
    }
  };
  return {
    description: file,
    write: (bytes) => report(() => handle.writeFile(bytes)),
    commit: () =>
      report(async () => {
        await handle.sync();
        await handle.close();
        await rename(aside, file);
        await syncDirectory(directory);
      }),
    abort: () =>
      report(async () => {
        await handle.close();
        await unlessAbsent(unlink(aside));
      }),
  };
}

async function openAside(file: string, aside: string): Promise<FileHandle> {
  const existing = await stat(file).catch(() => undefined);
  if (existing?.isDirectory() === true) throw new InputError('ArgumentInvalid', `${file} is a directory: name a file`);
  // A rename would put a file in the place of a device, for everybody on the machine.
  if (existing?.isFile() === false)
    throw new InputError('ArgumentInvalid', `${file} is not a regular file: name a file`);
  try {
    return await open(aside, 'wx');
  } catch (cause) {
    throw toWriteError(file, cause);
  }
}
