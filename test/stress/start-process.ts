import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';

export type StressProcess = ChildProcessByStdio<null, Readable, null>;

/** Starts a script of processes/ under this Node; its errors show. */
export function startProcess(script: string, args: readonly string[]): StressProcess {
  return spawn(process.execPath, [path.join(import.meta.dirname, 'processes', script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** The first line that a process says. */
export async function readFirstLine(child: StressProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
  }
  throw new Error('the process ended without a word');
}

export async function kill(child: StressProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** The most memory that a process has had, in bytes; undefined where the system does not tell (Linux does). */
export async function readPeakMemory(child: StressProcess): Promise<number | undefined> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmHWM:\s+([0-9]+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
