import { link, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { StoreError } from '../../../base/errors/store-error.ts';
import { fileErrorCode, isAbsent, syncDirectory, toStoreError, unlessAbsent } from '../../files/file-error.ts';
import type { FilePace } from '../../files/read-regular-file.ts';
import {
  type ListedObject,
  type ListingStart,
  type ObjectStore,
  parseKeyPrefix,
  parseListingStart,
  parseObjectKey,
} from '../port/object-store.ts';
import { withLock } from './directory-lock.ts';
import {
  createKnownDirectories,
  describeDirectory,
  type KnownDirectories,
  readFileOf,
  readObjectFile,
  report,
  toEtag,
} from './directory-reader.ts';
import { listFiles } from './list-files.ts';
import {
  findDirectoryBelow,
  findFile,
  isPlainDirectory,
  LEFTOVER_AGE_MS,
  lookAt,
  makePathBelow,
  makeRoot,
  sweepLeftovers,
  writeAside,
} from './store-directory.ts';

/**
 * Objects as plain files below `root`, which is made with the first write. Safe between processes of one machine:
 * a file appears and changes whole, and a compare-and-swap loses no update. Unlike S3, a key cannot run through
 * another object (`a` and `a/b`): the later one is `KeyRefused`. An etag is the SHA-256 of the bytes.
 */
export function createDirectoryObjectStore(root: string): ObjectStore {
  const sweepNow = createSweep(root);
  const known = createKnownDirectories(root);
  return {
    description: describeDirectory(root),
    readObject: (key, limit) => report(`reading ${key}`, () => readObjectFile(known, key, limit)),
    createObject: (key, bytes) =>
      report(`creating ${key}`, async () => {
        const segments = parseObjectKey(key);
        await sweepNow();
        return createObject(known, segments, bytes);
      }),
    replaceObject: (key, bytes, etag) =>
      report(`replacing ${key}`, async () => {
        const segments = parseObjectKey(key);
        await sweepNow();
        return etag === undefined ? createObject(known, segments, bytes) : replaceObject(root, key, bytes, etag);
      }),
    deleteObject: (key) => report(`deleting ${key}`, () => deleteObject(root, key)),
    listObjects: (prefix, start) => listObjects(root, known, prefix, start),
  };
}

async function createObject(known: KnownDirectories, segments: readonly string[], bytes: Uint8Array): Promise<boolean> {
  try {
    return await createBelow(await known.findRoot(), known, segments, bytes);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    // A directory that was there a moment ago is gone: all are made again.
    known.forget();
    return await createBelow(await known.findRoot(), known, segments, bytes);
  }
}

async function createBelow(
  realRoot: string,
  known: KnownDirectories,
  segments: readonly string[],
  bytes: Uint8Array,
): Promise<boolean> {
  const { file, isNew } = await makePathBelow(realRoot, segments, known);
  // What appears in a directory that was just made is met by the link below.
  if (!isNew && (await isTaken(file, known.pace))) return false;
  const aside = await writeAside(realRoot, bytes, known);
  try {
    // A link, unlike a rename, fails when the name exists.
    await link(aside, file);
  } catch (error) {
    if (fileErrorCode(error) !== 'EEXIST') throw error;
    // The name was taken, but perhaps by a directory.
    await isTaken(file, known.pace);
    return false;
  } finally {
    await unlessAbsent(unlink(aside));
  }
  await syncDirectory(path.dirname(file));
  return true;
}

/** True when there is an object. @throws StoreError `KeyRefused` when the name is a directory's. */
async function isTaken(file: string, pace: FilePace): Promise<boolean> {
  const stats = await lookAt(file, pace);
  if (stats?.isDirectory()) throw new StoreError('KeyRefused', `other objects' keys run through ${file}`);
  return stats !== undefined;
}

async function replaceObject(root: string, key: string, bytes: Uint8Array, etag: string): Promise<boolean> {
  const file = await findFile(root, parseObjectKey(key));
  if (file === undefined) return false;
  const aside = await writeAside(await makeRoot(root), bytes);
  try {
    return await withLock(root, key, async (lock) => {
      const current = await readFileOf(file, Number.MAX_SAFE_INTEGER);
      if (current === undefined || toEtag(current) !== etag) return false;
      await lock.verifyHeld();
      await rename(aside, file);
      await syncDirectory(path.dirname(file));
      return true;
    });
  } finally {
    await unlessAbsent(unlink(aside));
  }
}

/** Under the lock, so that no replacement in progress can overwrite what is created afterwards. */
async function deleteObject(root: string, key: string): Promise<void> {
  const file = await findFile(root, parseObjectKey(key));
  if (file === undefined) return;
  await withLock(root, key, async (lock) => {
    const stats = await lookAt(file);
    if (stats === undefined || stats.isDirectory()) return;
    await lock.verifyHeld();
    await unlessAbsent(unlink(file));
    await syncDirectory(path.dirname(file));
  });
}

async function* listObjects(
  root: string,
  { peekRoot, pace }: KnownDirectories,
  prefix: string,
  start: ListingStart = {},
): AsyncGenerator<ListedObject> {
  try {
    const segments = parseKeyPrefix(prefix);
    const after = parseListingStart(start);
    const realRoot = await peekRoot();
    if (realRoot === undefined) return;
    const directory = await findDirectoryBelow(realRoot, segments, pace);
    const parentKey = segments.map((segment) => `${segment}/`).join('');
    if (directory !== undefined) yield* listFiles(directory, parentKey, { prefix, after, pace });
    // A link that leads nowhere has no real path; what is not there at all is no link.
    else await isPlainDirectory(path.join(realRoot, ...segments), pace);
  } catch (error) {
    throw toStoreError(error, `listing ${prefix} in ${root}`);
  }
}

/** Sweeps with the first write, and then at most as often as there can be something new to remove. */
function createSweep(root: string): () => Promise<void> {
  let sweptAt = Number.NEGATIVE_INFINITY;
  return async () => {
    const now = Date.now();
    if (now - sweptAt < LEFTOVER_AGE_MS) return;
    sweptAt = now;
    await sweepLeftovers(root, now);
  };
}
