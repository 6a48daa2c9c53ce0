import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { StoreError } from '../../../base/errors/store-error.ts';
import { unlessAbsent } from '../../files/file-error.ts';
import { compareKeys, type ListedObject, parseObjectKey, RESERVED_SEGMENT } from '../port/object-store.ts';

/**
 * All files below a directory whose key starts with the prefix and comes after another one, in the order of their keys.
 * What disappears meanwhile is left out; a directory of earlier keys alone is not opened.
 *
 * @param parentKey the directory's own key with its final `/`, or empty for the root
 * @throws StoreError for what no key can name: a link, a device, a name with control characters
 */
export async function* listFiles(
  directory: string,
  parentKey: string,
  prefix: string,
  after: string,
): AsyncGenerator<ListedObject> {
  const entries = await readEntries(directory, parentKey, (key) => isListed(key, prefix) && isLater(key, after));
  for (const { entry, key } of entries) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) {
      yield* listFiles(file, key, prefix, after);
    } else {
      parseObjectKey(key);
      if (!entry.isFile()) throw new StoreError('NotAllowed', `${file} is not a regular file`);
      const stats = await unlessAbsent(lstat(file));
      if (stats !== undefined) yield { key, size: stats.size, modifiedAt: stats.mtime };
    }
  }
}

/** Whether it starts with the prefix, or is a directory in which keys may. */
function isListed(key: string, prefix: string): boolean {
  return key.startsWith(prefix) || (key.endsWith('/') && prefix.startsWith(key));
}

/** Whether it is after the other key, or is the directory in which that one would be. */
function isLater(key: string, after: string): boolean {
  return compareKeys(key, after) > 0 || (key.endsWith('/') && after.startsWith(key));
}

/** A directory's key ends in `/`: so `a.b` comes before what is in `a`, as `.` does before `/`. */
async function readEntries(
  directory: string,
  parentKey: string,
  isWanted: (key: string) => boolean,
): Promise<{ entry: Dirent; key: string }[]> {
  const entries = (await unlessAbsent(readdir(directory, { withFileTypes: true }))) ?? [];
  return entries
    .filter(({ name }) => parentKey !== '' || name !== RESERVED_SEGMENT)
    .map((entry) => ({ entry, key: `${parentKey}${entry.name}${entry.isDirectory() ? '/' : ''}` }))
    .filter(({ key }) => isWanted(key))
    .toSorted((left, right) => compareKeys(left.key, right.key));
}
