import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseDigest, toStoreSegment } from '../../../../lib/base/names/digest.ts';
import { judgeStored } from '../../../../lib/mirror/slots/release-slots.ts';
import { createDirectoryObjectStore } from '../../../../lib/platform/objects/directory/directory-object-store.ts';
import { MAX_SIGNATURE_BYTES } from '../../../../lib/stores/port/signature-store.ts';
import { prepareTrust } from '../../../../lib/trust/prepare/prepare-trust.ts';
import { toReadyTrust } from '../../../../lib/trust/source/trust-source.ts';
import { RELEASE_REPOSITORY, toDigest } from '../../../fixtures/make/payload.ts';
import { runSync, type SyncPlaces, toGraphText } from '../../../mirror/processes/run-sync.ts';
import { makeSigningProfile, writeTrustDirectory } from '../../../mirror/processes/signing-profile.ts';
import { type RunningStores, startStores } from '../../../mirror/processes/start-stores.ts';
import { reframeMessage } from '../../../support/reframe-message.ts';

const DIGESTS = Array.from({ length: 2000 }, (_, index) => parseDigest(toDigest(`killed ${index}`)));
const KILLS = 10;
/** Signatures that a digest's walk takes: the first, the same in another framing, the second. */
const REQUESTS = 3 * DIGESTS.length;
const TIMEOUT_MS = 300_000;

let scratch = '';
let places: SyncPlaces;
let stores: RunningStores;
const profile = makeSigningProfile(2);

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'sync-kill-'));
  const [trust, to, graph, contents] = ['trust', 'mirror', 'graph.json', 'contents.json'].map((name) =>
    path.join(scratch, name),
  ) as [string, string, string, string];
  await writeTrustDirectory(trust, profile);
  await writeFile(graph, toGraphText(DIGESTS, RELEASE_REPOSITORY));
  const served = DIGESTS.map((digest) => {
    const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = profile.signers.map((sign) => sign(digest));
    const signatures = [first, reframeMessage(first, 1), second];
    return [toStoreSegment(digest), { signatures: signatures.map((bytes) => bytes.toString('base64')) }];
  });
  await writeFile(contents, JSON.stringify(Object.fromEntries(served)));
  stores = await startStores(contents, 1);
  places = { trust, to, graph, store: stores.urls[0] ?? '' };
}, TIMEOUT_MS);

afterAll(async () => {
  await stores.stop();
  await rm(scratch, { recursive: true, force: true });
});

/** Resolves when the store has answered so many requests more. */
async function untilAsked(count: number, isOver: () => boolean): Promise<void> {
  const { requests } = await stores.readCounts();
  while (!isOver() && (await stores.readCounts()).requests < requests + count) await delay(3);
}

test(
  'killed ten times while it writes, the next run completes a mirror that holds each signature once',
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    const points: number[] = [];
    for (let round = 0; round < KILLS; round += 1) {
      // Anywhere in what a tenth of the whole takes, so that there is something left to do after the last kill.
      const point = 1 + Math.floor((Math.random() * REQUESTS) / (KILLS + 2));
      points.push(point);
      let isOver = false;
      const run = await runSync(places, { killed: untilAsked(point, () => isOver) });
      isOver = true;
      expect([round, run.signal, run.errors]).toEqual([round, 'SIGKILL', '']);
    }
    const { status, summary, errors } = await runSync(places);
    const about = `killed after ${points.join(', ')} requests`;
    expect([status, summary?.failures, errors], about).toEqual([0, [], '']);
    expect(summary?.wanted).toBe(DIGESTS.length);
    // Otherwise nothing was killed half way.
    expect(summary?.written, about).toBeGreaterThan(0);
    expect(summary?.written, about).toBeLessThan(2 * DIGESTS.length);
    await checkMirror();
    const { requests } = await stores.readCounts();
    expect(await runSync(places)).toMatchObject({ status: 0, summary: { written: 0, failures: [] } });
    expect((await stores.readCounts()).requests).toBe(requests);
  },
);

/** Every signature is read back: each verifies, none is there twice, indexes have no gap, nothing else is there. */
async function checkMirror(): Promise<void> {
  const file = path.join(places.trust, 'ocp', 'release-verification.json');
  const now = new Date();
  const documents = [{ name: 'release-verification.json', bytes: await readFile(file) }];
  const trust = toReadyTrust(await prepareTrust('ocp', documents), now);
  const objects = createDirectoryObjectStore(places.to);
  const listed = (await Array.fromAsync(objects.listObjects('signatures/'))).map(({ key }) => key);
  const expected = DIGESTS.flatMap((digest) =>
    [1, 2].map((n) => `signatures/${toStoreSegment(digest)}/signature-${n}`),
  );
  expect(listed).toEqual(expected.toSorted());
  for (const digest of DIGESTS) {
    const identities = new Set<string>();
    const keyrings = new Set<string>();
    for (const index of [1, 2]) {
      const key = `signatures/${toStoreSegment(digest)}/signature-${index}`;
      const stored = await objects.readObject(key, MAX_SIGNATURE_BYTES);
      const bytes = stored?.bytes ?? new Uint8Array();
      const { verified } = judgeStored({ objects, digest, trust, now }, index, bytes);
      expect(verified.length, key).toBe(1);
      for (const { identity, keyring } of verified) {
        identities.add(identity);
        keyrings.add(keyring);
      }
    }
    expect([digest, identities.size, keyrings.size]).toEqual([digest, 2, 2]);
  }
}
