import { readFile } from 'node:fs/promises';
import { openSyncStores } from '../../cli/open/stores.ts';
import { preferMemory } from '../../cli/shell/progress.ts';
import { parseDigest } from '../../lib/base/names/digest.ts';
import { type SyncResult, syncMirror } from '../../lib/mirror/sync/sync-mirror.ts';
import { createBulkDirectoryStore } from '../../lib/platform/objects/directory/bulk-object-store.ts';
import { parsePreparedTrust } from '../../lib/trust/prepared/parse-prepared-trust.ts';
import { toReadyTrust } from '../../lib/trust/source/trust-source.ts';
import { readPeakMemory } from '../process/peak-memory.ts';

/** What one sync took, in a process that does nothing else. */
export interface SyncFigures {
  readonly seconds: number;
  /** Of the processor, user and system. */
  readonly cpuSeconds: number;
  /** The most that the process has ever held. */
  readonly peakMegabytes: number;
  /** Writes to the object store. */
  readonly puts: number;
  readonly result: Pick<SyncResult, 'wanted' | 'held' | 'written' | 'outcomes'>;
}

/**
 * Syncs a directory and writes its figures as JSON: `<prepared trust> <digests> <warm-up digests> <directory>
 * <concurrency> <store>...`. What is mirrored to warm up goes elsewhere, and is not counted.
 */
preferMemory();
const [trustFile = '', digestsFile = '', warmFile = '', to = '', concurrency = '', ...urls] = process.argv.slice(2);
const trust = toReadyTrust(parsePreparedTrust(trustFile, await readFile(trustFile)), new Date());
const options = { store: urls, allowPrivateStores: true };
const { store: upstream, stores, close } = await openSyncStores(options, trust.prepared);

async function sync(file: string, directory: string): Promise<Omit<SyncFigures, 'peakMegabytes'>> {
  const digests = (await readFile(file, 'utf8')).split('\n').filter(Boolean).map(parseDigest);
  const { signal } = new AbortController();
  const plain = createBulkDirectoryStore(directory);
  let puts = 0;
  const objects = {
    ...plain,
    createObject: (key: string, bytes: Uint8Array): Promise<boolean> => {
      puts += 1;
      return plain.createObject(key, bytes);
    },
    replaceObject: (key: string, bytes: Uint8Array, etag: string | undefined): Promise<boolean> => {
      puts += 1;
      return plain.replaceObject(key, bytes, etag);
    },
  };
  const before = process.cpuUsage();
  const started = performance.now();
  const { wanted, held, written, outcomes } = await syncMirror({
    objects,
    trust,
    upstream,
    stores,
    digests,
    signal,
    concurrency: Number(concurrency),
    now: () => new Date(),
  });
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { seconds, cpuSeconds: (user + system) / 1e6, puts, result: { wanted, held, written, outcomes } };
}

if (warmFile !== '') await sync(warmFile, `${to}-warm`);
const figures = await sync(digestsFile, to);
close();
process.stdout.write(JSON.stringify({ ...figures, peakMegabytes: readPeakMemory() / 1024 ** 2 } satisfies SyncFigures));
