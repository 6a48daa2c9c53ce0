import { hash, randomUUID } from 'node:crypto';
import { lstat, open, readdir, readFile, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../../../base/errors/store-error.ts';
import { fileErrorCode, isAbsent, unlessAbsent } from '../../files/file-error.ts';
import { RESERVED_SEGMENT } from '../port/object-store.ts';
import { LOCK_SEGMENT, makeFilePath } from './store-directory.ts';

/** Milliseconds before the lock of a process that is gone is taken over. */
export const STALE_LOCK_MS = 10_000;
/** The same for another host's lock, whose process cannot be looked up. */
const FOREIGN_LOCK_MS = 60_000;
/** Milliseconds that a caller waits; shorter than {@link FOREIGN_LOCK_MS}, so that no waiting file looks abandoned. */
const LOCK_TIMEOUT_MS = 30_000;
const MAX_PAUSE_MS = 12;

export interface HeldLock {
  /** @throws StoreError `ConditionFailed` when the lock was taken over: its holder must have stood still for long. */
  verifyHeld(): Promise<void>;
}

/**
 * Runs `action` while no other process runs one for the same root and key.
 *
 * Each contender makes a file that is its alone, then looks for others: of two, at least the later one sees the other.
 * It may act when it sees no live one; otherwise the earliest stays and the others withdraw. File names are never used
 * twice, so that removing a dead contender's file cannot hit a live one.
 *
 * @throws StoreError `TimedOut` when the lock stays taken for half a minute
 */
export async function withLock<Result>(
  root: string,
  key: string,
  action: (lock: HeldLock) => Promise<Result>,
): Promise<Result> {
  const file = await acquireLock(root, key, Date.now() + LOCK_TIMEOUT_MS);
  try {
    return await action({ verifyHeld: () => verifyHeld(file, key) });
  } finally {
    await unlessAbsent(unlink(file));
  }
}

async function acquireLock(root: string, key: string, deadline: number): Promise<string> {
  // Kept over all attempts, so that the longest waiting contender is first.
  const since = Date.now().toString().padStart(15, '0');
  const prefix = hash('sha256', key).slice(0, 32);
  while (Date.now() < deadline) {
    const file = await makeFilePath(root, [RESERVED_SEGMENT, LOCK_SEGMENT, `${prefix}.${await newOwnerName(since)}`]);
    await (await open(file, 'wx')).close();
    try {
      if (await isGranted(file, prefix, deadline)) return file;
    } catch (error) {
      await unlessAbsent(unlink(file));
      throw error;
    }
    await unlessAbsent(unlink(file));
    await pause();
  }
  throw new StoreError('TimedOut', `the lock of ${JSON.stringify(key)} stayed taken for ${LOCK_TIMEOUT_MS / 1000} s`);
}

/** False when this contender has to withdraw. */
async function isGranted(file: string, prefix: string, deadline: number): Promise<boolean> {
  const own = path.basename(file);
  while (Date.now() < deadline) {
    const others = await findLiveOthers(path.dirname(file), prefix, own);
    if (others.length === 0) return true;
    if (others.some((name) => name < own)) return false;
    await pause();
  }
  return false;
}

async function findLiveOthers(directory: string, prefix: string, own: string): Promise<string[]> {
  const live: string[] = [];
  for (const name of await readdir(directory)) {
    if (!name.startsWith(`${prefix}.`) || name === own) continue;
    const file = path.join(directory, name);
    const stats = await unlessAbsent(lstat(file));
    if (stats === undefined) continue;
    if (await isAbandoned(name, Date.now() - stats.mtimeMs)) await unlessAbsent(unlink(file));
    else live.push(name);
  }
  return live;
}

/** A pid alone would not do: after a restart in a container, another process has the same one. */
async function newOwnerName(since: string): Promise<string> {
  return [since, hostTag(), process.pid, await readStartTime(process.pid), randomUUID()].join('.');
}

async function isAbandoned(name: string, ageMs: number): Promise<boolean> {
  if (ageMs <= STALE_LOCK_MS) return false;
  const [, , host, pid, startTime] = name.split('.');
  if (host !== hostTag()) return ageMs > FOREIGN_LOCK_MS;
  return !isRunning(Number(pid)) || (await readStartTime(Number(pid))) !== startTime;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return fileErrorCode(error) !== 'ESRCH';
  }
}

/** When the process started, in the kernel's ticks; `none` where there is no /proc. */
async function readStartTime(pid: number): Promise<string> {
  let line: string;
  try {
    line = await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    // ESRCH: the process ended while its file was read.
    if (isAbsent(error) || fileErrorCode(error) === 'ESRCH') return 'none';
    throw error;
  }
  // Field 22; the second, the program's name in parentheses, may hold spaces.
  return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? 'none';
}

function hostTag(): string {
  return hash('sha256', hostname()).slice(0, 8);
}

async function verifyHeld(file: string, key: string): Promise<void> {
  if ((await unlessAbsent(lstat(file))) !== undefined) return;
  throw new StoreError('ConditionFailed', `the lock of ${JSON.stringify(key)} was taken over`);
}

async function pause(): Promise<void> {
  await delay(1 + Math.random() * MAX_PAUSE_MS);
}
