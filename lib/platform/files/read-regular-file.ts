import { closeSync, constants, fstatSync, open, openSync, read, readSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { type FilePace, IN_THREADS } from './file-pace.ts';

/** What is at a path: a file's bytes, all or only as many as the limit allows, or something without bytes. */
export type FileContents =
  | { readonly kind: 'whole' | 'cut'; readonly bytes: Uint8Array }
  | { readonly kind: 'directory' }
  /** A device, FIFO or socket: it may have no end. */
  | { readonly kind: 'irregular' };

const CHUNK_BYTES = 64 * 1024;

/**
 * At most `limitBytes` of a regular file, regardless of the size it claims. A FIFO without a writer does not block.
 *
 * What may wait for a disk or a network is done as the pace says: opening, and reading the first {@link CHUNK_BYTES}; the
 * rest is read in Node's threads. Looking at what is open and closing what was only read wait for neither.
 *
 * @param links whether a symbolic link in the path's last place is followed; a refused one is the system's `ELOOP`
 * @throws the system's error, `ENOENT` among them
 */
export async function readRegularFile(
  path: string,
  limitBytes: number,
  links: 'follow' | 'refuse',
  pace: FilePace = IN_THREADS,
): Promise<FileContents> {
  if (links === 'refuse' && process.platform === 'win32') await refuseLink(path);
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (links === 'refuse' ? constants.O_NOFOLLOW : 0);
  const file = await pace.run(
    () => openSync(path, flags),
    () => openFile(path, flags),
  );
  try {
    const stats = fstatSync(file);
    if (stats.isDirectory()) return { kind: 'directory' };
    return stats.isFile() ? await readUpTo(file, limitBytes, stats.size, pace) : { kind: 'irregular' };
  } finally {
    closeSync(file);
  }
}

function openFile(path: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, flags, (error, file) => (error === null ? resolve(file) : reject(error)));
  });
}

function readAt(file: number, bytes: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(file, bytes, 0, bytes.length, position, (error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

/** Windows has no O_NOFOLLOW: there, a link is looked for before. */
async function refuseLink(path: string): Promise<void> {
  if (!(await lstat(path)).isSymbolicLink()) return;
  throw Object.assign(new Error(`ELOOP: a symbolic link is not followed, ${path}`), { code: 'ELOOP' });
}

async function readUpTo(file: number, limitBytes: number, size: number, pace: FilePace): Promise<FileContents> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    // One byte more than expected, or allowed, shows whether the file goes on.
    const expected = total < size ? size + 1 - total : CHUNK_BYTES;
    const length = Math.min(CHUNK_BYTES, expected, limitBytes + 1 - total);
    const buffer = Buffer.alloc(length);
    const position = total;
    const bytesRead = await (position === 0 ? pace : IN_THREADS).run(
      () => readSync(file, buffer, 0, buffer.length, position),
      () => readAt(file, buffer, position),
    );
    chunks.push(buffer.subarray(0, bytesRead));
    total += bytesRead;
    if (total > limitBytes) return { kind: 'cut', bytes: Buffer.concat(chunks).subarray(0, limitBytes) };
    // A short read alone may be one that was interrupted.
    const isWhole = bytesRead === 0 || (bytesRead < length && total === size);
    if (isWhole) return { kind: 'whole', bytes: Buffer.concat(chunks) };
  }
}
