import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';

const MAIN = path.join(import.meta.dirname, '../../local/main.ts');

export interface RunningService {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** `npm start` over a data folder. */
export async function startService(
  data: string,
  trust: string,
  options: readonly string[] = [],
): Promise<RunningService> {
  const child = spawn(process.execPath, [MAIN, '--port', '0', '--data', data, '--trust', trust, ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '' },
  });
  const ended = once(child, 'exit');
  let output = '';
  for await (const said of child.stderr) {
    output += String(said);
    const url = /ready at (\S+)/.exec(output)?.[1];
    if (url === undefined) continue;
    child.stderr.resume();
    return {
      url,
      async stop() {
        child.kill('SIGTERM');
        await ended;
      },
    };
  }
  throw new Error(`the service did not start: ${output}`);
}
