import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** A program over the OpenPGP library that cluster-version operators use, or why there is none. */
export type GoProgram =
  | { readonly kind: 'built'; readonly program: string; readonly remove: () => Promise<void> }
  | { readonly kind: 'missing'; readonly reason: string };

const SOURCES = path.join(import.meta.dirname, 'go');
const run = promisify(execFile);

/** Builds one folder of `go/` outside the project. What cannot be fetched is a reason not to run; what breaks is an error. */
export async function buildGoProgram(name: 'core' | 'sync'): Promise<GoProgram> {
  try {
    await run('go', ['version']);
  } catch {
    return { kind: 'missing', reason: 'there is no Go' };
  }
  const options = { cwd: SOURCES, env: { ...process.env, GOWORK: 'off' } };
  try {
    // Fetches all that is imported, by the sums in go.sum.
    await run('go', ['list', '-deps', `./${name}`], options);
  } catch {
    return { kind: 'missing', reason: 'golang.org/x/crypto cannot be fetched' };
  }
  const scratch = await mkdtemp(path.join(tmpdir(), 'signet-bench-go-'));
  const program = path.join(scratch, name);
  await run('go', ['build', '-buildvcs=false', '-o', program, `./${name}`], options);
  return { kind: 'built', program, remove: () => rm(scratch, { recursive: true, force: true }) };
}
