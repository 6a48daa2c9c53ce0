import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readNpmStart } from '../../test/support/npm-start.ts';

const READY = /ready at (\S+)/;

/** A server in a process of its own. */
export interface RunningServer {
  readonly url: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

/** `npm start` over a data folder and trust documents. */
export async function startLocalService(data: string, trust: string): Promise<RunningServer> {
  return await startServer([...(await readNpmStart()), '--port', '0', '--data', data, '--trust', trust]);
}

/** Node's own HTTP server, which answers whatever comes with so many bytes: what no handler can be faster than. */
export function startBareServer(bytes: number): Promise<RunningServer> {
  return startServer([path.join(import.meta.dirname, 'bare-server.mjs'), String(bytes)]);
}

/** @throws Error when it ends before it is ready */
async function startServer(args: readonly string[]): Promise<RunningServer> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  for await (const text of child.stderr) {
    output += String(text);
    const url = READY.exec(output)?.[1];
    if (url === undefined) continue;
    const stop = async (): Promise<void> => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    };
    return { url, pid: child.pid ?? 0, stop };
  }
  throw new Error(`${args[0]} did not start: ${output}`);
}

/** What a process holds in memory; NaN where the system does not tell. */
export async function residentMegabytes(pid: number): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN) / 1024;
  } catch {
    return Number.NaN;
  }
}
