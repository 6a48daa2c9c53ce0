import { open } from 'node:fs/promises';

/** By directory: the sync under way, and the one after it, which has not begun. */
const running = new Map<string, Promise<void>>();
const waiting = new Map<string, Promise<void>>();

/**
 * Makes the directory's entries durable. Who asks while a sync is under way may have changed an entry after it began,
 * and waits for the next one; all who wait for it share it.
 */
export function syncDirectory(directory: string): Promise<void> {
  const before = running.get(directory);
  if (before === undefined) return startSync(directory);
  const next = waiting.get(directory) ?? startAfter(before, directory);
  waiting.set(directory, next);
  return next;
}

async function startAfter(before: Promise<void>, directory: string): Promise<void> {
  await Promise.allSettled([before]);
  waiting.delete(directory);
  await startSync(directory);
}

async function startSync(directory: string): Promise<void> {
  const sync = fsyncDirectory(directory);
  running.set(directory, sync);
  try {
    await sync;
  } finally {
    if (running.get(directory) === sync) running.delete(directory);
  }
}

async function fsyncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
