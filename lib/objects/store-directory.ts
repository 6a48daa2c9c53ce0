import { randomUUID } from 'node:crypto';
import { lstat, mkdir, open, readdir, realpath, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { StoreError } from '../errors/store-error.ts';
import { fileErrorCode, isAbsent, unlessAbsent } from './file-error.ts';
import { RESERVED_SEGMENT } from './object-key.ts';

/** Where lock files are, in the reserved segment. */
export const LOCK_SEGMENT = 'locks';
/** Milliseconds after which a file that a crashed writer left aside is removed. */
export const LEFTOVER_AGE_MS = 60 * 60 * 1000;

/**
 * The file of a key, or undefined when a directory above it is missing.
 *
 * @throws StoreError `NotAllowed` when a directory above it is a symbolic link, wherever that leads. Whoever may write
 * below the root while the store runs could still swap a directory after this check.
 */
export async function findFile(root: string, segments: readonly string[]): Promise<string | undefined> {
  const file = path.join(root, ...segments);
  const parent = await findDirectory(root, segments.slice(0, -1));
  return parent === undefined ? undefined : file;
}

/** Like {@link findFile}, for a directory below the root. */
export async function findDirectory(root: string, segments: readonly string[]): Promise<string | undefined> {
  const realRoot = await unlessAbsent(realpath(root));
  if (realRoot === undefined) return undefined;
  const directory = path.join(realRoot, ...segments);
  const real = await unlessAbsent(realpath(directory));
  if (real === undefined) return undefined;
  if (real !== directory) throw new StoreError('NotAllowed', `a symbolic link leads to ${real} from ${directory}`);
  return directory;
}

/** The file of a key, with every directory above it made, durably, level by level: none is made through a link. */
export async function makeFilePath(root: string, segments: readonly string[]): Promise<string> {
  await makeDirectories(root);
  let directory = await realpath(root);
  const file = path.join(directory, ...segments);
  for (const segment of segments.slice(0, -1)) {
    const child = path.join(directory, segment);
    if (await makeDirectory(child)) await syncDirectory(directory);
    directory = child;
  }
  return file;
}

/**
 * Makes a directory and those above it. Node's own recursive `mkdir` retries for ever where the system says "no such
 * file" below a directory that exists, as it does in /proc.
 */
export async function makeDirectories(directory: string): Promise<void> {
  if (await isDirectory(directory)) return;
  const parent = path.dirname(path.resolve(directory));
  if (parent !== path.resolve(directory)) await makeDirectories(parent);
  try {
    await mkdir(directory);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!(await isDirectory(directory))) throw error;
  }
}

async function isDirectory(file: string): Promise<boolean> {
  return (await unlessAbsent(stat(file)))?.isDirectory() ?? false;
}

async function makeDirectory(directory: string): Promise<boolean> {
  try {
    await mkdir(directory);
    return true;
  } catch (error) {
    if (fileErrorCode(error) !== 'EEXIST') throw error;
  }
  const stats = await lstat(directory);
  if (stats.isSymbolicLink()) throw new StoreError('NotAllowed', `${directory} is a symbolic link`);
  if (!stats.isDirectory()) throw new StoreError('KeyRefused', `the key runs through the object ${directory}`);
  return false;
}

/** Writes a new file in the root's temporary area, whole and on disk, and returns its path. */
export async function writeAside(root: string, bytes: Uint8Array): Promise<string> {
  const file = await makeFilePath(root, [RESERVED_SEGMENT, `write-${process.pid}-${randomUUID()}`]);
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } catch (error) {
    await unlessAbsent(unlink(file));
    throw error;
  } finally {
    await handle.close();
  }
  return file;
}

/** Makes the directory's entries durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes what crashed writers left in the temporary area more than {@link LEFTOVER_AGE_MS} ago. */
export async function sweepLeftovers(root: string, now: number): Promise<void> {
  for (const segments of [[RESERVED_SEGMENT], [RESERVED_SEGMENT, LOCK_SEGMENT]]) {
    const directory = await findDirectory(root, segments);
    if (directory !== undefined) await sweepDirectory(directory, now);
  }
}

async function sweepDirectory(directory: string, now: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const file = path.join(directory, name);
    try {
      const stats = await lstat(file);
      if (stats.isFile() && now - stats.mtimeMs > LEFTOVER_AGE_MS) await unlink(file);
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
}
