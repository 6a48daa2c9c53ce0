import { open } from 'node:fs/promises';
import { StoreError } from '../../base/errors/store-error.ts';

const ABSENT = new Set(['ENOENT', 'ENOTDIR']);
const NOT_ALLOWED = new Set(['EACCES', 'EPERM', 'EROFS', 'ELOOP']);

/** The system's code for a failed file operation, such as `ENOENT`. */
export function fileErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** True where the system said "no such file", and for nothing else. */
export function isAbsent(error: unknown): boolean {
  return ABSENT.has(fileErrorCode(error) ?? '');
}

/** The result, or undefined where the system said "no such file". */
export async function unlessAbsent<Result>(operation: Result | Promise<Result>): Promise<Result | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** What a failed file operation is to the caller of a store. Errors of the store pass as they are. */
export function toStoreError(error: unknown, doing: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = fileErrorCode(error);
  const kind = NOT_ALLOWED.has(code ?? '') ? 'NotAllowed' : 'ConnectionFailed';
  return new StoreError(kind, `${doing} failed: ${code ?? String(error)}`, { cause: error });
}

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
  // Windows flushes only what is open for writing, which a directory cannot be; NTFS keeps a journal of names.
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
