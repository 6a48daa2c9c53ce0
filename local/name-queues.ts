import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LocalQueues } from './start-queues.ts';

/**
 * Says in `<data>/queues.json` where the queues are while the service runs, for `signet dlq`: the embedded SQS takes a
 * free port at every start.
 *
 * @returns takes the file away
 */
export async function nameQueues(dataDirectory: string, { push, mirror }: LocalQueues): Promise<() => Promise<void>> {
  const file = path.join(dataDirectory, 'queues.json');
  await writeFile(file, `${JSON.stringify({ schema: 1, queues: { push, mirror } }, null, 2)}\n`);
  return () => rm(file, { force: true });
}
