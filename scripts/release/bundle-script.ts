import path from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { withoutBrowsers } from '../lean-sdk.ts';
import { plainBuiltins } from '../plain-builtins.ts';

const ROOT = path.join(import.meta.dirname, '../..');

/** A CommonJS script has no `import.meta`; a dependency asks for it to make a `require` of its own. */
const IMPORT_META = "const importMetaUrl=process.getBuiltinModule('url').pathToFileURL(__filename).href;";

/** The whole command line, the service included. */
const ALL = `import { loadNouns } from './cli/shell/nouns.ts';
import { runProcess } from './cli/shell/run-program.ts';
loadNouns(process.argv[2]).then(runProcess);`;

/** A script that loads nothing at run time but Node's own modules. */
export interface BundledScript {
  readonly bytes: Uint8Array;
  /** The packages whose code is in it. */
  readonly packages: ReadonlySet<string>;
}

interface ScriptOptions {
  /** TypeScript that imports from the root of the repository; all of the command line without it. */
  readonly contents?: string;
  readonly plugins?: readonly Plugin[];
  /** Text before and behind it. */
  readonly wrapper?: { readonly start: string; readonly end: string };
}

/**
 * Bundles the command line, or a part of it, as one CommonJS script. What a call does not need stays a function that was
 * never called.
 *
 * @param target as esbuild takes it, such as `node24`
 */
export async function bundleScript(target: string, options: ScriptOptions = {}): Promise<BundledScript> {
  const { contents = ALL, plugins = [], wrapper } = options;
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    stdin: { contents, resolveDir: ROOT, sourcefile: 'main.ts', loader: 'ts' },
    outfile: 'signet.cjs',
    write: false,
    bundle: true,
    metafile: true,
    platform: 'node',
    target,
    format: 'cjs',
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
    plugins: [...plugins, plainBuiltins, withoutBrowsers],
    banner: { js: `${wrapper?.start ?? ''}${IMPORT_META}` },
    footer: { js: wrapper?.end ?? '' },
    define: { 'import.meta.url': 'importMetaUrl' },
    logLevel: 'warning',
  });
  const [script] = outputFiles;
  if (script === undefined) throw new Error('esbuild wrote no script');
  requireNoImport(metafile);
  requireAscii(script.contents);
  return { bytes: script.contents, packages: listPackages(metafile) };
}

/** Nothing answers `import()` in a script that is run from memory. */
function requireNoImport({ outputs }: Metafile): void {
  const imports = Object.values(outputs).flatMap((output) => output.imports);
  const late = imports.filter(({ kind }) => kind === 'dynamic-import').map((found) => found.path);
  if (late.length > 0) throw new Error(`the script has import() of ${late.join(', ')}`);
}

/**
 * V8 holds a text with one other character as twice as many bytes, and a single file then starts 8 ms later. esbuild
 * escapes what is in strings, and leaves regular expressions as they are.
 */
function requireAscii(script: Uint8Array): void {
  const at = script.findIndex((octet) => octet > 0x7f);
  if (at < 0) return;
  const around = Buffer.from(script.subarray(Math.max(0, at - 60), at + 20)).toString();
  throw new Error(`the script has a character that is not ASCII; write it as \\u…: ${JSON.stringify(around)}`);
}

/** The folders below node_modules that a bundle holds code of, such as `node_modules/valibot`. */
export function listPackages({ outputs, inputs }: Metafile): ReadonlySet<string> {
  const used = Object.values(outputs).flatMap((output) =>
    Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0),
  );
  const files = new Set(used.map(([file]) => file).filter((file) => Object.hasOwn(inputs, file)));
  return new Set([...files].flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []));
}
