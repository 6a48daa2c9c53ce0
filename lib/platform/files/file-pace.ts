import { statfs } from 'node:fs/promises';
import process from 'node:process';

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
 * @param readClock milliseconds of a clock that runs on
 */
export function createFilePace(isLocal: () => boolean, readClock: () => number = readUptime): FilePace {
  let restUntil = Number.NEGATIVE_INFINITY;
  return {
    run(atOnce, inThread) {
      if (!isLocal()) return inThread();
      const started = readClock();
      if (started < restUntil) return inThread();
      try {
        return atOnce();
      } catch (error) {
        return Promise.reject(error);
      } finally {
        const ended = readClock();
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
    return LOCAL_TYPES.has((await statfs(directory)).type);
  } catch {
    return false;
  }
}

/** Milliseconds of a monotonic clock. `performance` would have to be loaded, which takes a millisecond. */
export function readUptime(): number {
  return process.uptime() * 1000;
}
