import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

const ROOT = path.join(import.meta.dirname, '..');
const FUNCTIONS = path.join(ROOT, 'functions');
const OUTPUT = path.join(ROOT, 'dist');

/** Bundles each function alone, so that its zip holds what it uses and nothing else. */
async function main(): Promise<void> {
  await rm(OUTPUT, { recursive: true, force: true });
  const entries = await readdir(FUNCTIONS, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (names.length === 0) throw new Error('there are no functions to build');
  for (const name of names.toSorted()) {
    const { metafile } = await build({
      entryPoints: [path.join(FUNCTIONS, name, 'handler.ts')],
      outfile: path.join(OUTPUT, name, 'handler.mjs'),
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      minify: true,
      metafile: true,
      legalComments: 'none',
      // Some dependencies are CommonJS and ask for Node's own modules with require().
      banner: { js: "import{createRequire as r}from'node:module';const require=r(import.meta.url);" },
      logLevel: 'warning',
    });
    const [size = 0] = Object.values(metafile.outputs).map(({ bytes }) => bytes);
    process.stdout.write(`${name.padEnd(20)} ${String(Math.ceil(size / 1024)).padStart(5)} KB\n`);
  }
}

await main();
