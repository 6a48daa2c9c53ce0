import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';

/** Signature stores in a process of their own. */
export interface RunningStores {
  readonly urls: readonly string[];
  readonly readCounts: () => Promise<StoreCounts>;
  readonly stop: () => Promise<void>;
}

export interface StoreCounts {
  readonly requests: number;
  /** At a time. */
  readonly most: number;
  readonly faults: number;
}

/** Starts `serve-stores.ts`. @param latencyMs before each answer */
export async function startStores(contentsFile: string, latencyMs: number, stores = 1): Promise<RunningStores> {
  const main = path.join(import.meta.dirname, 'serve-stores.ts');
  const child = spawn(process.execPath, [main, contentsFile, String(latencyMs), String(stores)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const urls = JSON.parse(line.toString()) as readonly string[];
  return {
    urls,
    readCounts: async () => (await (await fetch(`${urls[0]}/counts`)).json()) as StoreCounts,
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}
