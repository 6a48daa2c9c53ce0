import path from 'node:path';
import { buildCli } from './build-cli.ts';
import { buildFunctions } from './build-functions.ts';

const DIST = path.join(import.meta.dirname, '../dist');

for (const { name, bytes } of await buildFunctions(DIST)) {
  process.stdout.write(`${name.padEnd(20)} ${String(Math.ceil(bytes / 1024)).padStart(5)} KB\n`);
}
process.stdout.write(`${path.relative(process.cwd(), await buildCli(path.join(DIST, 'cli')))}\n`);
