import { type Dirent, readdirSync } from 'node:fs';
import { opendir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { StoreError } from '../../../base/errors/store-error.ts';
import { unlessAbsent } from '../../files/file-error.ts';
import type { FilePace } from '../../files/read-regular-file.ts';
import { compareKeys, isObjectKey, type ListedObject, RESERVED_SEGMENT } from '../port/object-store.ts';
import { lookAt } from './store-directory.ts';

export interface ListedKeys {
  readonly prefix: string;
  /** Keys come after this one; empty for all. */
  readonly after: string;
  readonly pace: FilePace;
}

/**
 * All files below a directory whose key starts with the prefix and comes after another one, in the order of their keys.
 * What disappears meanwhile is left out, and so is a name that no key can have; a directory of earlier keys alone is not
 * opened. A link, a device or a pipe is listed as what cannot be read, so that it hides no other; none is followed.
 *
 * @param parentKey the directory's own key with its final `/`, or empty for the root
 * @throws StoreError where the directory is a link, a device or a pipe itself
 */
export async function* listFiles(directory: string, parentKey: string, keys: ListedKeys): AsyncGenerator<ListedObject> {
  let looked = 0;
  const look: Look = async (file) => {
    looked += 1;
    if (looked % LOOKS_IN_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    return await lookAt(file, keys.pace);
  };
  const own = await look(directory);
  if (own?.isSymbolicLink() === true) throw new StoreError('NotAllowed', `${directory} is a symbolic link now`);
  if (own?.isDirectory() === false && !own.isFile()) {
    throw new StoreError('NotAllowed', `${directory} is not a directory`);
  }
  yield* listBelow(directory, parentKey, keys, look);
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
  // An object, below which there is nothing, or gone; a link took its place, which the next listing meets.
  if (own?.isDirectory() !== true) return;
  for (const name of mergeRuns(await readNames(readEntries(directory, own.size, keys.pace), parentKey, keys))) {
    const key = `${parentKey}${name}`;
    const file = path.join(directory, name);
    if (name.endsWith('/')) {
      yield* listBelow(file, key, keys, look);
    } else if (isObjectKey(key)) {
      const stats = await look(file);
      if (stats === undefined) continue;
      const listed = { key, size: stats.size, modifiedAt: stats.mtime };
      yield stats.isFile() ? listed : { ...listed, isIrregular: true };
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

/**
 * Runs of names, each sorted by the keys; a directory's ends in `/`, so `a.b` comes before what is in `a`, as `.` does
 * before `/`. Names alone, and as bytes: a listing holds those of its directories as long as it runs. As strings, a
 * million would be a hundred megabytes that the collector goes through again and again; sorted at once, two hundred.
 */
async function readNames(
  entries: AsyncIterable<Dirent>,
  parentKey: string,
  { prefix, after }: ListedKeys,
): Promise<readonly Buffer[]> {
  const isAll = after === '' && parentKey.startsWith(prefix);
  const runs: Buffer[] = [];
  let names: string[] = [];
  for await (const entry of entries) {
    if (parentKey === '' && entry.name === RESERVED_SEGMENT) continue;
    const name = entry.isDirectory() ? `${entry.name}/` : entry.name;
    if (!isAll && !isWanted(`${parentKey}${name}`, prefix, after)) continue;
    if (names.push(name) < NAMES_OF_A_RUN) continue;
    runs.push(packNames(names));
    names = [];
  }
  return [...runs, packNames(names)];
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
