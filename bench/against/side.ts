import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { PackagedFunction } from '../start/packaged-functions.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const run = promisify(execFile);
const MAX_OUTPUT = { maxBuffer: 64 * 1024 * 1024 } as const;

/**
 * The modules that build one side, by their exports: each side packages its functions and its command line by its own
 * code, and writes the objects and events that its functions take.
 */
const ENTRIES = {
  functions: 'bench/start/packaged-functions.ts',
  program: 'scripts/build-cli.ts',
} as const;

type Functions = typeof import('../start/packaged-functions.ts');
type Program = typeof import('../../scripts/build-cli.ts');

/** What is built of one checkout. */
export interface Side {
  readonly functions: ReadonlyMap<string, PackagedFunction>;
  /** `signet.mjs` of the built command line. */
  readonly program: string;
  readonly close: () => Promise<void>;
}

/** The side of this checkout as it is, with what is not committed. @param scratch an empty directory */
export function openNew(scratch: string): Promise<Side> {
  return openSide(ROOT, scratch);
}

/**
 * The side of a commit, from a work tree of it with packages of its own.
 *
 * @param scratch an empty directory
 * @throws Error when there is no such commit, or it cannot be built
 */
export async function openOld(commit: string, scratch: string): Promise<Side> {
  const tree = path.join(scratch, 'tree');
  await git('worktree', 'add', '--quiet', '--detach', tree, commit);
  const remove = async (): Promise<void> => void (await git('worktree', 'remove', '--force', tree));
  try {
    await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: tree, ...MAX_OUTPUT });
    const side = await openSide(tree, scratch);
    return {
      ...side,
      async close() {
        await side.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The full name of a commit. @throws Error when there is none */
export async function resolveCommit(name: string): Promise<string> {
  return (await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`)).trim();
}

async function git(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('git', ['-C', ROOT, ...args], MAX_OUTPUT);
  return stdout;
}

async function openSide(root: string, scratch: string): Promise<Side> {
  const load = async (entry: string): Promise<unknown> => {
    const file = path.join(root, entry);
    if (!existsSync(file)) throw new Error(`${root} has no ${entry}: this commit cannot be compared with`);
    return await import(pathToFileURL(file).href);
  };
  const { packageFunctions } = (await load(ENTRIES.functions)) as Functions;
  const { buildCli } = (await load(ENTRIES.program)) as Program;
  const program = await buildCli(path.join(scratch, 'cli'));
  const { functions, close } = await packageFunctions(scratch);
  return { functions: new Map(functions.map((each) => [each.name, each])), program, close };
}
