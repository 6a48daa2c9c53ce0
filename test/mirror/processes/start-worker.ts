import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';
import type { Readable } from 'node:stream';

type Worker = ChildProcessByStdio<null, Readable, null>;

/** Starts `mirror-digests.ts` under this Node; its errors show in the test's output. */
export function startWorker(args: readonly string[]): Worker {
  return spawn(process.execPath, [path.join(import.meta.dirname, 'mirror-digests.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Resolves with the exit code when the process has ended; null when a signal ended it. */
export async function waitForExit(child: Worker): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}
