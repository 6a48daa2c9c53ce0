import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { NOUNS } from '../cli/shell/nouns.ts';
import { withoutBrowsers } from './lean-sdk.ts';
import { plainBuiltins, REQUIRE } from './plain-builtins.ts';
import { shareChunks } from './shared-chunks.ts';

const ROOT = path.join(import.meta.dirname, '..');

const OLDEST_NODE = 24;
/** The words that have a program of their own; completion has to know all commands. */
const ALONE = Object.keys(NOUNS).filter((name) => name !== 'completion');

/**
 * Says which Node it needs to one that is older. Keeps what V8 compiled beside the program, as cli/signet.js does;
 * compiled code cannot switch it on for itself.
 */
const LAUNCHER = `#!/usr/bin/env node
const [major] = process.versions.node.split('.');
if (Number(major) < ${OLDEST_NODE}) {
  process.stderr.write('Signet needs Node ${OLDEST_NODE}; this is ' + process.version + '\\n');
  process.exitCode = 70;
} else {
  process.getBuiltinModule('module').enableCompileCache(import.meta.dirname + '/.cache');
  const alone = new Set(${JSON.stringify(ALONE)});
  const word = process.argv[2];
  await import(alone.has(word) ? \`./\${word}/main.mjs\` : './main.mjs');
}
`;

/**
 * Bundles the command line into a directory that needs Node 24 and nothing else: `<output>/signet.mjs` starts it. The
 * first word of a call has a program of its own, in a folder of its name: one program for all would be in so many
 * files, each shared by some commands, that to find and link them takes longer than to run most of them. A command's
 * code is read when it runs.
 *
 * @returns the program
 */
export async function buildCli(output: string): Promise<string> {
  await rm(output, { recursive: true, force: true });
  await bundle(output, writeMain());
  for (const name of ALONE) await bundle(path.join(output, name), await writeEntry(name));
  const program = path.join(output, 'signet.mjs');
  await writeFile(program, LAUNCHER);
  await chmod(program, 0o755);
  return program;
}

/** All commands, in the order in which help lists them, without a file of its own for each. */
function writeMain(): string {
  const names = Object.keys(NOUNS);
  const imports = names.map((name) => `import * as ${name} from './cli/${name}/index.ts';`);
  return `${imports.join('\n')}
import { runProcess } from './cli/shell/run-program.ts';
await runProcess([${names.join(', ')}].flatMap((noun) => Object.values(noun)));`;
}

/**
 * A noun's index exports what adds it, and nothing else. The code of its only command is in the same file as the rest;
 * of several, one is read.
 */
async function writeEntry(name: string): Promise<string> {
  const index = await readFile(path.join(ROOT, 'cli', name, 'index.ts'), 'utf8');
  const commands = [...index.matchAll(/\bimport\('\.\/([^']+)'\)/g)].map(([, file]) => file);
  return `import * as noun from './cli/${name}/index.ts';
import { runProcess } from './cli/shell/run-program.ts';
${commands.length === 1 ? `import './cli/${name}/${commands[0]}';` : ''}
await runProcess(Object.values(noun));`;
}

async function bundle(output: string, contents: string): Promise<void> {
  const write = (isKept: boolean, ...plugins: readonly Plugin[]): Promise<{ readonly metafile: Metafile }> =>
    build({
      absWorkingDir: ROOT,
      stdin: { contents, resolveDir: ROOT, sourcefile: 'main.ts', loader: 'ts' },
      outdir: output,
      entryNames: 'main',
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      metafile: true,
      write: isKept,
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
    });
  const { metafile } = await write(false);
  await write(true, shareChunks(ROOT, metafile));
}
