import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build, type Metafile } from 'esbuild';
import { plainBuiltins, REQUIRE } from './plain-builtins.ts';

const ROOT = path.join(import.meta.dirname, '..');
const FUNCTIONS = path.join(ROOT, 'functions');

export interface BuiltFunction {
  readonly name: string;
  readonly bundle: string;
  readonly bytes: number;
  /** Files that the bundle was made from, relative to the project. */
  readonly inputs: readonly string[];
}

/** One function for each folder of functions/. */
export async function listFunctions(): Promise<readonly string[]> {
  const entries = await readdir(FUNCTIONS, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted((one, other) => (one < other ? -1 : 1));
}

/**
 * Bundles each function alone, so that its zip holds what it uses and nothing else: `<output>/<name>/handler.mjs`, and
 * what went into it in `<output>/meta/<name>.json`.
 */
export async function buildFunctions(output: string): Promise<readonly BuiltFunction[]> {
  await rm(output, { recursive: true, force: true });
  const names = await listFunctions();
  if (names.length === 0) throw new Error('there are no functions to build');
  await mkdir(path.join(output, 'meta'), { recursive: true });
  const built: BuiltFunction[] = [];
  for (const name of names) built.push(await buildFunction(name, output));
  return built;
}

async function buildFunction(name: string, output: string): Promise<BuiltFunction> {
  const bundle = path.join(output, name, 'handler.mjs');
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [path.join(FUNCTIONS, name, 'wire.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // ES modules where a package has both: they are the smaller half.
    mainFields: ['module', 'main'],
    minify: true,
    metafile: true,
    plugins: [plainBuiltins],
    legalComments: 'none',
    // Some dependencies are CommonJS and ask for Node's own modules with require().
    banner: { js: REQUIRE },
    logLevel: 'warning',
  });
  await writeFile(path.join(output, 'meta', `${name}.json`), `${JSON.stringify(metafile)}\n`);
  return { name, bundle, bytes: measure(metafile), inputs: Object.keys(metafile.inputs) };
}

function measure({ outputs }: Metafile): number {
  return Object.values(outputs).reduce((sum, { bytes }) => sum + bytes, 0);
}
