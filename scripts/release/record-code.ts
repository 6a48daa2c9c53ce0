import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { type RecordedCalls, ScriptRunner } from './script-runner.ts';

const Calls = v.object({ script: v.string(), lines: v.array(v.array(v.string())) });

/**
 * Runs calls of the command line by the scripts of a folder, in a process of its own, and writes beside each script that
 * ran what V8 compiled of it, `<name>.code`: every function that was called. A program that holds it compiles none of them
 * again.
 *
 * Usage: node record-code.ts FOLDER CALLS, in JSON
 */
async function record(folder: string, { script, lines }: RecordedCalls): Promise<void> {
  const none = Buffer.alloc(0);
  const runner = new ScriptRunner((name) => ({ source: readFileSync(path.join(folder, `${name}.cjs`)), code: none }));
  for (const args of lines) {
    process.argv.splice(2, Number.POSITIVE_INFINITY, ...args);
    const ended = once(process, 'beforeExit');
    runner.start(script);
    await ended;
    if (process.exitCode !== 0) throw new Error(`signet ${args.join(' ')} ended with ${process.exitCode}`);
  }
  for (const [name, code] of runner.compiled()) writeFileSync(path.join(folder, `${name}.code`), code);
}

const [folder = '', calls = ''] = process.argv.slice(2);
await record(folder, v.parse(Calls, JSON.parse(calls)));
