import type { Command } from 'commander';
import { vi } from 'vitest';
import { buildProgram } from '../../cli/shell/build-program.ts';
import { loadNouns } from '../../cli/shell/nouns.ts';
import { type Run as ProgramRun, runProgram } from '../../cli/shell/run-program.ts';

/** What a call of `signet` leaves behind. */
export interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Surroundings {
  /** The folder that relative paths start from; by default the one that the tests run in. */
  readonly cwd?: string;
  /** Beside `PATH` and `NO_COLOR`, which are all that a call gets of this environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Cancels the call, as Ctrl-C does. */
  readonly signal?: AbortSignal;
}

/** Ends when the call before has ended: a process has one environment, one folder and one standard output. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs `signet <args>` in this process, as `cli/shell/main.ts` runs it in one of its own. Spawn it where signals, closed or
 * full streams, or the launcher are what is tested.
 */
export function runSignet(args: readonly string[], surroundings: Surroundings = {}): Promise<Run> {
  const run = last.then(() => runAlone(args, surroundings));
  last = run.catch(() => undefined);
  return run;
}

async function runAlone(
  args: readonly string[],
  { cwd, env = {}, signal = new AbortController().signal }: Surroundings,
): Promise<Run> {
  const { env: outerEnv } = process;
  const outerFolder = process.cwd();
  const written = { stdout: '', stderr: '' };
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation(captureInto(written, 'stdout'));
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(captureInto(written, 'stderr'));
  try {
    process.env = { PATH: outerEnv['PATH'], NO_COLOR: '1', ...env };
    if (cwd !== undefined) process.chdir(cwd);
    return { status: await runProgram(await loadNouns(), args, signal), ...written };
  } finally {
    process.chdir(outerFolder);
    process.env = outerEnv;
    stdout.mockRestore();
    stderr.mockRestore();
  }
}

type AddNoun = (program: Command, run: ProgramRun) => void;

/**
 * Runs one command of these nouns in this process and its environment. What the command throws is thrown, which
 * `cli/shell/main.ts` makes exit status 2, 3 or 70 of.
 *
 * @returns a status of -1 where the command set none
 */
export async function callNoun(
  add: AddNoun | readonly AddNoun[],
  words: readonly string[],
): Promise<Pick<Run, 'status' | 'stdout'>> {
  const written = { stdout: '', stderr: '' };
  let status = -1;
  const run = toRun((given) => {
    status = given;
  });
  const program = buildProgram(run, [add].flat(), { isSilent: true });
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation(captureInto(written, 'stdout'));
  try {
    await program.parseAsync(words, { from: 'user' });
  } finally {
    stdout.mockRestore();
  }
  return { status, stdout: written.stdout };
}

/** A call without those of its options, each with a value, that other words give: an option of one value is given once. */
export function toOverridden(call: readonly string[], given: readonly string[]): readonly string[] {
  return call.filter((word, at) => {
    const option = word.startsWith('--') ? word : (call[at - 1] ?? '');
    return !option.startsWith('--') || !given.includes(option);
  });
}

/** What a noun or a whole program is built with where no call is cancelled. */
export function toRun(setStatus: ProgramRun['setStatus'] = () => undefined): ProgramRun {
  return { signal: new AbortController().signal, setStatus, setStopped: () => undefined };
}

type Done = (error?: Error | null) => void;

function captureInto(written: { stdout: string; stderr: string }, stream: 'stdout' | 'stderr') {
  return (chunk: string | Uint8Array, encodingOrDone?: BufferEncoding | Done, done?: Done): boolean => {
    written[stream] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    if (typeof encodingOrDone === 'function') encodingOrDone();
    done?.();
    return true;
  };
}
