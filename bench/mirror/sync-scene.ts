import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Digest, parseDigest, toStoreSegment } from '../../lib/base/names/digest.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { toDigest } from '../../test/fixtures/make/payload.ts';
import {
  makeSigningProfile,
  type SigningProfile,
  writeTrustDirectory,
} from '../../test/mirror/processes/signing-profile.ts';
import { type StoreCounts, startStores } from '../../test/mirror/processes/start-stores.ts';
import type { SyncFigures } from './measure-sync.ts';

const MEASURE = path.join(import.meta.dirname, 'measure-sync.ts');
const run = promisify(execFile);

/** Signed releases, made once for all rows; whoever signs and whoever serves is another process than what is measured. */
export interface SyncScene {
  readonly scratch: string;
  readonly trust: string;
  readonly profile: SigningProfile;
  readonly digests: readonly Digest[];
  /** URLs that serve their signatures. */
  readonly stores: readonly string[];
  readonly sync: (plan: SyncPlan) => Promise<Synced>;
  /** The same by another program, which takes what `bench/peers/go/sync` takes. */
  readonly syncBy: (program: string, plan: Pick<SyncPlan, 'from' | 'count' | 'to'>) => Promise<PeerFigures>;
  readonly close: () => Promise<void>;
}

export interface SyncPlan {
  /** Which of the digests. */
  readonly from: number;
  readonly count: number;
  /** Name of the directory that is synced. */
  readonly to: string;
  /** Digests that are mirrored elsewhere first, so that short runs do not measure how Node warms up. */
  readonly warm?: number;
  readonly nodeOptions?: readonly string[];
}

export interface Synced extends SyncFigures {
  /** Signature requests of this sync, warm-up apart. */
  readonly requests: number;
}

type PeerFigures = Pick<SyncFigures, 'seconds' | 'cpuSeconds'>;

export const LATENCY_MS = 20;
export const CONCURRENCY = 64;
const STORES = 2;

export async function makeSyncScene(count: number): Promise<SyncScene> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'signet-bench-mirror-'));
  const at = (name: string): string => path.join(scratch, name);
  const profile = makeSigningProfile(1);
  const digests = Array.from({ length: count }, (_, index) => parseDigest(toDigest(`bench ${index}`)));
  await writeTrustDirectory(at('trust'), profile);
  const bytes = await readFile(at('trust/ocp/release-verification.json'));
  const prepared = await prepareTrust('ocp', [{ name: 'release-verification.json', bytes }]);
  await writeFile(at('prepared.json'), JSON.stringify(prepared));
  const served = digests.map((digest) => [
    toStoreSegment(digest),
    { signatures: profile.signers.map((sign) => sign(digest).toString('base64')) },
  ]);
  await writeFile(at('contents.json'), JSON.stringify(Object.fromEntries(served)));
  const stores = await startStores(at('contents.json'), LATENCY_MS, STORES);
  const sync = async ({ from, count: wanted, to, warm = 0, nodeOptions = [] }: SyncPlan): Promise<Synced> => {
    await writeFile(at('digests'), digests.slice(from, from + wanted).join('\n'));
    await writeFile(at('warm'), digests.slice(-warm).join('\n'));
    const files = [at('prepared.json'), at('digests'), warm === 0 ? '' : at('warm'), at(to)];
    const before: StoreCounts = await stores.readCounts();
    const { stdout } = await run(process.execPath, [
      ...nodeOptions,
      MEASURE,
      ...files,
      String(CONCURRENCY),
      ...stores.urls,
    ]);
    const figures = JSON.parse(stdout) as SyncFigures;
    const { complete } = figures.result.outcomes;
    if (figures.result.held + complete !== wanted) throw new Error(`the sync is not complete: ${stdout}`);
    return { ...figures, requests: (await stores.readCounts()).requests - before.requests - warm };
  };
  const syncBy: SyncScene['syncBy'] = async (program, { from, count: wanted, to }) => {
    await writeFile(at('digests'), digests.slice(from, from + wanted).join('\n'));
    const { data } = JSON.parse(profile.toConfigMap()) as { readonly data: Readonly<Record<string, string>> };
    await writeFile(at('keys.asc'), data['verifier-public-key-0'] ?? '');
    const args = [at('keys.asc'), at('digests'), at(to), String(CONCURRENCY), ...stores.urls];
    const { stdout } = await run(program, args);
    const written = await readdir(path.join(at(to), 'signatures'));
    if (written.length !== wanted) throw new Error(`${program} mirrored ${written.length} of ${wanted} digests`);
    return JSON.parse(stdout) as PeerFigures;
  };
  return {
    scratch,
    trust: at('trust'),
    profile,
    digests,
    stores: stores.urls,
    sync,
    syncBy,
    async close() {
      await stores.stop();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
