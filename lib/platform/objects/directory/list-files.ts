import { type Dirent, readdirSync } from 'node:fs';
import { opendir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { StoreError } from '../../../base/errors/store-error.ts';
import { unlessAbsent } from '../../files/file-error.ts';
import type { FilePace } from '../../files/read-regular-file.ts';
import { compareKeys, type ListedObject, parseObjectKey, RESERVED_SEGMENT } from '../port/object-store.ts';
import { lookAt } from './store-directory.ts';

export interface ListedKeys {
  readonly prefix: string;
  /** Keys come after this one; empty for all. */
  readonly after: string;
  readonly pace: FilePace;
}

/**
 * All files below a directory whose key starts with the prefix and comes after another one, in the order of their keys.
 * What disappears meanwhile is left out; a directory of earlier keys alone is not opened.
 *
 * @param parentKey the directory's own key with its final `/`, or empty for the root
 * @throws StoreError for what no key can name: a link, a device, a name with control characters
 */
export function listFiles(directory: string, parentKey: string, keys: ListedKeys): AsyncGenerator<ListedObject> {
  let looked = 0;
  const look: Look = async (file) => {
    looked += 1;
    if (looked % LOOKS_IN_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    return await lookAt(file, keys.pace);
  };
  return listBelow(directory, parentKey, keys, look);
}

/** What is looked at before others have their turn: at once, a large listing would keep the process to itself. */
const LOOKS_IN_A_TURN = 64;

type Look = typeof lookAt;

async function* listBelow(
  directory: string,
  parentKey: string,
  keys: ListedKeys,
  look: Look,
): AsyncGenerator<ListedObject> {
  const own = await look(directory);
  if (own?.isSymbolicLink() === true) throw new StoreError('NotAllowed', `${directory} is a symbolic link now`);
  // An object, below which there is nothing, or gone.
  if (own?.isDirectory() !== true) return;
  const { runs, irregular } = await readNames(readEntries(directory, own.size, keys.pace), parentKey, keys);
  for (const name of mergeRuns(runs)) {
    const key = `${parentKey}${name}`;
    const file = path.join(directory, name);
    if (name.endsWith('/')) {
      yield* listBelow(file, key, keys, look);
    } else {
      parseObjectKey(key);
      if (irregular.has(name)) throw new StoreError('NotAllowed', `${file} is not a regular file`);
      const stats = await look(file);
      if (stats !== undefined) yield { key, size: stats.size, modifiedAt: stats.mtime };
    }
  }
}

/** Nothing if it is not there. A large one is read in pieces: all of its entries at once are several times its names. */
async function* readEntries(directory: string, size: number, { run }: FilePace): AsyncGenerator<Dirent> {
  if (size > LARGE_BYTES) {
    yield* (await unlessAbsent(opendir(directory, { bufferSize: ENTRIES_AT_ONCE }))) ?? [];
    return;
  }
  const options = { withFileTypes: true } as const;
  const entries = run(
    () => readdirSync(directory, options),
    () => readdir(directory, options),
  );
  yield* (await unlessAbsent(entries)) ?? [];
}

/** Of a directory itself, as its file system counts them. */
const LARGE_BYTES = 256 * 1024;
/** Entries that are asked of the system in one call. */
const ENTRIES_AT_ONCE = 256;

/** Whether it starts with the prefix, or is a directory in which keys may. */
function isListed(key: string, prefix: string): boolean {
  return key.startsWith(prefix) || (key.endsWith('/') && prefix.startsWith(key));
}

/** Whether it is after the other key, or is the directory in which that one would be. */
function isLater(key: string, after: string): boolean {
  return compareKeys(key, after) > 0 || (key.endsWith('/') && after.startsWith(key));
}

interface Names {
  /** Each sorted by the keys; a directory's ends in `/`, so `a.b` comes before what is in `a`, as `.` does before `/`. */
  readonly runs: readonly Buffer[];
  /** Those that are neither a file nor a directory. */
  readonly irregular: ReadonlySet<string>;
}

/**
 * Names alone, and as bytes: a listing holds those of its directories as long as it runs. As strings, a million would be
 * a hundred megabytes that the collector goes through again and again; sorted at once, they would be two hundred.
 */
async function readNames(
  entries: AsyncIterable<Dirent>,
  parentKey: string,
  { prefix, after }: ListedKeys,
): Promise<Names> {
  const isAll = after === '' && parentKey.startsWith(prefix);
  const runs: Buffer[] = [];
  const irregular = new Set<string>();
  let names: string[] = [];
  for await (const entry of entries) {
    if (parentKey === '' && entry.name === RESERVED_SEGMENT) continue;
    const name = entry.isDirectory() ? `${entry.name}/` : entry.name;
    if (!isAll && !isWanted(`${parentKey}${name}`, prefix, after)) continue;
    if (!entry.isDirectory() && !entry.isFile()) irregular.add(name);
    if (names.push(name) < NAMES_OF_A_RUN) continue;
    runs.push(packNames(names));
    names = [];
  }
  return { runs: [...runs, packNames(names)], irregular };
}

/** Names that are sorted as strings. */
const NAMES_OF_A_RUN = 2_048;
/** No name has it. */
const END = '\0';

function packNames(names: readonly string[]): Buffer {
  return Buffer.from(
    names
      .toSorted(compareKeys)
      .map((name) => `${name}${END}`)
      .join(''),
  );
}

/** The names of all runs, sorted. */
function* mergeRuns(runs: readonly Buffer[]): Generator<string> {
  const open = runs.map((run) => ({ run, end: 0, name: '' }));
  for (const one of open) takeName(one);
  for (;;) {
    let lowest: OpenRun | undefined;
    for (const one of open) {
      if (one.name !== '' && (lowest === undefined || compareKeys(one.name, lowest.name) < 0)) lowest = one;
    }
    if (lowest === undefined) return;
    yield lowest.name;
    takeName(lowest);
  }
}

interface OpenRun {
  readonly run: Buffer;
  /** Where its next name starts. */
  end: number;
  /** Empty after the last one. */
  name: string;
}

function takeName(open: OpenRun): void {
  const found = open.run.indexOf(END, open.end);
  open.name = found === -1 ? '' : open.run.toString('utf8', open.end, found);
  open.end = found + 1;
}

function isWanted(key: string, prefix: string, after: string): boolean {
  return isListed(key, prefix) && isLater(key, after);
}
