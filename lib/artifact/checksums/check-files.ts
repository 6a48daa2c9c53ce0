import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { isAbsent } from '../../platform/files/file-error.ts';
import { findListed, type ListedFile, toPath } from './listed-file.ts';
import type { ChecksumAlgorithm } from './parse-checksum-list.ts';

/** The check of one file. */
export interface FileCheck {
  /** The path that was read. */
  readonly path: string;
  readonly outcome: 'matches' | 'differs' | 'missing' | 'not listed' | 'refused' | 'unreadable';
  /** The line that names it, or undefined. */
  readonly listed: ListedFile | undefined;
  /** The hash of the file; undefined if it was not hashed. */
  readonly actual: string | undefined;
  readonly message: string | undefined;
}

interface CheckOptions {
  /** Files, and folders that stand for every listed file below them. */
  readonly paths: readonly string[];
  /** Whether listed files that are missing in a folder are ignored. */
  readonly ignoreMissing: boolean;
  /** Called with the hashed bytes and the total. */
  readonly onProgress: (done: number, total: number) => void;
}

/** A file to check. */
type Target = Omit<FileCheck, 'outcome' | 'actual' | 'message'> & { readonly mayBeMissing: boolean };

/** Hashes the files one after the other and compares each with its line. */
export async function checkFiles(
  files: readonly ListedFile[],
  { paths, ignoreMissing, onProgress }: CheckOptions,
): Promise<readonly FileCheck[]> {
  const targets: Target[] = [];
  for (const named of paths) targets.push(...(await toTargets(files, named, ignoreMissing)));
  let total = 0;
  for (const { path, listed } of targets) total += listed === undefined ? 0 : await sizeOf(path);
  let done = 0;
  const checks: FileCheck[] = [];
  for (const target of targets) {
    const check = await checkTarget(target, (count) => {
      done += count;
      onProgress(done, total);
    });
    if (check.outcome !== 'missing' || !target.mayBeMissing) checks.push(check);
  }
  return checks;
}

/** Compares one file with its line. */
async function checkFile(path: string, listed: ListedFile, onBytes: (count: number) => void): Promise<FileCheck> {
  const checked = { path, listed, actual: undefined, message: undefined };
  try {
    const actual = await hashFile(path, listed.algorithm, onBytes);
    return { ...checked, actual, outcome: actual === listed.hash ? 'matches' : 'differs' };
  } catch (error) {
    if (isAbsent(error)) return { ...checked, outcome: 'missing' };
    return { ...checked, outcome: 'unreadable', message: error instanceof Error ? error.message : String(error) };
  }
}

async function toTargets(
  files: readonly ListedFile[],
  named: string,
  ignoreMissing: boolean,
): Promise<readonly Target[]> {
  if (!(await isDirectory(named))) {
    return [{ path: named, listed: findListed(files, named), mayBeMissing: false }];
  }
  return files.map((listed) => ({
    path: listed.place === undefined ? listed.name : toPath(named, listed.place),
    listed,
    mayBeMissing: ignoreMissing,
  }));
}

async function checkTarget({ path, listed }: Target, onBytes: (count: number) => void): Promise<FileCheck> {
  const unchecked = { path, listed, actual: undefined };
  if (listed === undefined) {
    return { ...unchecked, outcome: 'not listed', message: 'no signed line names this file' };
  }
  if (listed.place === undefined) {
    return { ...unchecked, outcome: 'refused', message: 'the listed name leads out of the folder of the list' };
  }
  return checkFile(path, listed, onBytes);
}

async function isDirectory(named: string): Promise<boolean> {
  try {
    return (await stat(named)).isDirectory();
  } catch {
    // A missing or unreadable path is reported when it is hashed.
    return false;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

const CHUNK_BYTES = 1024 * 1024;

/**
 * The hash of a regular file in lower-case hex. Memory: two buffers, one filled while the other is hashed.
 *
 * @param onBytes called with the number of newly hashed bytes
 * @throws Error for anything but a regular file; the system's error, such as `ENOENT`
 */
export async function hashFile(
  path: string,
  algorithm: ChecksumAlgorithm,
  onBytes: (count: number) => void = () => undefined,
): Promise<string> {
  // Nonblocking, so that opening a FIFO without a writer does not hang.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await handle.stat()).isFile()) throw new Error('not a regular file');
    const hash = createHash(algorithm);
    let [filling, spare] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)];
    let reading = handle.read(filling, 0, CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return hash.digest('hex');
      const filled = filling.subarray(0, bytesRead);
      [filling, spare] = [spare, filling];
      reading = handle.read(filling, 0, CHUNK_BYTES);
      hash.update(filled);
      onBytes(bytesRead);
    }
  } finally {
    await handle.close();
  }
}
