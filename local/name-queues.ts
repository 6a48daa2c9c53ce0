import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LocalQueues } from './start-queues.ts';

/**
 * Says in `<data>/queues.json` where the queues are while the service runs, for `signet dlq`: the embedded SQS takes a
 * free port at every start.
 *
 * @returns takes the file away
 */
export async function nameQueues(dataDirectory: string, queues: LocalQueues): Promise<() => Promise<void>> {
  const { push, mirror, export: exports } = queues;
  const file = path.join(dataDirectory, 'queues.json');
  const text = `${JSON.stringify({ schema: 1, queues: { push, mirror, export: exports } }, null, 2)}\n`;
  await writeFile(file, text);
  return async () => {
    // Another service over the same folder may have written its own since.
    if ((await readFile(file, 'utf8').catch(() => '')) === text) await rm(file, { force: true });
  };
}
