import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import type { SyncResult } from '../../../lib/mirror/sync/sync-mirror.ts';

const MAIN = path.join(import.meta.dirname, '../../../cli/shell/main.ts');

export interface SyncPlaces {
  readonly trust: string;
  readonly to: string;
  readonly graph: string;
  readonly store: string;
}

export interface SyncRun {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Undefined when it printed none. */
  readonly summary: SyncResult | undefined;
  /** Standard error without the lines of progress. */
  readonly errors: string;
}

/** Runs `signet mirror sync`. @param killed kills it with SIGKILL when it resolves */
export async function runSync(
  { trust, to, graph, store }: SyncPlaces,
  { killed, nodeOptions = [] }: { readonly killed?: Promise<unknown>; readonly nodeOptions?: readonly string[] } = {},
): Promise<SyncRun> {
  const options = ['--trust', trust, '--to', to, '--graph', graph, '--store', store, '--no-children'];
  const child = spawn(
    process.execPath,
    [...nodeOptions, MAIN, 'mirror', 'sync', ...options, '--allow-private-stores', '-o', 'json'],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] ?? '' } },
  );
  void killed?.then(() => child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [status, signal] = (await exit) as [number | null, NodeJS.Signals | null];
  const errors = stderr.split('\n').filter((line) => !line.startsWith('{"progress"'));
  const summary = stdout === '' ? undefined : (JSON.parse(stdout) as SyncResult);
  return { status, signal, summary, errors: errors.join('\n') };
}

/** An update graph of these digests, as text. */
export function toGraphText(digests: readonly string[], repository: string): string {
  const nodes = digests.map((digest, index) => ({
    version: `4.99.${index}`,
    payload: `${repository}@${digest}`,
    metadata: {},
  }));
  return JSON.stringify({ nodes, edges: [], conditionalEdges: [] });
}
