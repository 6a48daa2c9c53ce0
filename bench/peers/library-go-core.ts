import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { buildGoProgram } from './build-go.ts';

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

const CANNOT_VERIFY = 3;
const run = promisify(execFile);

/** Builds `go/core`. */
export async function buildLibraryGoCore(): Promise<LibraryGoCore> {
  const built = await buildGoProgram('core');
  if (built.kind === 'missing') return built;
  return { kind: 'built', measure: (task) => measure(built.program, task), remove: built.remove };
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
