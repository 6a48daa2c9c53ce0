import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadNouns } from '../../cli/shell/nouns.ts';
import { runProgram } from '../../cli/shell/run-program.ts';
import { parseDigest, toStoreSegment } from '../../lib/base/names/digest.ts';
import { RELEASE_REPOSITORY, toDigest } from '../../test/fixtures/make/payload.ts';
import { makeSigningProfile, writeTrustDirectory } from '../../test/mirror/processes/signing-profile.ts';
import { startStores } from '../../test/mirror/processes/start-stores.ts';
import type { Effort } from '../effort.ts';
import { median, type Row } from '../row.ts';

const PULLSPECS = 200;
/** Five times as many requests are as many as there are. */
const CONCURRENCY = 40;
const LATENCY_MS = 50;
const ROUNDS = { full: 7, quick: 1 } as const;
const RATIO = 1.3;

/**
 * `signet verify -f` of signed releases, trust compiled and each signature read and verified, against a store in a process
 * of its own that answers each request after 50 ms; beside the time that so many requests take, 40 at a time, and nothing
 * else: reading signatures is the slowest stage.
 */
export async function measureVerifyMany(effort: Effort): Promise<readonly Row[]> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'signet-bench-verify-'));
  const at = (name: string): string => path.join(scratch, name);
  const profile = makeSigningProfile(1, 'rsa2048');
  const digests = Array.from({ length: PULLSPECS }, (_, index) => parseDigest(toDigest(`verify ${index}`)));
  await writeTrustDirectory(at('trust'), profile);
  await writeFile(at('list'), digests.map((digest) => `${RELEASE_REPOSITORY}@${digest}`).join('\n'));
  const served = digests.map((digest) => [
    toStoreSegment(digest),
    { signatures: profile.signers.map((sign) => sign(digest).toString('base64')) },
  ]);
  await writeFile(at('contents.json'), JSON.stringify(Object.fromEntries(served)));
  const stores = await startStores(at('contents.json'), LATENCY_MS);
  try {
    const nouns = await loadNouns('verify');
    const [store = ''] = stores.urls;
    const args = ['verify', '-f', at('list'), '--trust', at('trust'), '--store', store, '--allow-private-stores', '-q'];
    args.push('--concurrency', String(CONCURRENCY));
    const measure = async (): Promise<number> => {
      const started = performance.now();
      const status = await runProgram(nouns, args, new AbortController().signal);
      if (status !== 0) throw new Error(`signet verify ended with ${status}`);
      return (performance.now() - started) / 1000;
    };
    // Warmed up, so that what Node compiles first does not weigh on the first round.
    await measure();
    const seconds: number[] = [];
    for (let round = 0; round < ROUNDS[effort]; round++) seconds.push(await measure());
    return [
      {
        id: 'verify-many',
        name: `signet verify of ${PULLSPECS} pullspecs in one call, ${CONCURRENCY} at a time`,
        unit: 's',
        ours: median(seconds),
        beside: `${PULLSPECS} requests of ${LATENCY_MS} ms`,
        theirs: (PULLSPECS * LATENCY_MS) / CONCURRENCY / 1000,
        goal: { kind: 'at most', ratio: RATIO },
      },
    ];
  } finally {
    await stores.stop();
    await rm(scratch, { recursive: true });
  }
}
