import { realpath } from 'node:fs/promises';
import { unlessAbsent } from '../../files/file-error.ts';
import { createFilePace, isLocalFileSystem, readUptime } from '../../files/file-pace.ts';
import { isPlainDirectory, type Looks, makeRoot } from './store-directory.ts';

/** Directories of one root that were found plain a moment ago; looked at again after {@link KNOWN_MS}. */
export interface KnownDirectories extends Looks {
  /** The root without links, made if it is missing. */
  readonly findRoot: () => Promise<string>;
  /** The same where it is there; it is not made. */
  readonly peekRoot: () => Promise<string | undefined>;
  /** Forgets everything. */
  readonly forget: () => void;
}

/** Milliseconds for which a directory that was plain counts as plain: many writes go to one place. */
export const KNOWN_MS = 1000;

export function createKnownDirectories(root: string): KnownDirectories {
  const plain = new Set<string>();
  let real: string | undefined;
  let isLocal = false;
  const pace = createFilePace(() => isLocal);
  let since = Number.NEGATIVE_INFINITY;
  const forget = (): void => {
    plain.clear();
    real = undefined;
    since = readUptime();
  };
  const forgetOld = (): void => {
    if (readUptime() - since > KNOWN_MS) forget();
  };
  const look = async (found: string): Promise<string> => {
    isLocal = await isLocalFileSystem(found);
    return found;
  };
  return {
    forget,
    pace,
    async findRoot() {
      forgetOld();
      real ??= await look(await makeRoot(root));
      return real;
    },
    async peekRoot() {
      forgetOld();
      if (real !== undefined) return real;
      const found = await unlessAbsent(realpath(root));
      real = found === undefined ? undefined : await look(found);
      return real;
    },
    async isPlain(directory) {
      forgetOld();
      if (plain.has(directory)) return true;
      const isPlain = await isPlainDirectory(directory, pace);
      if (isPlain) plain.add(directory);
      return isPlain;
    },
  };
}
