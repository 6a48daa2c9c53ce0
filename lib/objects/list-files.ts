import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { StoreError } from '../errors/store-error.ts';
import { unlessAbsent } from './file-error.ts';
import { compareKeys, parseObjectKey, RESERVED_SEGMENT } from './object-key.ts';
import type { ListedObject } from './object-store.ts';

/**
 * All files below a directory whose key starts with the prefix, in the order of their keys. What disappears meanwhile
 * is left out.
 *
 * @param parentKey the directory's own key with its final `/`, or empty for the root
 * @throws StoreError for what no key can name: a link, a device, a name with control characters
 */
export async function* listFiles(directory: string, parentKey: string, prefix: string): AsyncGenerator<ListedObject> {
  for (const { entry, key } of await readEntries(directory, parentKey)) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) {
      if (key.startsWith(prefix) || prefix.startsWith(key)) yield* listFiles(file, key, prefix);
    } else if (key.startsWith(prefix)) {
      parseObjectKey(key);
      if (!entry.isFile()) throw new StoreError('NotAllowed', `${file} is not a regular file`);
      const stats = await unlessAbsent(lstat(file));
      if (stats !== undefined) yield { key, size: stats.size };
    }
  }
}

/** A directory's key ends in `/`: so `a.b` comes before what is in `a`, as `.` does before `/`. */
async function readEntries(directory: string, parentKey: string): Promise<{ entry: Dirent; key: string }[]> {
  const entries = (await unlessAbsent(readdir(directory, { withFileTypes: true }))) ?? [];
  return entries
    .filter(({ name }) => parentKey !== '' || name !== RESERVED_SEGMENT)
    .map((entry) => ({ entry, key: `${parentKey}${entry.name}${entry.isDirectory() ? '/' : ''}` }))
    .toSorted((left, right) => compareKeys(left.key, right.key));
}
