import path from 'node:path';
import process from 'node:process';
import { type ObjectStore, parseObjectKey, RESERVED_SEGMENT } from '../port/object-store.ts';
import { createDirectoryObjectStore } from './directory-object-store.ts';
import { createKnownDirectories, type KnownDirectories, report } from './directory-reader.ts';
import type { NewObject } from './serve-writes.ts';
import { startWriteThread, type WriteThread, type WriteThreadOptions } from './write-thread.ts';

/** Objects created at once from which on a thread is worth its start. */
const MANY = 16;

/** Set by tests. */
export interface BulkOptions extends WriteThreadOptions {
  readonly many?: number | undefined;
}

/**
 * As `createDirectoryObjectStore`, for a command that creates thousands of objects, each in a directory of its own: once
 * many are created at the same time, a thread writes them. What it does not place is created as everything else is.
 *
 * @returns a store whose `createObject` also throws WriteThreadError
 */
export function createBulkDirectoryStore(root: string, options: BulkOptions = {}): ObjectStore {
  const { many = MANY } = options;
  const plain = createDirectoryObjectStore(root);
  const known = createKnownDirectories(root);
  let thread: WriteThread | undefined;
  let underWay = 0;

  async function createByThread(key: string, bytes: Uint8Array): Promise<boolean> {
    const realRoot = await known.peekRoot();
    const object = realRoot === undefined ? undefined : await toNewObject(realRoot, known, key, bytes);
    if (realRoot === undefined || object === undefined) return false;
    thread ??= startWriteThread(path.join(realRoot, RESERVED_SEGMENT), options);
    return await thread.write(object);
  }

  return {
    ...plain,
    async createObject(key, bytes) {
      underWay += 1;
      try {
        const isForThread = thread !== undefined || underWay >= many;
        if (isForThread && (await report(`creating ${key}`, () => createByThread(key, bytes)))) return true;
        return await plain.createObject(key, bytes);
      } finally {
        underWay -= 1;
      }
    },
  };
}

/** Undefined where the directories above its own are not there yet. @throws StoreError where one of them is a link */
async function toNewObject(
  realRoot: string,
  { isPlain }: KnownDirectories,
  key: string,
  bytes: Uint8Array,
): Promise<NewObject | undefined> {
  const segments = parseObjectKey(key);
  const [name = '', own] = segments.toReversed();
  // Windows renames no directory to the place of another one, and syncs none.
  if (own === undefined || process.platform === 'win32') return undefined;
  const above = segments.slice(0, -2).map((_, index, all) => path.join(realRoot, ...all.slice(0, index + 1)));
  for (const directory of [path.join(realRoot, RESERVED_SEGMENT), ...above]) {
    if (!(await isPlain(directory))) return undefined;
  }
  // A view would take all that it is a view of along to the thread.
  const whole = bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);
  return { directory: path.join(realRoot, ...segments.slice(0, -1)), name, bytes: whole };
}
