import { open } from 'node:fs/promises';
import { getSystemErrorMessage } from 'node:util';
import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { isUrlLike } from '../http/http-url.ts';

const ABSENT = new Set(['ENOENT', 'ENOTDIR']);
/** What is over once there is room again, or the disk is another. */
const PASSING = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE']);
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

/**
 * Why a file operation failed, in the system's words: `no such file or directory`. Node's message has the code, the call
 * and the path besides, which whoever names the file has said already.
 */
export function toFileReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { errno, path, syscall } = error as NodeJS.ErrnoException;
  if (isAbsent(error) && path !== undefined && isUrlLike(path))
    return 'a URL is no file: download it, and name that file';
  if (fileErrorCode(error) === 'EEXIST' && syscall === 'mkdir') return 'a file is in its place';
  if (fileErrorCode(error) === 'EISDIR') return 'it is a directory';
  return typeof errno === 'number' ? getSystemErrorMessage(errno) : error.message;
}

/** What a failed file operation is to the caller of a store. Errors of the store pass as they are. */
export function toStoreError(error: unknown, doing: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = fileErrorCode(error);
  const kind = NOT_ALLOWED.has(code ?? '') ? 'NotAllowed' : 'ConnectionFailed';
  return new StoreError(kind, `${doing} failed: ${toFileReason(error)}`, { cause: error });
}

/**
 * A file or folder that the user named, and that cannot be written: a wrong call, unless the disk is full or fails.
 *
 * @param place as the user named it
 */
export function toWriteError(place: string, cause: unknown): InputError | StoreError {
  const message = `cannot write ${place}: ${toFileReason(cause)}`;
  if (PASSING.has(fileErrorCode(cause) ?? '')) return new StoreError('ConnectionFailed', message, { cause });
  return new InputError('ArgumentInvalid', message, { cause });
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
