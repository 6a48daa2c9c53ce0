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
  const { packed, irregular } = await readNames(directory, parentKey, prefix, after);
  for (const name of unpackNames(packed)) {
    const key = `${parentKey}${name}`;
    const file = path.join(directory, name);
    if (name.endsWith('/')) {
      yield* listFiles(file, key, prefix, after);
    } else {
      parseObjectKey(key);
      if (irregular.has(name)) throw new StoreError('NotAllowed', `${file} is not a regular file`);
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

interface Names {
  /** Sorted by their keys; a directory's ends in `/`, so `a.b` comes before what is in `a`, as `.` does before `/`. */
  readonly packed: Buffer;
  /** Those that are neither a file nor a directory. */
  readonly irregular: ReadonlySet<string>;
}

/**
 * Names alone, and as bytes: a listing holds those of its directories as long as it runs. As strings, a million would be
 * a hundred megabytes that the collector goes through again and again.
 */
async function readNames(directory: string, parentKey: string, prefix: string, after: string): Promise<Names> {
  const entries = (await unlessAbsent(readdir(directory, { withFileTypes: true }))) ?? [];
  const isAll = after === '' && parentKey.startsWith(prefix);
  const names: string[] = [];
  const irregular = new Set<string>();
  for (const entry of entries) {
    if (parentKey === '' && entry.name === RESERVED_SEGMENT) continue;
    const name = entry.isDirectory() ? `${entry.name}/` : entry.name;
    if (!isAll && !isWanted(`${parentKey}${name}`, prefix, after)) continue;
    names.push(name);
    if (!entry.isDirectory() && !entry.isFile()) irregular.add(name);
  }
  const packed = Buffer.from(
    names
      .toSorted(compareKeys)
      .map((name) => `${name}${END}`)
      .join(''),
  );
  return { packed, irregular };
}

/** No name has it. */
const END = '\0';

function* unpackNames(packed: Buffer): Generator<string> {
  for (let start = 0; start < packed.length; ) {
    const found = packed.indexOf(END, start);
    const end = found === -1 ? packed.length : found;
    yield packed.toString('utf8', start, end);
    start = end + 1;
  }
}

function isWanted(key: string, prefix: string, after: string): boolean {
  return isListed(key, prefix) && isLater(key, after);
}
