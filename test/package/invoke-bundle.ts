import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { z } from 'zod';

const SCRIPT = path.join(import.meta.dirname, 'processes/invoke-handler.ts');

const Reply = z.object({ answer: z.unknown().optional(), error: z.string().optional(), node: z.string() });

/** What a bundle answered to one event, in a new process with this environment and no other. */
export async function invokeBundle(
  bundle: string,
  event: object,
  env: Readonly<Record<string, string>>,
): Promise<z.infer<typeof Reply> & { readonly log: string }> {
  const child = fork(SCRIPT, [bundle], { env: { ...env }, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const log: string[] = [];
  child.stdout?.on('data', (chunk) => log.push(String(chunk)));
  child.stderr?.on('data', (chunk) => log.push(String(chunk)));
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${bundle} ended with ${code} before it answered: ${log.join('')}`);
  });
  // Still rejects whoever waits for it; only nobody waits any more once there is an answer.
  ended.catch(() => undefined);
  try {
    await Promise.race([once(child, 'message'), ended]);
    const replied = once(child, 'message').then(([reply]: readonly unknown[]) => Reply.parse(reply));
    child.send(event);
    return { ...(await Promise.race([replied, ended])), log: log.join('') };
  } finally {
    child.kill();
    await ended.catch(() => undefined);
  }
}
