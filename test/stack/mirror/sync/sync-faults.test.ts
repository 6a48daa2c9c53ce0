import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Digest, parseDigest, toStoreSegment } from '../../../../lib/base/names/digest.ts';
import { MAX_TRIES } from '../../../../lib/mirror/sync/sync-mirror.ts';
import { createDirectoryObjectStore } from '../../../../lib/platform/objects/directory/directory-object-store.ts';
import { RELEASE_REPOSITORY, toDigest } from '../../../fixtures/make/payload.ts';
import { runSync, type SyncPlaces, toGraphText } from '../../../mirror/processes/run-sync.ts';
import { makeSigningProfile, writeTrustDirectory } from '../../../mirror/processes/signing-profile.ts';
import { type RunningStores, startStores } from '../../../mirror/processes/start-stores.ts';
import type { Fault } from '../../../mirror/processes/store-contents.ts';

const DIGESTS = Array.from({ length: 400 }, (_, index) => parseDigest(toDigest(`faulty ${index}`)));
const TIMEOUT_MS = 180_000;

/** Of a hundred digests, how many begin with which fault, and what the summary says of it. */
const FAULTS: readonly { readonly kind: Fault; readonly percent: number; readonly said: RegExp }[] = [
  { kind: 'status', percent: 10, said: /HTTP status 500/ },
  { kind: 'hang', percent: 5, said: /no complete answer within|not read to its end within/ },
  { kind: 'truncated', percent: 2, said: /aborted|connection|truncated|ECONNRESET/i },
  { kind: 'oversize', percent: 1, said: /at most 51200 are read|more than 51200 bytes/ },
  { kind: 'page', percent: 1, said: /a page of HTML or JSON/ },
];

/** One of two passes while the first sync still tries; the other outlasts all its tries, and ends before the next. */
function timesOf(index: number): number {
  return Math.floor(index / 100) % 2 === 0 ? 1 : MAX_TRIES;
}

function faultOf(index: number): Fault | undefined {
  let from = 0;
  for (const { kind, percent } of FAULTS) {
    if (index % 100 >= from && index % 100 < from + percent) return kind;
    from += percent;
  }
  return undefined;
}

let scratch = '';
let places: SyncPlaces;
let stores: RunningStores;

beforeAll(async () => {
  const profile = makeSigningProfile(1);
  scratch = await mkdtemp(path.join(tmpdir(), 'sync-faults-'));
  const [trust, to, graph, contents] = ['trust', 'mirror', 'graph.json', 'contents.json'].map((name) =>
    path.join(scratch, name),
  ) as [string, string, string, string];
  await writeTrustDirectory(trust, profile);
  await writeFile(graph, toGraphText(DIGESTS, RELEASE_REPOSITORY));
  const served = DIGESTS.map((digest, index) => {
    const signatures = profile.signers.map((sign) => sign(digest).toString('base64'));
    const kind = faultOf(index);
    const fault = kind === undefined ? {} : { fault: { kind, times: timesOf(index) } };
    return [toStoreSegment(digest), { signatures, ...fault }];
  });
  await writeFile(contents, JSON.stringify(Object.fromEntries(served)));
  stores = await startStores(contents, 1);
  places = { trust, to, graph, store: stores.urls[0] ?? '' };
});

afterAll(async () => {
  await stores.stop();
  await rm(scratch, { recursive: true, force: true });
});

test(
  'a sync from a store that fails now and then ends, counts what is left, and the next one completes',
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    const lasting = DIGESTS.filter((_, index) => faultOf(index) !== undefined && timesOf(index) === MAX_TRIES);
    const first = await runSync(places);
    expect([first.status, first.errors]).toEqual([3, '']);
    const { outcomes, written, failures = [] } = first.summary ?? {};
    expect(outcomes).toEqual({
      complete: DIGESTS.length - lasting.length,
      incomplete: 0,
      absent: 0,
      indeterminate: lasting.length,
      skipped: 0,
      failed: 0,
    });
    expect(written).toBe(DIGESTS.length - lasting.length);
    expect(failures.map(({ digest }) => digest).toSorted()).toEqual(lasting.toSorted());
    for (const { digest, reasons } of failures) {
      const said = FAULTS.find(({ kind }) => kind === faultOf(DIGESTS.indexOf(digest)))?.said ?? /^$/;
      expect(reasons.map(({ message }) => message).join('\n')).toMatch(said);
    }
    // Every fault came: once where it passes, and at every try where it lasts.
    const faulty = DIGESTS.flatMap((_, index) => (faultOf(index) === undefined ? [] : [timesOf(index)]));
    expect((await stores.readCounts()).faults).toBe(faulty.reduce((sum, times) => sum + times, 0));

    const second = await runSync(places);
    expect([second.status, second.summary?.failures]).toEqual([0, []]);
    expect(second.summary).toMatchObject({ held: DIGESTS.length - lasting.length, written: lasting.length });
    expect(await listMirrored()).toEqual(DIGESTS.map(toKey).toSorted());
  },
);

const toKey = (digest: Digest): string => `signatures/${toStoreSegment(digest)}/signature-1`;

async function listMirrored(): Promise<readonly string[]> {
  const objects = createDirectoryObjectStore(places.to);
  return (await Array.fromAsync(objects.listObjects('signatures/'))).map(({ key }) => key);
}
