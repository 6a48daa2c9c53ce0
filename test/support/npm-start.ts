import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';

const ROOT = path.join(import.meta.dirname, '../..');
const Package = v.object({ scripts: v.object({ start: v.pipe(v.string(), v.startsWith('node ')) }) });

/** What `npm start` gives Node: its options, and the program by its whole path. */
export async function readNpmStart(): Promise<readonly string[]> {
  const { scripts } = v.parse(Package, JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')));
  const [, ...args] = scripts.start.split(' ');
  return args.map((arg) => (arg.startsWith('-') ? arg : path.join(ROOT, arg)));
}
