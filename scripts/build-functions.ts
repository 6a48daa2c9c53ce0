import { cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { lambdaCredentials, withoutBrowsers } from './lean-sdk.ts';
import { plainBuiltins, REQUIRE } from './plain-builtins.ts';
import { shareChunks } from './shared-chunks.ts';

const ROOT = path.join(import.meta.dirname, '..');
const FUNCTIONS = path.join(ROOT, 'functions');
/** Where `npm run console` leaves the page, and the function whose zip holds it. */
const PAGE = path.join(ROOT, 'console/dist');
const OF_PAGE = 'serve-page';

export interface BuiltFunction {
  readonly name: string;
  /** The file that Lambda loads; those that it loads in turn are beside it. */
  readonly bundle: string;
  /** Of all files that are code. */
  readonly bytes: number;
  /** Files that the bundle was made from, relative to the project. */
  readonly inputs: readonly string[];
  /** Those of them whose code is read when the function starts: none that an import() has to ask for. */
  readonly atStart: readonly string[];
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
 * Bundles each function alone, so that its zip holds what it uses and nothing else: `<output>/<name>/handler.mjs` with
 * its chunks beside it, and what went into them in `<output>/meta/<name>.json`. The page goes to `<output>/serve-page/page`.
 *
 * @param page a folder with a built page; without one, or where it was not built, there is none in the zip
 */
export async function buildFunctions(output: string, page = PAGE): Promise<readonly BuiltFunction[]> {
  await rm(output, { recursive: true, force: true });
  const names = await listFunctions();
  if (names.length === 0) throw new Error('there are no functions to build');
  await mkdir(path.join(output, 'meta'), { recursive: true });
  const built: BuiltFunction[] = [];
  for (const name of names) built.push(await buildFunction(name, output));
  if (await isBuilt(page)) await cp(page, path.join(output, OF_PAGE, 'page'), { recursive: true });
  return built;
}

/** Whether a folder has a page. */
async function isBuilt(page: string): Promise<boolean> {
  const index = await stat(path.join(page, 'index.html')).catch(() => undefined);
  return index?.isFile() === true;
}

/** Up to so many bytes a function stays one file: to find and link its chunks would take longer than to compile them. */
const MAX_WHOLE_BYTES = 128 * 1024;

async function buildFunction(name: string, output: string): Promise<BuiltFunction> {
  const directory = path.join(output, name);
  const whole = await bundle(name, directory);
  const lean = (): Plugin => shareChunks(ROOT, whole.inputs);
  const metafile = measure(whole) > MAX_WHOLE_BYTES ? await bundle(name, directory, lean()) : whole;
  await writeFile(path.join(output, 'meta', `${name}.json`), `${JSON.stringify(metafile)}\n`);
  return {
    name,
    bundle: path.join(directory, 'handler.mjs'),
    bytes: measure(metafile),
    inputs: Object.keys(metafile.inputs),
    atStart: listStarted(metafile),
  };
}

/** @param late what an import() asks for gets a file of its own, of which a start reads and compiles nothing */
async function bundle(name: string, directory: string, late?: Plugin): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [path.join(FUNCTIONS, name, 'wire.ts')],
    outdir: directory,
    entryNames: 'handler',
    chunkNames: 'chunk-[hash]',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: late !== undefined,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // ES modules where a package has both: they are the smaller half.
    mainFields: ['module', 'main'],
    minify: true,
    metafile: true,
    plugins: [plainBuiltins, lambdaCredentials, withoutBrowsers, ...(late === undefined ? [] : [late])],
    legalComments: 'none',
    // Some dependencies are CommonJS and ask for Node's own modules with require().
    banner: { js: REQUIRE },
    logLevel: 'warning',
  });
  return metafile;
}

function listStarted({ outputs }: Metafile): readonly string[] {
  const files = Object.keys(outputs).filter((file) => file.endsWith('/handler.mjs'));
  // The list grows while it is gone through.
  for (const file of files) {
    for (const { kind, path: imported } of outputs[file]?.imports ?? []) {
      if (kind === 'import-statement' && !files.includes(imported)) files.push(imported);
    }
  }
  return files.flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));
}

function measure({ outputs }: Metafile): number {
  return Object.values(outputs).reduce((sum, { bytes }) => sum + bytes, 0);
}
