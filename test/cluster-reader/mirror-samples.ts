import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { RELEASE_REPOSITORY } from '../fixtures/make/payload.ts';
import { runSync, toGraphText } from '../mirror/processes/run-sync.ts';
import { writeTrustDirectory } from '../mirror/processes/signing-profile.ts';
import { startStores } from '../mirror/processes/start-stores.ts';
import { makeSampleReleases, type SampleReleases } from './sample-releases.ts';

export interface MirroredSamples extends SampleReleases {
  /** Holds everything else here. */
  readonly scratch: string;
  readonly trust: string;
  /** A data folder, whose `objects` is the mirror. */
  readonly data: string;
  readonly mirror: string;
  /** The store that was mirrored, with all that is wrong in it. */
  readonly upstream: string;
  readonly close: () => Promise<void>;
}

/** Sample releases in a store, and the directory that `signet mirror sync` makes of it. */
export async function mirrorSamples(): Promise<MirroredSamples> {
  const samples = makeSampleReleases();
  const scratch = await mkdtemp(path.join(tmpdir(), 'cluster-reader-'));
  const at = (name: string): string => path.join(scratch, name);
  await writeTrustDirectory(at('trust'), samples.profile);
  const digests = samples.releases.map(({ digest }) => digest);
  await writeFile(at('graph.json'), toGraphText(digests, RELEASE_REPOSITORY));
  await writeFile(at('contents.json'), JSON.stringify(samples.contents));
  const stores = await startStores(at('contents.json'), 0);
  const upstream = stores.urls[0] ?? '';
  const [trust, data, mirror] = [at('trust'), at('data'), at('data/objects')];
  const run = await runSync({ trust, to: mirror, graph: at('graph.json'), store: upstream });
  // Some of the samples do not verify, so that not everything that is asked for is held.
  if (run.status !== 3 || run.errors !== '') throw new Error(`the sync ended with ${run.status}: ${run.errors}`);
  return {
    ...samples,
    scratch,
    trust,
    data,
    mirror,
    upstream,
    async close() {
      await stores.stop();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
