import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { NOUNS } from '../cli/shell/nouns.ts';
import { withoutBrowsers } from './lean-sdk.ts';
import { plainBuiltins, REQUIRE } from './plain-builtins.ts';
import { shareChunks } from './shared-chunks.ts';

const ROOT = path.join(import.meta.dirname, '..');

const OLDEST_NODE = 24;
/** The words that have a program of their own; completion has to know all commands. */
const ALONE = Object.keys(NOUNS).filter((name) => name !== 'completion');

const ENTRY = 'main.ts';
/** What reads the arguments and runs the command that they name. */
const RUN = './cli/shell/run-program.ts';

/**
 * Says which Node it needs to one that is older. Keeps what V8 compiled beside the program, as cli/signet.js does;
 * compiled code cannot switch it on for itself.
 */
const toLauncher = (words: readonly string[]): string => `#!/usr/bin/env node
const [major] = process.versions.node.split('.');
if (Number(major) < ${OLDEST_NODE}) {
  process.stderr.write('Signet needs Node ${OLDEST_NODE}; this is ' + process.version + '\\n');
  process.exitCode = 70;
} else {
  process.getBuiltinModule('module').enableCompileCache(import.meta.dirname + '/.cache');
  const alone = new Set(${JSON.stringify(words)});
  const word = process.argv[2];
  await import(alone.has(word) ? \`./\${word}/main.mjs\` : './main.mjs');
}
`;

type Bundle = Pick<BuildOptions, 'outdir' | 'plugins' | 'write'> & { readonly contents: string };

/**
 * Bundles the command line into a directory that needs Node 24 and nothing else: `<output>/signet.mjs` starts it. The
 * first word of a call has a program of its own, in a folder of its name: one program for all would be in so many
 * files, each shared by some commands, that to find and link them takes longer than to run most of them. A command's
 * code is read when it runs.
 *
 * @param words those that get a program of their own; the others are run by the one for all
 * @returns the program
 */
export async function buildCli(output: string, words: readonly string[] = ALONE): Promise<string> {
  await rm(output, { recursive: true, force: true });
  const { metafile } = await bundle({ contents: writeMain(), write: false });
  await bundle({ contents: writeMain(), outdir: output, plugins: [shareChunks(ROOT, metafile.inputs)] });
  for (const word of words) {
    const imports = [`./cli/${word}/index.ts`, RUN, ...(await listOnlyCommand(word))];
    const inputs = selectInputs(imports, metafile.inputs);
    await bundle({
      contents: writeEntry(imports),
      outdir: path.join(output, word),
      plugins: [shareChunks(ROOT, inputs)],
    });
  }
  const program = path.join(output, 'signet.mjs');
  await writeFile(program, toLauncher(words));
  await chmod(program, 0o755);
  return program;
}

/** All commands, in the order in which help lists them, without a file of its own for each. */
function writeMain(): string {
  const names = Object.keys(NOUNS);
  const imports = names.map((name) => `import * as ${name} from './cli/${name}/index.ts';`);
  return `${imports.join('\n')}
import { runProcess } from '${RUN}';
await runProcess([${names.join(', ')}].flatMap((noun) => Object.values(noun)));`;
}

/** A noun's index exports what adds it, and nothing else. */
function writeEntry([index, run, ...commands]: readonly string[]): string {
  return `import * as noun from '${index}';
import { runProcess } from '${run}';
${commands.map((file) => `import '${file}';`).join('')}
await runProcess(Object.values(noun));`;
}

/** The code of a noun's only command is in the same file as the rest; of several, one is read. */
async function listOnlyCommand(word: string): Promise<readonly string[]> {
  const index = await readFile(path.join(ROOT, 'cli', word, 'index.ts'), 'utf8');
  const commands = [...index.matchAll(/\bimport\('\.\/([^']+)'\)/g)].map(([, file]) => `./cli/${word}/${file}`);
  return commands.length === 1 ? commands : [];
}

/** What esbuild would say of an entry that imports these: it has read all of them for the whole. */
function selectInputs(imports: readonly string[], whole: Metafile['inputs']): Metafile['inputs'] {
  const direct = imports.map((file) => path.normalize(file));
  const entry = { bytes: 0, imports: direct.map((file) => ({ path: file, kind: 'import-statement' as const })) };
  const reached = new Set(direct);
  // The set grows while it is gone through.
  for (const file of reached) for (const { path: next } of whole[file]?.imports ?? []) reached.add(next);
  const files = Object.entries(whole).filter(([file]) => reached.has(file));
  return { [ENTRY]: entry, ...Object.fromEntries(files) };
}

async function bundle({ contents, plugins = [], ...output }: Bundle): Promise<{ readonly metafile: Metafile }> {
  return await build({
    absWorkingDir: ROOT,
    stdin: { contents, resolveDir: ROOT, sourcefile: ENTRY, loader: 'ts' },
    outdir: ROOT,
    entryNames: 'main',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    metafile: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
    plugins: [plainBuiltins, withoutBrowsers, ...plugins],
    // Some dependencies are CommonJS and ask for Node's own modules with require().
    banner: { js: REQUIRE },
    logLevel: 'warning',
    ...output,
  });
}
