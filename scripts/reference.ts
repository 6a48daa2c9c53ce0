import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeCommands } from './reference/commands.ts';
import { makeConfiguration } from './reference/configuration.ts';
import { makeFunctions } from './reference/functions.ts';
import { makeLimits } from './reference/limits.ts';
import { makeReasonCodes } from './reference/reason-codes.ts';

// `npm run reference` writes docs/reference/ from the sources; with `--check` it changes nothing, and exits 1 when a page
// is stale. test/docs/reference.test.ts checks the same.

const FOLDER = path.join(import.meta.dirname, '../docs/reference');

/** The pages of docs/reference/, by file name. */
export async function makeReference(): Promise<Readonly<Record<string, string>>> {
  return {
    'commands.md': await makeCommands(),
    'configuration.md': makeConfiguration(),
    'functions.md': makeFunctions(),
    'limits.md': makeLimits(),
    'reason-codes.md': makeReasonCodes(),
  };
}

if (import.meta.main) {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, text] of Object.entries(await makeReference())) {
    const file = path.join(FOLDER, name);
    if (!process.argv.includes('--check')) writeFileSync(file, text);
    else if (readFileSync(file, 'utf8') !== text) {
      process.stderr.write(`docs/reference/${name} is stale: run npm run reference\n`);
      process.exitCode = 1;
    }
  }
}
