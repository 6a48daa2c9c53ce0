import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** A program over the OpenPGP library that cluster-version operators use, or why there is none. */
export type LibraryGoCore =
  | { readonly kind: 'built'; readonly measure: MeasureCore; readonly remove: () => Promise<void> }
  | { readonly kind: 'missing'; readonly reason: string };

export interface CoreTask {
  readonly keyFile: string;
  readonly messageFile: string;
  readonly digest: string;
  readonly seconds: number;
}

/** Verifications in a second of processor time, or why it verifies no such message. */
type MeasureCore = (task: CoreTask) => Promise<{ readonly rate: number } | { readonly missing: string }>;

const SOURCES = path.join(import.meta.dirname, 'go');
const CANNOT_VERIFY = 3;
const run = promisify(execFile);

/** Builds `go/main.go` outside the project. What cannot be fetched is a reason not to run; what breaks is an error. */
export async function buildLibraryGoCore(): Promise<LibraryGoCore> {
  try {
    await run('go', ['version']);
  } catch {
    return { kind: 'missing', reason: 'there is no Go' };
  }
  const options = { cwd: SOURCES, env: { ...process.env, GOWORK: 'off' } };
  try {
    // Fetches all that is imported, by the sums in go.sum.
    await run('go', ['list', '-deps', '.'], options);
  } catch {
    return { kind: 'missing', reason: 'golang.org/x/crypto cannot be fetched' };
  }
  const scratch = await mkdtemp(path.join(tmpdir(), 'signet-bench-go-'));
  const program = path.join(scratch, 'openpgp-core');
  await run('go', ['build', '-buildvcs=false', '-o', program, '.'], options);
  return {
    kind: 'built',
    measure: (task) => measure(program, task),
    remove: () => rm(scratch, { recursive: true, force: true }),
  };
}

async function measure(program: string, task: CoreTask): ReturnType<MeasureCore> {
  const { keyFile, messageFile, digest, seconds } = task;
  try {
    const { stdout } = await run(program, [keyFile, messageFile, digest, String(seconds)]);
    return { rate: Number(stdout) };
  } catch (error) {
    const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: string };
    if (code !== CANNOT_VERIFY) throw error;
    return { missing: stderr?.trim() ?? 'it does not say why' };
  }
}
