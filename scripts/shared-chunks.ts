import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Metafile, Plugin } from 'esbuild';

type Inputs = Metafile['inputs'];
type Files = ReadonlySet<string>;
type Kind = 'import-statement' | 'dynamic-import';

/** A source of this repository: what it imports of a package comes with it. */
const OURS = /^(?!node_modules\/).+\/.+\.ts$/;

/**
 * Has what is loaded together in few files. esbuild makes one of the modules that the same entries reach, and all that
 * an import() asks for is an entry: what some of them share would be up to forty small files, each to be found, read and
 * linked. Here a module that is loaded late imports whatever is loaded by then, whoever asked for it, so that the same
 * entries reach all of that. Nothing is loaded earlier.
 *
 * @param root what the names of the inputs are relative to
 * @param inputs what esbuild says that it reads for the same code without this
 */
export function shareChunks(root: string, inputs: Inputs): Plugin {
  const entries = listEntries(inputs);
  const before = listLoadedBefore(inputs, entries);
  return {
    name: 'shared-chunks',
    setup(bundling) {
      bundling.onLoad({ filter: /\.(?:ts|m?js)$/ }, async ({ path: file }) => {
        const input = path.relative(root, file);
        const ours = [...(before.get(input) ?? [])].filter((each) => OURS.test(each) && !entries.has(each));
        if (ours.length === 0 || inputs[input]?.format === 'cjs') return undefined;
        const imports = ours.map((each) => `import ${JSON.stringify(path.join(root, each))};`);
        const contents = `${await readFile(file, 'utf8')}\n${imports.join('')}`;
        return { contents, loader: file.endsWith('.ts') ? 'ts' : 'js' };
      });
    },
  };
}

/**
 * The modules that an import() asks for, each with those that are loaded before it, whichever way it is reached.
 * None of those reaches it in turn by import statements: it would be loaded before itself.
 */
function listLoadedBefore(inputs: Inputs, entries: Files): ReadonlyMap<string, Files> {
  const late = new Set(Object.keys(inputs).flatMap((file) => listImports(file, 'dynamic-import', inputs)));
  const loaded = new Map([...entries, ...late].map((file) => [file, reach(file, inputs)]));
  const before = new Map<string, Files>(Array.from(entries, (file) => [file, new Set()]));
  for (let isSettled = false; !isSettled;) {
    isSettled = true;
    for (const file of late) {
      const known = toCommon([...before].flatMap(([way, earlier]) => toWays(file, way, earlier)));
      if (known === undefined || before.get(file)?.size === known.size) continue;
      before.set(file, known);
      isSettled = false;
    }
  }
  return before;

  /** What is there before a file when one that is loaded late, or an entry, asks for it or brings it along. */
  function toWays(file: string, way: string, earlier: Files): readonly Files[] {
    const files = loaded.get(way) ?? new Set();
    if (way !== file && files.has(file)) return [earlier];
    const asks = [...files].some((each) => listImports(each, 'dynamic-import', inputs).includes(file));
    return asks ? [earlier.union(files)] : [];
  }
}

function toCommon([first, ...rest]: readonly Files[]): Files | undefined {
  return first === undefined ? undefined : rest.reduce((common, each) => common.intersection(each), first);
}

/** A file and all that it imports by statements, and what those do. */
function reach(file: string, inputs: Inputs): Files {
  const reached = new Set([file]);
  // The set grows while it is gone through.
  for (const each of reached) for (const next of listImports(each, 'import-statement', inputs)) reached.add(next);
  return reached;
}

function listImports(file: string, wanted: Kind, inputs: Inputs): readonly string[] {
  const imports = inputs[file]?.imports ?? [];
  return imports.flatMap(({ kind, path: imported }) => (kind === wanted ? [imported] : []));
}

/** What nothing imports. */
function listEntries(inputs: Inputs): Files {
  const imported = new Set(Object.values(inputs).flatMap(({ imports }) => imports.map(({ path: file }) => file)));
  return new Set(Object.keys(inputs).filter((file) => !imported.has(file)));
}
