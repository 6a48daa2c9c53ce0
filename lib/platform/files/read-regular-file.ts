import { closeSync, constants, fstatSync, open, openSync, read, readSync, realpath, statfs } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { readClock } from '../time/deadline.ts';
import { fileErrorCode } from './file-error.ts';

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
  const file = await unlessClosed(
    async () =>
      await pace.run(
        () => openSync(path, flags),
        () => openFile(path, flags),
      ),
  );
  if (file === undefined) return { kind: 'irregular' };
  try {
    const stats = fstatSync(file);
    if (stats.isDirectory()) return { kind: 'directory' };
    return stats.isFile() ? await readUpTo(file, limitBytes, stats.size, pace) : { kind: 'irregular' };
  } finally {
    closeSync(file);
  }
}

/** Undefined for what the system does not open at all: a socket, or a device of which there is none. */
async function unlessClosed(opening: () => Promise<number>): Promise<number | undefined> {
  try {
    return await opening();
  } catch (error) {
    const code = fileErrorCode(error);
    if (code === 'ENXIO' || code === 'ENODEV') return undefined;
    throw error;
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

/**
 * How short operations with files are done: looking at a name, opening it, reading a page of it. What a local file system
 * holds in memory is answered in microseconds, and handing it to one of Node's threads takes ten times as long.
 */
export interface FilePace {
  /** One of the two, which do the same: at once, or in a thread. A failure is a rejection either way. */
  readonly run: <Result>(atOnce: () => Result, inThread: () => Promise<Result>) => Result | Promise<Result>;
}

/** Everything in threads: nothing is known of the file system. */
export const IN_THREADS: FilePace = { run: (_atOnce, inThread) => inThread() };

/** Milliseconds for which an operation may hold up the process before threads do the next ones. */
export const HELD_UP_MS = 10;
/** How many times as long threads do them: what holds up takes a twentieth of the time at most. */
export const REST_FACTOR = 20;

/**
 * At once where the file system is local, until an operation holds up the process: then in threads for a while.
 *
 * @param isLocal asked each time: a file system may be mounted over another one
 * @param readNow milliseconds of a clock that runs on
 */
export function createFilePace(isLocal: () => boolean, readNow: () => number = readClock): FilePace {
  let restUntil = Number.NEGATIVE_INFINITY;
  return {
    run(atOnce, inThread) {
      if (!isLocal()) return inThread();
      const started = readNow();
      if (started < restUntil) return inThread();
      try {
        return atOnce();
      } catch (error) {
        return Promise.reject(error);
      } finally {
        const ended = readNow();
        if (ended - started > HELD_UP_MS) restUntil = ended + REST_FACTOR * (ended - started);
      }
    },
  };
}

/** What `statfs` calls those that wait for a disk of this machine at most (linux/magic.h): ext, XFS, Btrfs, ZFS, F2FS, tmpfs, overlay. */
const LOCAL_TYPES: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0xf2f52010, 0x01021994, 0x794c7630,
]);

/** Whether a file system is known to be local. One of a network may wait for ever, and would hold up the process. */
export async function isLocalFileSystem(directory: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  try {
    return LOCAL_TYPES.has((await promisify(statfs)(directory)).type);
  } catch {
    return false;
  }
}

/** A path without links. `node:fs/promises` has it too, and takes more than a millisecond of a start to be loaded. @throws the system's error */
export async function resolveLinks(path: string): Promise<string> {
  return await promisify(realpath.native)(path);
}
