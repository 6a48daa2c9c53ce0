import { chmod, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { plainBuiltins, REQUIRE } from './plain-builtins.ts';

const ROOT = path.join(import.meta.dirname, '..');

/** Keeps what V8 compiled beside the program, as cli/signet.js does; compiled code cannot switch it on for itself. */
const LAUNCHER = `#!/usr/bin/env node
process.getBuiltinModule('module').enableCompileCache(import.meta.dirname + '/.cache');
await import('./main.mjs');
`;

/**
 * Bundles the command line into a directory that needs Node 24 and nothing else: `<output>/signet.mjs` starts it, and a
 * command's code is a file of its own, read when it runs.
 *
 * @returns the program
 */
export async function buildCli(output: string): Promise<string> {
  await rm(output, { recursive: true, force: true });
  await build({
    absWorkingDir: ROOT,
    entryPoints: [path.join(ROOT, 'cli/main.ts')],
    outdir: output,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
    plugins: [plainBuiltins],
    // Some dependencies are CommonJS and ask for Node's own modules with require().
    banner: { js: REQUIRE },
    logLevel: 'warning',
  });
  const program = path.join(output, 'signet.mjs');
  await writeFile(program, LAUNCHER);
  await chmod(program, 0o755);
  return program;
}
