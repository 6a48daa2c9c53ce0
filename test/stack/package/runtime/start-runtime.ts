import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { findFreePort } from '../../../support/find-free-port.ts';
import { unzip } from '../package-service.ts';

const START_MS = 60_000;
const INVOCATIONS = '/2015-03-31/functions/function/invocations';

/** AWS's own programs: the emulator of the Runtime API, and the client of it that runs a handler in Node. */
export interface RuntimePrograms {
  readonly emulator: string;
  readonly client: string;
}

export interface RuntimeOptions {
  readonly zip: Uint8Array;
  /** Where the zip is laid out, as Lambda does in `/var/task`. */
  readonly directory: string;
  /** As the template names it: `dist/check-pullspec/handler.handler`. */
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly env: Readonly<Record<string, string>>;
}

export interface Runtime {
  /** What the handler answers, or `{ errorType, errorMessage }`. */
  readonly invoke: (event: object) => Promise<unknown>;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** A function from its zip, as Lambda runs it. */
export async function startRuntime(programs: RuntimePrograms, options: RuntimeOptions): Promise<Runtime> {
  const { zip, directory, handler, timeoutSeconds } = options;
  for (const [name, bytes] of unzip(zip)) {
    await mkdir(path.dirname(path.join(directory, name)), { recursive: true });
    await writeFile(path.join(directory, name), bytes);
  }
  const [api, invocations] = [await findFreePort(), await findFreePort()];
  const args = ['--runtime-api-address', `127.0.0.1:${api}`];
  args.push('--runtime-interface-emulator-address', `127.0.0.1:${invocations}`, programs.client, handler);
  const env = {
    PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env['PATH'] ?? ''}`,
    HOME: directory,
    ...options.env,
    LAMBDA_TASK_ROOT: directory,
    AWS_LAMBDA_FUNCTION_TIMEOUT: String(timeoutSeconds),
  };
  // A process group of its own: the runtime ends with the emulator.
  const child = spawn(programs.emulator, args, {
    cwd: directory,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  const ended = once(child, 'exit');
  const started = Date.now();
  while (!(await isOpen(invocations))) {
    if (child.exitCode !== null || Date.now() - started > START_MS) throw new Error(`no runtime started: ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    async invoke(event) {
      const request = { method: 'POST', body: JSON.stringify(event) };
      const response = await fetch(`http://127.0.0.1:${invocations}${INVOCATIONS}`, request);
      return await response.json();
    },
    log: () => log,
    async stop() {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      await ended;
    },
  };
}

function isOpen(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, '127.0.0.1', () => resolve(true));
  socket.on('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}
