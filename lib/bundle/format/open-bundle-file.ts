import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { InputError } from '../../base/errors/input-error.ts';

/** A regular file that the user named, whatever size. @throws InputError `FileUnreadable` */
export async function openBundleFile(file: string): Promise<FileHandle> {
  // A FIFO without a writer must not block.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw unreadable(file, cause instanceof Error ? cause.message : String(cause), cause);
  });
  try {
    if ((await handle.stat()).isFile()) return handle;
  } catch (cause) {
    await handle.close();
    throw unreadable(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
  await handle.close();
  throw unreadable(file, 'it is not a regular file');
}

function unreadable(file: string, why: string, cause?: unknown): InputError {
  return new InputError('FileUnreadable', `cannot read ${file}: ${why}`, { cause });
}
