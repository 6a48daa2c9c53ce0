import path from 'node:path';
import { buildFunctions } from './build-functions.ts';

for (const { name, bytes } of await buildFunctions(path.join(import.meta.dirname, '../dist'))) {
  process.stdout.write(`${name.padEnd(20)} ${String(Math.ceil(bytes / 1024)).padStart(5)} KB\n`);
}
