import process from 'node:process';
import { createDirectoryObjectStore } from '../../lib/platform/objects/directory/directory-object-store.ts';
import { sweep } from '../../lib/push/reverify/sweep.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { readPeakMemory } from '../process/peak-memory.ts';

/**
 * Sweeps a folder of accepted records as `reverify` does, and writes what that took as JSON. It is bundled like the
 * function and a process of its own, so that what it held is its own.
 *
 * @param time of the sweep, as ISO 8601 has it
 */
export async function sweepFolder(folder: string, time: string): Promise<void> {
  const now = (): Date => new Date(time);
  const objects = createDirectoryObjectStore(folder);
  const trusts = [await createTrustSource(objects, ['ocp'], now, 0).read('ocp')];
  let sent = 0;
  const started = process.cpuUsage();
  const result = await sweep({
    objects,
    profiles: ['ocp'],
    trusts,
    // What a queue takes is the queue's.
    pushQueue: {
      description: 'nothing but a count',
      sendMessages: async (bodies) => {
        sent += bodies.length;
        await Promise.resolve();
      },
    },
    invalidation: undefined,
    now,
    isTimeUp: () => false,
    signal: new AbortController().signal,
  });
  const { user, system } = process.cpuUsage(started);
  if (!result.finished || result.queued !== sent) throw new Error(`the sweep did not end: ${JSON.stringify(result)}`);
  const megabytes = readPeakMemory() / 1e6;
  process.stdout.write(`${JSON.stringify({ queued: sent, milliseconds: (user + system) / 1000, megabytes })}\n`);
}
