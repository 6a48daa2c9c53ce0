import { opendir } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../../lib/base/errors/input-error.ts';

/** What the folder of a digest's signatures begins with. */
const DIGEST_FOLDER = /^sha(?:256|384|512)=[0-9a-f]+$/;

/**
 * A folder without the folder of any digest is no signature store: its name is mistyped, it is not filled yet, or it is
 * the mirror in which the store is. Taken for one, it would make every release look unsigned.
 *
 * @throws InputError `FileUnreadable`, which names the folder that is meant where one is there
 */
export async function requireStoreFolder(directory: string): Promise<void> {
  if (await hasEntry(directory, DIGEST_FOLDER)) return;
  const meant = path.join(directory, 'signatures');
  if (await hasEntry(meant, DIGEST_FOLDER)) {
    throw new InputError('FileUnreadable', `--store ${directory} holds a mirror: did you mean ${meant}?`);
  }
  const what = (await hasEntry(directory, /^/)) ? 'holds no signatures' : 'is empty';
  throw new InputError('FileUnreadable', `--store ${directory} ${what}: expected folders such as sha256=<hex> in it`);
}

/**
 * A folder of signatures is not the mirror that it is part of: read as one it would look empty, and written to it would
 * hold a second mirror.
 *
 * @throws InputError `FileUnreadable`, which names the folder that is meant
 */
export async function refuseStoreFolder(directory: string): Promise<void> {
  if (!(await hasEntry(directory, DIGEST_FOLDER))) return;
  const meant = path.dirname(path.resolve(directory));
  throw new InputError('FileUnreadable', `${directory} holds signatures, and is no mirror: did you mean ${meant}?`);
}

/** Ends at the first that is found: a store has thousands of folders. */
async function hasEntry(directory: string, name: RegExp): Promise<boolean> {
  try {
    for await (const entry of await opendir(directory)) if (name.test(entry.name)) return true;
    return false;
  } catch {
    // What cannot be listed is read all the same, or is said to be out of reach when it is read.
    return false;
  }
}
