import { realpath } from 'node:fs/promises';
import process from 'node:process';
import { unlessAbsent } from '../../files/file-error.ts';
import { type IsPlain, isPlainDirectory, makeRoot } from './store-directory.ts';

/** Directories of one root that were found plain a moment ago. */
export interface KnownDirectories {
  /** The root without links, made if it is missing. */
  readonly findRoot: () => Promise<string>;
  /** The same where it is there; it is not made. */
  readonly peekRoot: () => Promise<string | undefined>;
  /** Whether it is no link; looked at again after {@link KNOWN_MS}. @throws as `isPlainDirectory` */
  readonly isPlain: IsPlain;
  /** Forgets everything. */
  readonly forget: () => void;
}

/** Milliseconds for which a directory that was plain counts as plain: many writes go to one place. */
export const KNOWN_MS = 1000;

export function createKnownDirectories(root: string): KnownDirectories {
  const plain = new Set<string>();
  let real: string | undefined;
  let since = Number.NEGATIVE_INFINITY;
  const forget = (): void => {
    plain.clear();
    real = undefined;
    since = readClock();
  };
  const forgetOld = (): void => {
    if (readClock() - since > KNOWN_MS) forget();
  };
  return {
    forget,
    async findRoot() {
      forgetOld();
      real ??= await makeRoot(root);
      return real;
    },
    async peekRoot() {
      forgetOld();
      real ??= await unlessAbsent(realpath(root));
      return real;
    },
    async isPlain(directory) {
      forgetOld();
      if (plain.has(directory)) return true;
      const isPlain = await isPlainDirectory(directory);
      if (isPlain) plain.add(directory);
      return isPlain;
    },
  };
}

/** Milliseconds of a monotonic clock. `performance` would have to be loaded, which takes a millisecond. */
function readClock(): number {
  return process.uptime() * 1000;
}
