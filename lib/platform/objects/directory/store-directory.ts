import { randomUUID } from 'node:crypto';
import { lstatSync, realpathSync, type Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, realpath, rm, stat, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { StoreError } from '../../../base/errors/store-error.ts';
import { fileErrorCode, isAbsent, syncDirectory, unlessAbsent } from '../../files/file-error.ts';
import { type FilePace, IN_THREADS } from '../../files/read-regular-file.ts';
import { RESERVED_SEGMENT } from '../port/object-store.ts';

/** Where lock files are, in the reserved segment. */
export const LOCK_SEGMENT = 'locks';
/** How the names of directories start that are made aside, to be renamed to their places. */
export const NEW_PREFIX = 'new-';
/** Milliseconds after which a file that a crashed writer left aside is removed. */
export const LEFTOVER_AGE_MS = 60 * 60 * 1000;

/**
 * The file of a key, or undefined when a directory above it is missing.
 *
 * @throws StoreError `NotAllowed` when a directory above it is a symbolic link, wherever that leads. Whoever may write
 * below the root while the store runs could still swap a directory after this check.
 */
export async function findFile(root: string, segments: readonly string[]): Promise<string | undefined> {
  const realRoot = await unlessAbsent(realpath(root));
  return realRoot === undefined ? undefined : await findFileBelow(realRoot, segments);
}

/** As {@link findFile}, below a root without links. */
export async function findFileBelow(
  realRoot: string,
  segments: readonly string[],
  pace: FilePace = IN_THREADS,
): Promise<string | undefined> {
  const parent = await findDirectoryBelow(realRoot, segments.slice(0, -1), pace);
  return parent === undefined ? undefined : path.join(realRoot, ...segments);
}

/** Like {@link findFile}, for a directory below the root. */
export async function findDirectory(root: string, segments: readonly string[]): Promise<string | undefined> {
  const realRoot = await unlessAbsent(realpath(root));
  return realRoot === undefined ? undefined : await findDirectoryBelow(realRoot, segments);
}

/** As {@link findDirectory}, below a root without links. */
export async function findDirectoryBelow(
  realRoot: string,
  segments: readonly string[],
  pace: FilePace = IN_THREADS,
): Promise<string | undefined> {
  const directory = path.join(realRoot, ...segments);
  const real = await unlessAbsent(
    pace.run(
      () => realpathSync.native(directory),
      () => realpath(directory),
    ),
  );
  if (real === undefined) return undefined;
  if (real !== directory) throw new StoreError('NotAllowed', `a symbolic link leads to ${real} from ${directory}`);
  return directory;
}

/** Where a key's file belongs, with every directory above it there. */
export interface MadePath {
  readonly file: string;
  /** The file's directory was made just now: only who writes at the same time can be in it. */
  readonly isNew: boolean;
}

/** The file of a key, with every directory above it made, durably, level by level: none is made through a link. */
export async function makeFilePath(root: string, segments: readonly string[]): Promise<string> {
  return (await makePathBelow(await makeRoot(root), segments)).file;
}

/** The root without links, made if it is missing. */
export async function makeRoot(root: string): Promise<string> {
  const real = await unlessAbsent(realpath(root));
  if (real !== undefined) return real;
  await makeDirectories(root);
  return await realpath(root);
}

/** How the directories of a root are looked at. */
export interface Looks {
  /** Whether something is a directory, and no link; it may have been looked at a moment ago. @throws as {@link makePathBelow} */
  readonly isPlain: (directory: string) => Promise<boolean>;
  /** How files below the root are read: at once where it is local. */
  readonly pace: FilePace;
}

const LOOKS: Looks = { isPlain: isPlainDirectory, pace: IN_THREADS };

/** As {@link makeFilePath}, below a root that {@link makeRoot} has just given. */
export async function makePathBelow(
  realRoot: string,
  segments: readonly string[],
  { isPlain, pace }: Looks = LOOKS,
): Promise<MadePath> {
  const directories = segments.slice(0, -1);
  let directory = realRoot;
  let isNew = false;
  for (const [level, segment] of directories.entries()) {
    const child = path.join(directory, segment);
    // The upper ones are common to many keys. The last one, a digest's own, is looked at each time.
    const isLast = level === directories.length - 1;
    const isThere = await (isLast ? isPlainDirectory(child, pace) : isPlain(child));
    isNew = !isThere && (await makeDirectory(child));
    if (isNew) await syncDirectory(directory);
    directory = child;
  }
  return { file: path.join(realRoot, ...segments), isNew };
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

/** What is at a path, a link itself; undefined when nothing is. */
export async function lookAt(file: string, pace: FilePace = IN_THREADS): Promise<Stats | undefined> {
  return await unlessAbsent(
    pace.run(
      () => lstatSync(file, { throwIfNoEntry: false }),
      () => lstat(file),
    ),
  );
}

/** False when it was there. */
async function makeDirectory(directory: string): Promise<boolean> {
  try {
    await mkdir(directory);
    return true;
  } catch (error) {
    if (fileErrorCode(error) !== 'EEXIST') throw error;
  }
  if (await isPlainDirectory(directory)) return false;
  // It was there, and is gone.
  throw new StoreError('ConnectionFailed', `${directory} was removed meanwhile`);
}

/** False when nothing is there. @throws StoreError when something else is: no link is followed, wherever it leads */
export async function isPlainDirectory(directory: string, pace: FilePace = IN_THREADS): Promise<boolean> {
  const stats = await lookAt(directory, pace);
  if (stats === undefined) return false;
  if (stats.isSymbolicLink()) throw new StoreError('NotAllowed', `${directory} is a symbolic link`);
  if (!stats.isDirectory()) throw new StoreError('KeyRefused', `the key runs through the object ${directory}`);
  return true;
}

/** Writes a new file in the root's temporary area, whole and on disk, and returns its path. */
export async function writeAside(realRoot: string, bytes: Uint8Array, looks: Looks = LOOKS): Promise<string> {
  const name = `write-${process.pid}-${randomUUID()}`;
  const directory = path.join(realRoot, RESERVED_SEGMENT);
  if (!(await looks.isPlain(directory))) await makePathBelow(realRoot, [RESERVED_SEGMENT, name]);
  const file = path.join(directory, name);
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
      if (now - stats.mtimeMs <= LEFTOVER_AGE_MS) continue;
      if (stats.isFile()) await unlink(file);
      else if (stats.isDirectory() && name.startsWith(NEW_PREFIX)) await rm(file, { recursive: true, force: true });
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
}

/**
 * Writes a file that must not be there yet; what could not be written whole is taken away again, so that the next call
 * does not find it in its place. @throws the system's error, `EEXIST` among them
 */
export async function writeNewFile(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(file, bytes, { flag: 'wx' });
  } catch (error) {
    if (fileErrorCode(error) !== 'EEXIST') await rm(file, { force: true });
    throw error;
  }
}
