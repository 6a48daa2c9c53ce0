import { InputError } from '../../lib/base/errors/input-error.ts';
import { type FileContents, readRegularFile } from '../../lib/platform/files/read-regular-file.ts';

/** Bytes of a file of keys or certificates; anything longer is something else. */
export const MAX_KEY_FILE_BYTES = 1024 * 1024;

/** Reads a file that the user named, whole. @throws InputError `FileUnreadable`, for a longer one too */
export async function readInput(file: string, limitBytes: number): Promise<Uint8Array> {
  const { kind, bytes } = await readNamedFile(file, limitBytes);
  if (kind === 'cut') throw unreadable(file, `it is longer than ${limitBytes} bytes`);
  return bytes;
}

/** At most `limitBytes` from the start of a file that the user named. @throws InputError `FileUnreadable` */
export async function readInputStart(file: string, limitBytes: number): Promise<Uint8Array> {
  return (await readNamedFile(file, limitBytes)).bytes;
}

async function readNamedFile(
  file: string,
  limitBytes: number,
): Promise<Extract<FileContents, { readonly kind: 'whole' | 'cut' }>> {
  const contents = await readRegularFile(file, limitBytes, 'follow').catch((cause: unknown) => {
    throw unreadable(file, cause instanceof Error ? cause.message : String(cause), cause);
  });
  if (contents.kind === 'directory') throw unreadable(file, 'it is a directory');
  if (contents.kind === 'irregular') throw unreadable(file, 'it is not a regular file');
  return contents;
}

function unreadable(file: string, why: string, cause?: unknown): InputError {
  return new InputError('FileUnreadable', `cannot read ${file}: ${why}`, { cause });
}
