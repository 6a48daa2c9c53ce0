import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** The program, or why there is none. */
export type ReferrersRegistry =
  | { readonly kind: 'built'; readonly program: string; remove(): Promise<void> }
  | { readonly kind: 'missing'; readonly reason: string };

const SOURCES = path.join(import.meta.dirname, '../go');
const run = promisify(execFile);

/** Builds `go/main.go`. What cannot be fetched is a reason not to run; what does not compile is an error. */
export async function buildReferrersRegistry(): Promise<ReferrersRegistry> {
  const options = { cwd: SOURCES, env: { ...process.env, GOWORK: 'off' } };
  try {
    await run('go', ['version']);
  } catch {
    return { kind: 'missing', reason: 'there is no Go' };
  }
  try {
    await run('go', ['list', '-deps', '.'], { ...options, maxBuffer: 2 ** 26 });
  } catch (error) {
    const [first = ''] = String((error as { readonly stderr?: unknown }).stderr).split('\n');
    return { kind: 'missing', reason: `go-containerregistry cannot be fetched: ${first}` };
  }
  const scratch = await mkdtemp(path.join(tmpdir(), 'signet-referrers-'));
  const program = path.join(scratch, 'registry');
  await run('go', ['build', '-buildvcs=false', '-o', program, '.'], options);
  return { kind: 'built', program, remove: () => rm(scratch, { recursive: true, force: true }) };
}

export interface StartedRegistry {
  /** `127.0.0.1:<port>`, spoken to over http. */
  readonly host: string;
  stop(): Promise<void>;
}

/** A registry in memory. */
export async function startReferrersRegistry(
  program: string,
  { hasReferrers = true }: { readonly hasReferrers?: boolean } = {},
): Promise<StartedRegistry> {
  // It ends when its standard input does.
  const child = spawn(program, hasReferrers ? [] : ['without-referrers'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  lines.once('line', resolve);
  child.once('exit', () => reject(new Error('the registry ended as it started')));
  const host = await promise;
  return {
    host,
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
