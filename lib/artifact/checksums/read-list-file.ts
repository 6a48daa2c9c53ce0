import { InputError } from '../../base/errors/input-error.ts';
import { isAbsent } from '../../platform/files/file-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import { MAX_LIST_BYTES } from './limits.ts';

/** A checksum list or its signature, whole. @throws InputError `FileUnreadable`, for a longer one too */
export async function readListFile(file: string): Promise<Uint8Array> {
  const bytes = await readListFileIfAny(file);
  if (bytes === undefined) throw unreadable(file, 'there is no such file');
  return bytes;
}

/** The same, undefined where there is no such file. @throws InputError `FileUnreadable` */
export async function readListFileIfAny(file: string): Promise<Uint8Array | undefined> {
  try {
    const contents = await readRegularFile(file, MAX_LIST_BYTES, 'follow');
    if (contents.kind === 'whole') return contents.bytes;
    const why = contents.kind === 'cut' ? `it is longer than ${MAX_LIST_BYTES} bytes` : 'it is not a regular file';
    throw unreadable(file, why);
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    if (isAbsent(cause)) return undefined;
    throw unreadable(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function unreadable(file: string, why: string, cause?: unknown): InputError {
  return new InputError('FileUnreadable', `cannot read ${file}: ${why}`, { cause });
}
