import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { addAbortSignal } from 'node:stream';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { isAbsent, toFileReason } from '../../lib/platform/files/file-error.ts';
import { type FileContents, readRegularFile } from '../../lib/platform/files/read-regular-file.ts';

/** Bytes of a file of keys or certificates, at most. */
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
    throw unreadable(file, toFileReason(cause), cause);
  });
  if (contents.kind === 'directory') throw unreadable(file, 'it is a directory');
  if (contents.kind === 'irregular') throw unreadable(file, 'it is not a regular file');
  return contents;
}

/** Standard input, whole. @throws InputError `FileUnreadable` for more than the limit; the abort reason of the signal */
export async function readStandardInput(limitBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of addAbortSignal(signal, process.stdin)) {
    const bytes = Buffer.from(chunk as Uint8Array | string);
    length += bytes.length;
    if (length > limitBytes) throw unreadable('standard input', `it is longer than ${limitBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function unreadable(file: string, why: string, cause?: unknown): InputError {
  return new InputError('FileUnreadable', `cannot read ${file}: ${why}`, { cause });
}

/**
 * A file at its path below a root, such as a node's file system that was unpacked; undefined when there is none. A link
 * in it was made for the node: one that points outside would name a file of this machine.
 *
 * @throws InputError `FileUnreadable`
 */
export async function readBelowRoot(root: string, place: string, limitBytes: number): Promise<Uint8Array | undefined> {
  const file = path.join(root, place);
  const [base, target] = [await resolveLinks(root), await resolveLinks(file)];
  if (base === undefined) throw new InputError('FileUnreadable', `cannot read ${root}: there is no such folder`);
  if (target === undefined) {
    // What is below a file is absent too, and not for want of a key.
    if ((await stat(base)).isDirectory()) return undefined;
    throw new InputError('FileUnreadable', `cannot read ${root}: it is no folder`);
  }
  if (!target.startsWith(base.endsWith(path.sep) ? base : `${base}${path.sep}`)) {
    throw new InputError('FileUnreadable', `cannot read ${file}: it leads out of ${root}`);
  }
  return await readInput(target, limitBytes);
}

async function resolveLinks(named: string): Promise<string | undefined> {
  try {
    return await realpath(named);
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    const why = toFileReason(cause);
    throw new InputError('FileUnreadable', `cannot read ${named}: ${why}`, { cause });
  }
}
