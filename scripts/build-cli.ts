import { chmod, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

const ROOT = path.join(import.meta.dirname, '..');

/** Keeps what V8 compiled beside the program, as cli/signet.js does; compiled code cannot switch it on for itself. */
const LAUNCHER = `#!/usr/bin/env node
import module from 'node:module';
import { fileURLToPath } from 'node:url';
module.enableCompileCache?.(fileURLToPath(new URL('.cache', import.meta.url)));
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
    // Some dependencies are CommonJS and ask for Node's own modules with require(). A name that minifying never gives.
    banner: {
      js: "import{createRequire as signetCreateRequire}from'node:module';const require=signetCreateRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  const program = path.join(output, 'signet.mjs');
  await writeFile(program, LAUNCHER);
  await chmod(program, 0o755);
  return program;
}
