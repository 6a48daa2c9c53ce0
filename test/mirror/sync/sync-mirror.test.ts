import { beforeAll, describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { type Digest, parseDigest, toKeySegment, toStoreSegment } from '../../../lib/base/names/digest.ts';
import { readAbsent } from '../../../lib/mirror/sync/absent-record.ts';
import { type SyncProgress, type SyncRequest, syncMirror } from '../../../lib/mirror/sync/sync-mirror.ts';
import { WriteThreadError } from '../../../lib/platform/objects/directory/write-thread.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import { type ReadyTrust, toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { toDigest } from '../../fixtures/make/payload.ts';
import { readFixtureTrust } from '../../support/fixture-releases.ts';
import { makeSigner, type Signer } from '../../support/make-signer.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';

const HOUR = 60 * 60 * 1000;
const NOW = new Date('2026-11-22T12:00:00Z');
const DIGESTS = Array.from({ length: 40 }, (_, index) => parseDigest(toDigest(`sync ${index}`)));
const keyOf = (digest: Digest): string => `absent/${toKeySegment(digest)}.json`;
const later = (hours: number): Date => new Date(NOW.getTime() + hours * HOUR);

let signer: Signer;
let second: Signer;
let trust: ReadyTrust;
beforeAll(async () => {
  [signer, second] = await Promise.all([makeSigner('release'), makeSigner('second')]);
  const { prepared } = await readFixtureTrust();
  trust = toReadyTrust({ ...prepared, keyrings: [signer.keyring] }, NOW);
});

function signed(digests: readonly Digest[]): Map<Digest, readonly Uint8Array[]> {
  return new Map(digests.map((digest) => [digest, [signer.sign(digest)]]));
}

function requestOf(objects: ObjectStore, upstream: SignatureStore, change: Partial<SyncRequest> = {}): SyncRequest {
  return {
    objects,
    trust,
    upstream,
    stores: [upstream.description],
    digests: DIGESTS,
    concurrency: 8,
    now: () => NOW,
    signal: new AbortController().signal,
    ...change,
  };
}

const readyAt = (now: Date): Pick<SyncRequest, 'now' | 'trust'> => ({
  now: () => now,
  trust: { ...trust, refreshedAt: now },
});

async function listMirrored(objects: ObjectStore): Promise<readonly string[]> {
  return (await Array.fromAsync(objects.listObjects('signatures/'))).map(({ key }) => key);
}

describe('a sync', () => {
  test('copies what is missing, says so on the way, and the next one has nothing to do', async () => {
    const objects = createMemoryObjectStore();
    const upstream = createMemorySignatureStore(signed(DIGESTS));
    const seen: SyncProgress[] = [];
    const onProgress = (progress: SyncProgress): void => void seen.push(progress);
    const result = await syncMirror(requestOf(objects, upstream, { onProgress }));
    expect(result).toMatchObject({ wanted: 40, held: 0, written: 40, outcomes: { complete: 40 }, failures: [] });
    expect(await listMirrored(objects)).toEqual(
      DIGESTS.map((digest) => `signatures/${toStoreSegment(digest)}/signature-1`).toSorted(),
    );
    expect(seen.map(({ done }) => done)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    const contacts = upstream.contacts.length;
    const reads = objects.reads.length;
    const refusing = { ...objects, createObject: () => Promise.reject(new Error('a PUT')) };
    expect(await syncMirror(requestOf(refusing, upstream))).toMatchObject({ held: 40, written: 0 });
    expect([upstream.contacts.length, objects.reads.length]).toEqual([contacts, reads]);
  });

  test('lets what is nowhere rest, longer each time, and asks again at once by other trust or of other stores', async () => {
    const objects = createMemoryObjectStore();
    const upstream = createMemorySignatureStore(new Map());
    const digests = DIGESTS.slice(0, 1);
    const [digest = DIGESTS[0]] = digests;
    if (digest === undefined) throw new Error('there is a digest');
    const run = async (hours: number, change: Partial<SyncRequest> = {}) =>
      await syncMirror(requestOf(objects, upstream, { digests, ...readyAt(later(hours)), ...change }));
    expect(await run(0)).toMatchObject({ outcomes: { absent: 1 }, absent: digests, failures: [] });
    const waits: number[] = [];
    let hours = 0;
    for (let times = 1; times <= 6; times += 1) {
      const stored = await readAbsent(objects, digest);
      expect(stored).toMatchObject({ times, outcome: 'absent' });
      const wait = (Date.parse(stored?.nextAt ?? '') - later(hours).getTime()) / HOUR;
      waits.push(wait);
      const contacts = upstream.contacts.length;
      expect(await run(hours + wait - 0.01)).toMatchObject({ resting: 1, outcomes: { absent: 0 } });
      expect(upstream.contacts.length).toBe(contacts);
      hours += wait;
      expect(await run(hours)).toMatchObject({ resting: 0, outcomes: { absent: 1 } });
    }
    expect(waits).toEqual([1, 4, 16, 64, 168, 168]);
    expect(await run(hours, { stores: ['another'] })).toMatchObject({ resting: 0 });
    const other = { ...trust, refreshedAt: later(hours), prepared: { ...trust.prepared, revision: 'f'.repeat(64) } };
    expect(await run(hours, { trust: other })).toMatchObject({ resting: 0 });
    expect((await readAbsent(objects, digest))?.times).toBe(1);
  });

  test('takes up what another sync left half done, also for a profile of two keyrings', async () => {
    const both = toReadyTrust({ ...trust.prepared, keyrings: [signer.keyring, second.keyring] }, NOW);
    const signatures = new Map(DIGESTS.map((digest) => [digest, [signer.sign(digest), second.sign(digest)]]));
    const objects = createMemoryObjectStore();
    const upstream = createMemorySignatureStore(signatures);
    let writes = 0;
    const dying = {
      ...objects,
      createObject: async (key: string, bytes: Uint8Array) => {
        writes += 1;
        if (writes > 33) throw new Error('killed');
        return await objects.createObject(key, bytes);
      },
    };
    await expect(syncMirror(requestOf(dying, upstream, { trust: both }))).rejects.toThrow('killed');
    expect(await syncMirror(requestOf(objects, upstream, { trust: both }))).toMatchObject({ failures: [] });
    expect(await listMirrored(objects)).toHaveLength(80);
    // A listing cannot tell which keyring a signature is for: what is held is read, and nobody is asked.
    const contacts = upstream.contacts.length;
    expect(await syncMirror(requestOf(objects, upstream, { trust: both }))).toMatchObject({
      written: 0,
      outcomes: { complete: 40 },
    });
    expect(upstream.contacts.length).toBe(contacts);
  });

  test('is not misled by two signatures of one keyring, nor by what lies behind a gap', async () => {
    const both = toReadyTrust({ ...trust.prepared, keyrings: [signer.keyring, second.keyring] }, NOW);
    const [one = parseDigest('')] = DIGESTS;
    const objects = createMemoryObjectStore();
    const digests = [one];
    const half = createMemorySignatureStore(new Map([[one, [signer.sign(one), signer.sign(one)]]]));
    const first = await syncMirror(requestOf(objects, half, { trust: both, digests }));
    expect(first).toMatchObject({ written: 2, outcomes: { incomplete: 1 } });
    const whole = createMemorySignatureStore(new Map([[one, [second.sign(one)]]]));
    const after = { ...readyAt(later(2)), trust: { ...both, refreshedAt: later(2) } };
    const then = await syncMirror(requestOf(objects, whole, { ...after, digests }));
    expect(then).toMatchObject({ written: 1, outcomes: { complete: 1 } });
    const gapped = createMemoryObjectStore([[`signatures/${toStoreSegment(one)}/signature-5`, Buffer.from('junk')]]);
    const upstream = createMemorySignatureStore(signed([one]));
    expect(await syncMirror(requestOf(gapped, upstream, { digests }))).toMatchObject({ held: 0, written: 1 });
  });

  test('goes on past what is no record of an absence, and past one that would have it rest for years', async () => {
    const [one = parseDigest('')] = DIGESTS;
    const digests = [one];
    const objects = createMemoryObjectStore();
    const nowhere = createMemorySignatureStore(new Map());
    await syncMirror(requestOf(objects, nowhere, { digests }));
    const stored = await objects.readObject(keyOf(one), 10_000);
    const text = Buffer.from(stored?.bytes ?? []).toString();
    for (const planted of ['{', text.replace(/"nextAt":"[^"]+"/, '"nextAt":"9999-01-01T00:00:00.000Z"')]) {
      const objectsWith = createMemoryObjectStore([[keyOf(one), Buffer.from(planted)]]);
      const upstream = createMemorySignatureStore(signed(digests));
      expect(await syncMirror(requestOf(objectsWith, upstream, { digests }))).toMatchObject({ resting: 0, written: 1 });
    }
    const insisted = requestOf(objects, createMemorySignatureStore(signed(digests)), { digests });
    expect(await syncMirror(insisted)).toMatchObject({ resting: 1 });
    expect(await syncMirror({ ...insisted, insisted: new Set(digests) })).toMatchObject({ resting: 0, written: 1 });
  });

  test('tries again while a store fails, and leaves to the next one what goes on failing', async () => {
    const objects = createMemoryObjectStore();
    const good = createMemorySignatureStore(signed(DIGESTS));
    const tried = new Map<Digest, number>();
    const [passing, broken] = DIGESTS;
    // The last one: it asks everybody for more patience than a sync has.
    const hurried = DIGESTS.at(-1);
    const upstream: SignatureStore = {
      description: good.description,
      async *fetchSignatures(query, signal) {
        const tries = (tried.get(query.digest) ?? 0) + 1;
        tried.set(query.digest, tries);
        const isDown = query.digest === broken || query.digest === hurried || (query.digest === passing && tries < 3);
        if (!isDown) {
          yield* good.fetchSignatures(query, signal);
          return;
        }
        const retryAfterSeconds = query.digest === hurried ? 3600 : undefined;
        const error = new StoreError('StatusUnexpected', 'HTTP status 503', { retryAfterSeconds });
        yield { kind: 'failed', store: 'memory', location: 'memory', error };
      },
    };
    const result = await syncMirror(requestOf(objects, upstream));
    expect(result).toMatchObject({ outcomes: { complete: 38, indeterminate: 2 }, written: 38 });
    expect(new Set(result.failures.map(({ digest }) => digest))).toEqual(new Set([broken, hurried]));
    // Who asks for an hour is not asked again in this sync.
    expect([passing, broken, hurried].map((digest) => digest && tried.get(digest))).toEqual([3, 3, 1]);
    expect(await syncMirror(requestOf(objects, good))).toMatchObject({ held: 38, written: 2, failures: [] });
  });

  test('ends where the thread that writes is lost: no digest is counted, and none is tried again', async () => {
    const lost = new WriteThreadError('ended with status 3');
    let creates = 0;
    const createObject = (): Promise<never> => {
      creates += 1;
      return Promise.reject(lost);
    };
    const upstream = createMemorySignatureStore(signed(DIGESTS));
    const objects = { ...createMemoryObjectStore(), createObject };
    await expect(syncMirror(requestOf(objects, upstream))).rejects.toBe(lost);
    expect(creates).toBeLessThanOrEqual(16);
  });

  test('goes on when the mirror fails for one digest, and counts it', async () => {
    const objects = createMemoryObjectStore();
    const refused = `signatures/${toStoreSegment(DIGESTS[3] ?? parseDigest(''))}`;
    const failing = {
      ...objects,
      createObject: async (key: string, bytes: Uint8Array) => {
        if (key.startsWith(refused)) throw new StoreError('ConnectionFailed', 'the bucket is away');
        return await objects.createObject(key, bytes);
      },
    };
    const result = await syncMirror(requestOf(failing, createMemorySignatureStore(signed(DIGESTS))));
    expect(result).toMatchObject({ outcomes: { complete: 39, failed: 1 }, failures: [{ outcome: 'failed' }] });
  });

  test('writes nothing that does not verify', async () => {
    const objects = createMemoryObjectStore();
    const junk = new Map(DIGESTS.map((digest) => [digest, [Buffer.from('junk'), second.sign(digest)]]));
    expect(await syncMirror(requestOf(objects, createMemorySignatureStore(junk)))).toMatchObject({
      written: 0,
      outcomes: { incomplete: 40 },
    });
    expect(await listMirrored(objects)).toEqual([]);
  });

  test('ends when it is told to', async () => {
    const controller = new AbortController();
    const onProgress = (): void => controller.abort(new Error('enough'));
    const upstream = createMemorySignatureStore(signed(DIGESTS));
    const request = requestOf(createMemoryObjectStore(), upstream, { signal: controller.signal, onProgress });
    await expect(syncMirror(request)).rejects.toThrow('enough');
  });
});
