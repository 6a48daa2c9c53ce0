import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 500;

/**
 * Takes the lock of a cache, and waits while another living process has it. It saves work, no more: two installations
 * at once each build aside, and one of the two equal folders stays.
 * @returns what gives it back; undefined if `signal` ended the wait
 */
export async function takeLock(
  cache: string,
  signal: AbortSignal,
  onWait: (holder: number) => void,
): Promise<(() => Promise<void>) | undefined> {
  await mkdir(cache, { recursive: true });
  const file = path.join(cache, 'lock');
  let isWaiting = false;
  while (!(await createFile(file))) {
    const holder = await readHolder(file);
    if (holder === undefined || !isAlive(holder)) {
      // By rename: of two that find it stale, one moves it.
      const stale = `${file}.stale-${process.pid}`;
      await rename(file, stale).catch(() => undefined);
      await rm(stale, { force: true });
      continue;
    }
    if (!isWaiting) onWait(holder);
    isWaiting = true;
    if (signal.aborted) return undefined;
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  return async () => await rm(file, { force: true });
}

async function createFile(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined if it is gone, or its holder died before it wrote its number. */
async function readHolder(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const holder = Number(text);
  return Number.isSafeInteger(holder) && holder > 0 ? holder : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It lives, and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
