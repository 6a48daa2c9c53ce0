import { randomUUID } from 'node:crypto';
import { lstat, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { fileErrorCode, syncDirectory, toWriteError, unlessAbsent } from '../../platform/files/file-error.ts';
import { createDirectoryObjectStore } from '../../platform/objects/directory/directory-object-store.ts';
import {
  findDirectory,
  LEFTOVER_AGE_MS,
  makeDirectories,
  makeFilePath,
} from '../../platform/objects/directory/store-directory.ts';
import { openObjectStore } from '../../platform/objects/open-object-store.ts';
import { type ObjectStore, RESERVED_SEGMENT } from '../../platform/objects/port/object-store.ts';
import { checkDirectoryLocation, isS3Location } from '../../platform/objects/s3/s3-location.ts';

/** Where verified signatures go. */
export interface ImportDestination {
  /** Short, for messages; no credentials. */
  readonly description: string;
  /**
   * Runs what writes. When it fails, a directory is left as it was; of a bucket, what was written stays: it was
   * verified, and the next import goes on from there.
   *
   * @throws what `action` throws; StoreError
   */
  write<Result>(action: (objects: ObjectStore) => Promise<Result>): Promise<Result>;
}

/** `s3://bucket[/prefix]`, or a directory, which is made with the first write. @throws InputError `ArgumentInvalid` */
export async function openDestination(location: string): Promise<ImportDestination> {
  if (isS3Location(location)) return createObjectDestination(await openObjectStore(location));
  return createDirectoryDestination(location);
}

/** A bucket, which has no way to take many writes as one: all is verified before the first, and writes only add. */
function createObjectDestination(objects: ObjectStore): ImportDestination {
  return { description: objects.description, write: (action) => action(objects) };
}

/** The folder that web servers serve, and the only one that an import touches. */
const SIGNATURES = 'signatures';
const STAGE_PREFIX = 'import-';
const STAGE_NAME = /^import-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * A directory that any static web server can serve. One without signatures gets them all at once: they are staged
 * inside, where no reader comes, and renamed. To one that has some they are added one by one, each whole, and taken
 * out again when that fails.
 */
function createDirectoryDestination(root: string): ImportDestination {
  checkDirectoryLocation(root);
  return {
    description: `directory ${root}`,
    async write(action) {
      try {
        const made = await makeRoot(root);
        await sweepStages(root);
        return (await isThere(path.join(root, SIGNATURES)))
          ? await writeInPlace(root, made, action)
          : await writeStaged(root, made, action);
      } catch (error) {
        throw isSystemError(error) ? toWriteError(root, error) : error;
      }
    },
  };
}

type Action<Result> = (objects: ObjectStore) => Promise<Result>;

async function writeStaged<Result>(root: string, made: readonly string[], action: Action<Result>): Promise<Result> {
  const reserved = path.join(root, RESERVED_SEGMENT);
  const leftBehind = (await isThere(reserved)) ? made : [reserved, ...made];
  const staged = await makeFilePath(root, [RESERVED_SEGMENT, `${STAGE_PREFIX}${randomUUID()}`, SIGNATURES]);
  const stage = path.dirname(staged);
  try {
    const result = await action(createDirectoryObjectStore(stage));
    if (await isThere(staged)) {
      await rename(staged, path.join(root, SIGNATURES));
      await syncDirectory(root);
    }
    return result;
  } catch (error) {
    // Another import came first: what it wrote is added to.
    const isLate = isSystemError(error) && ['ENOTEMPTY', 'EEXIST'].includes(fileErrorCode(error) ?? '');
    if (!isLate) throw error;
    return await writeInPlace(root, [], action);
  } finally {
    await rm(stage, { recursive: true, force: true });
    // Those that hold something now stay.
    await removeEmpty(...leftBehind);
  }
}

async function writeInPlace<Result>(root: string, made: readonly string[], action: Action<Result>): Promise<Result> {
  const hadReserved = await isThere(path.join(root, RESERVED_SEGMENT));
  const folders = new Set(await unlessAbsent(readdir(path.join(root, SIGNATURES))));
  const { objects, takeBack } = recordCreations(root, createDirectoryObjectStore(root));
  try {
    return await action(objects);
  } catch (error) {
    await takeBack();
    const left = (await unlessAbsent(readdir(path.join(root, SIGNATURES)))) ?? [];
    const empty = left.filter((name) => !folders.has(name)).map((name) => path.join(root, SIGNATURES, name));
    await removeEmpty(...empty, ...(hadReserved ? [] : [path.join(root, RESERVED_SEGMENT)]), ...made);
    throw error;
  }
}

/** Makes the directory and those above it. @returns those that were not there, innermost first */
async function makeRoot(root: string): Promise<readonly string[]> {
  const made: string[] = [];
  for (let folder = path.resolve(root); !(await isThere(folder)); folder = path.dirname(folder)) made.push(folder);
  await makeDirectories(root);
  return made;
}

/**
 * Removes what killed imports left. A running import adds folders to its signatures. No link is followed, and
 * only folders that an import names are removed: what others put there is theirs.
 */
async function sweepStages(root: string): Promise<void> {
  const folder = await findDirectory(root, [RESERVED_SEGMENT]);
  const entries = folder === undefined ? undefined : await unlessAbsent(readdir(folder, { withFileTypes: true }));
  for (const entry of entries ?? []) {
    if (!entry.isDirectory() || !STAGE_NAME.test(entry.name)) continue;
    const stage = path.join(entry.parentPath, entry.name);
    const stats = (await unlessAbsent(lstat(path.join(stage, SIGNATURES)))) ?? (await unlessAbsent(lstat(stage)));
    if (stats !== undefined && Date.now() - stats.mtimeMs > LEFTOVER_AGE_MS) {
      await rm(stage, { recursive: true, force: true });
    }
  }
}

async function removeEmpty(...folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    // Not empty: it holds what is not ours, and stays.
    await rmdir(folder).catch(() => undefined);
  }
}

async function isThere(file: string): Promise<boolean> {
  return (await unlessAbsent(lstat(file))) !== undefined;
}

/** A fault of the file system, not one that somebody has named already. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** A store in a directory that can take back what was created through it. */
interface RecordedCreations {
  readonly objects: ObjectStore;
  /**
   * Removes what was created, from the last. A signature stays when another writer has put one behind it since: readers
   * walk from 1, and would no longer reach that one.
   */
  readonly takeBack: () => Promise<void>;
}

interface Creation {
  readonly key: string;
  readonly folder: string;
  /** What was in the folder before. */
  readonly before: ReadonlySet<string>;
}

/** Records what is created in the store of this directory. */
function recordCreations(root: string, objects: ObjectStore): RecordedCreations {
  const creations: Creation[] = [];
  return {
    objects: {
      ...objects,
      async createObject(key, bytes) {
        const folder = path.join(root, path.dirname(key));
        const before = new Set(await unlessAbsent(readdir(folder)));
        const isCreated = await objects.createObject(key, bytes);
        if (isCreated) creations.push({ key, folder, before });
        return isCreated;
      },
    },
    async takeBack() {
      for (const creation of creations.toReversed()) {
        if (!(await isFollowed(creation))) await unlessAbsent(unlink(path.join(root, creation.key)));
      }
    },
  };
}

async function isFollowed({ key, folder, before }: Creation): Promise<boolean> {
  const index = indexOf(key);
  const names = (await unlessAbsent(readdir(folder))) ?? [];
  return names.some((name) => !before.has(name) && indexOf(name) > index);
}

/** Of `signature-<n>`; NaN, which is behind nothing, for every other name. */
function indexOf(name: string): number {
  return Number(/(?:^|\/)signature-([1-9][0-9]*)$/.exec(name)?.[1]);
}
