import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import * as v from 'valibot';

const SCRIPT = path.join(import.meta.dirname, 'processes/invoke-handler.ts');

const Reply = v.object({ answer: v.optional(v.unknown()), error: v.optional(v.string()), node: v.string() });
export type Reply = v.InferOutput<typeof Reply>;

export interface Bundle {
  /** What it answers, or the error that it throws; of one event at a time. */
  readonly invoke: (event: object) => Promise<Reply>;
  /** What it has written so far. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** A bundle in a new process with this environment and no other, for which AWS is at a port of this machine. */
export async function startBundle(
  bundle: string,
  env: Readonly<Record<string, string>>,
  awsPort: number,
): Promise<Bundle> {
  const args = [bundle, String(awsPort)];
  const child = fork(SCRIPT, args, { env: { ...env }, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const log: string[] = [];
  child.stdout?.on('data', (chunk) => log.push(String(chunk)));
  child.stderr?.on('data', (chunk) => log.push(String(chunk)));
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${bundle} ended with ${code} before it answered: ${log.join('')}`);
  });
  // Still rejects whoever waits for it; only nobody waits any more once there is an answer.
  ended.catch(() => undefined);
  await Promise.race([once(child, 'message'), ended]);
  return {
    async invoke(event) {
      const replied = once(child, 'message').then(([reply]: readonly unknown[]) => v.parse(Reply, reply));
      child.send(event);
      return await Promise.race([replied, ended]);
    },
    log: () => log.join(''),
    async stop() {
      child.kill();
      await ended.catch(() => undefined);
    },
  };
}
