import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';

const MAIN = path.join(import.meta.dirname, '../../local/main.ts');
const START_MS = 60_000;

export interface RunningSignet {
  readonly url: string;
  /** What it has written to its log. */
  readonly log: () => string;
  /** Has it answer nothing, and go on. */
  readonly pause: () => void;
  readonly resume: () => void;
  readonly stop: () => Promise<void>;
}

/** `npm start` with these options. */
export async function startSignet(args: readonly string[]): Promise<RunningSignet> {
  const env = { PATH: process.env['PATH'] ?? '' };
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += String(text)));
  const url = await waitForUrl(child, () => log);
  return {
    url,
    log: () => log,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function waitForUrl(child: ChildProcess, read: () => string): Promise<string> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    const url = /ready at (\S+)/.exec(read())?.[1];
    if (url !== undefined) return url;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`Signet did not start: ${read()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
