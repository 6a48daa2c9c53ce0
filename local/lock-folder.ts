import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as v from 'valibot';
import { InputError } from '../lib/base/errors/input-error.ts';
import { makeDirectories } from '../lib/platform/objects/directory/store-directory.ts';

/** A data folder that no other service may use. */
export interface FolderLock {
  /** Says where the service answers, for whoever tries to use the folder too. */
  readonly name: (url: string) => Promise<void>;
  readonly release: () => void;
}

/** In the data folder. Nobody reads or writes the first: the operating system's lock on it is all there is to it. */
const LOCK_FILE = 'service.lock';
const HOLDER_FILE = 'service.json';
const SQLITE_BUSY = 5;

const Holder = v.object({ pid: v.number(), startedAt: v.string(), url: v.optional(v.string()) });

/**
 * Locks a data folder, which is made if it is missing. The lock is one of the operating system, by way of SQLite: it is
 * taken at once or not at all, it ends with the process however that ends, and a dead process's is nobody's any more.
 *
 * @throws InputError `ArgumentInvalid` that names the process which holds it; a system error of the folder
 */
export async function lockFolder(directory: string): Promise<FolderLock> {
  await makeDirectories(directory);
  const database = new DatabaseSync(path.join(directory, LOCK_FILE));
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw error;
    const fault = `--data ${directory} is in use by ${await describeHolder(directory)}`;
    throw new InputError('ArgumentInvalid', `${fault}; stop it, or choose another folder with --data`);
  }
  const holder = { schema: 1, pid: process.pid, startedAt: new Date().toISOString() };
  const write = (given: object): Promise<void> =>
    writeFile(path.join(directory, HOLDER_FILE), `${JSON.stringify({ ...holder, ...given })}\n`);
  try {
    await write({});
  } catch (error) {
    database.close();
    throw error;
  }
  return { name: (url) => write({ url }), release: () => database.close() };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

async function describeHolder(directory: string): Promise<string> {
  const text = await readFile(path.join(directory, HOLDER_FILE), 'utf8').catch(() => '');
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Holder), text);
  if (!parsed.success) return 'another service';
  const { pid, startedAt, url } = parsed.output;
  return `the service of process ${pid}${url === undefined ? '' : ` at ${url}`}, since ${startedAt}`;
}
