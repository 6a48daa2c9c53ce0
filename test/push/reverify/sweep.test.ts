import * as v from 'valibot';
import { beforeAll, describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { type Digest, parseDigest, toStoreSegment } from '../../../lib/base/names/digest.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { toKeyDays } from '../../../lib/push/reverify/read-trusts.ts';
import { SETTLE_MS } from '../../../lib/push/reverify/sweep-state.ts';
import { type SweepRequest, sweep } from '../../../lib/push/reverify/sweep.ts';
import { QueuedMessageSchema } from '../../../lib/push/verify/queued-message.ts';
import { verifyPushed } from '../../../lib/push/verify/verify-pushed.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { notePublication } from '../../../lib/trust/publish/publications.ts';
import { createTrustSource, toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { createAcceptances, listAccepted } from '../../../lib/verdict/records/list-accepted.ts';
import { toDigest } from '../../fixtures/make/payload.ts';
import { readFixtureDocuments } from '../../support/fixture-releases.ts';
import { makeSigner, type Signer } from '../../support/make-signer.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { createMemoryQueue, type MemoryQueue } from '../../support/memory-queue.ts';
import { listKeys, publishKeyrings, pushOf, setUpPushes } from '../verify/push-setup.ts';

const STATE_KEY = 'reverify/state.json';
const SEEN_KEY = 'reverify/publications.json';
const DAY = 24 * 60 * 60 * 1000;
const NOW = new Date('2026-11-22T12:00:00Z');
const DIGESTS = Array.from({ length: 12 }, (_, index) => parseDigest(toDigest(`reverify ${index}`)));

let signer: Signer;
let other: Signer;
beforeAll(async () => {
  [signer, other] = await Promise.all([makeSigner('release'), makeSigner('other')]);
});

async function requestOf(
  objects: ObjectStore,
  now: Date = NOW,
): Promise<SweepRequest & { readonly pushQueue: MemoryQueue }> {
  return {
    objects,
    profiles: ['ocp'],
    trusts: [await createTrustSource(objects, ['ocp'], () => now, 0).read()],
    pushQueue: createMemoryQueue(),
    invalidation: undefined,
    now: () => now,
    isTimeUp: () => false,
    signal: new AbortController().signal,
  };
}

/** Digests that were pushed, accepted and mirrored by the first signer. */
async function makeAccepted(digests: readonly Digest[] = DIGESTS): Promise<ObjectStore> {
  const objects = createMemoryObjectStore();
  await publishKeyrings(objects, [signer.keyring]);
  const signatures = new Map(digests.map((digest) => [digest, [signer.sign(digest)]]));
  const { dependencies } = setUpPushes({ objects, signatures, now: NOW });
  for (const digest of digests) {
    expect(await verifyPushed(pushOf({ digest }), dependencies, false, AbortSignal.timeout(60_000))).toMatchObject({
      kind: 'decided',
    });
    const [bytes = Buffer.alloc(0)] = signatures.get(digest) ?? [];
    await objects.createObject(`signatures/${toStoreSegment(digest)}/signature-1`, bytes);
  }
  return objects;
}

function count(objects: ObjectStore) {
  const done = { reads: 0, writes: 0, listings: 0 };
  const note = (kind: keyof typeof done): ObjectStore => {
    done[kind] += 1;
    return objects;
  };
  const counted: ObjectStore = {
    ...objects,
    readObject: (...args) => note('reads').readObject(...args),
    createObject: (...args) => note('writes').createObject(...args),
    replaceObject: (...args) => note('writes').replaceObject(...args),
    deleteObject: (...args) => note('writes').deleteObject(...args),
    listObjects: (...args) => note('listings').listObjects(...args),
  };
  return { counted, done };
}

describe('a sweep', () => {
  test('after a key was revoked: accepted releases become changed verdicts, and their signatures are quarantined', async () => {
    const objects = await makeAccepted();
    await sweep(await requestOf(objects));
    const keys = signer.keyring.certificates.map((certificate) => ({
      ...certificate,
      keys: certificate.keys.map((key) => ({ ...key, revoked: 'key was revoked' })),
    }));
    await publishKeyrings(objects, [{ ...signer.keyring, certificates: keys }], 'revoked');
    const request = await requestOf(objects);
    expect(await sweep(request)).toMatchObject({
      kind: 'swept',
      queued: DIGESTS.length,
      audited: DIGESTS.length,
      quarantined: DIGESTS.length,
      finished: true,
    });
    const signatures = new Map(DIGESTS.map((digest) => [digest, [signer.sign(digest)]]));
    const { dependencies, bus } = setUpPushes({ objects, signatures, now: NOW });
    for (const body of request.pushQueue.sent) {
      const message = v.parse(QueuedMessageSchema, JSON.parse(body));
      expect(await verifyPushed(message, dependencies, false, AbortSignal.timeout(60_000))).toMatchObject({
        changed: true,
      });
    }
    const changed = bus.events.filter(({ detailType }) => detailType === 'Signet Verdict Changed');
    expect(changed).toHaveLength(DIGESTS.length);
    expect(changed[0]).toMatchObject({
      detail: { outcome: 'rejected', reasons: [{ code: 'KeyRevoked' }], previous: { outcome: 'accepted' } },
    });
    expect(await listKeys(objects, 'signatures/')).toEqual([]);
    expect(await listKeys(objects, 'quarantine/')).toHaveLength(DIGESTS.length);
  });

  test('goes on past an object that nobody can read, says so until it is gone, and looks again after a day', async () => {
    const objects = await makeAccepted();
    await sweep(await requestOf(objects));
    await publishKeyrings(objects, [other.keyring], 'other');
    const [hidden] = (await listKeys(objects, 'signatures/')).toSorted();
    let isHidden = true;
    const store: ObjectStore = {
      ...objects,
      readObject: async (key, limit) => {
        if (isHidden && key === hidden) throw new StoreError('NotAllowed', 'reading it failed: 403 AccessDenied');
        return await objects.readObject(key, limit);
      },
    };
    const said = { unaudited: { count: 1, first: expect.stringContaining('403 AccessDenied') as string } };
    const swept = await sweep(await requestOf(store));
    expect(swept).toMatchObject({ kind: 'swept', quarantined: DIGESTS.length - 1, finished: true, ...said });
    expect(await listKeys(objects, 'signatures/')).toEqual([hidden]);
    expect(await sweep(await requestOf(store))).toMatchObject({ kind: 'idle', ...said });
    const settled = await sweep(await requestOf(store, new Date(NOW.getTime() + SETTLE_MS)));
    expect(settled).toMatchObject({ kind: 'swept', ...said });
    isHidden = false;
    const later = await requestOf(store, new Date(NOW.getTime() + 2 * DAY));
    expect(await sweep(later)).toMatchObject({ queued: 0, finished: true, unaudited: undefined });
    expect(await listKeys(objects, 'signatures/')).toEqual([]);
  });

  test('is idle when nothing changed: it lists what was published, and writes nothing', async () => {
    const objects = await makeAccepted();
    await sweep(await requestOf(objects));
    const { counted, done } = count(objects);
    const request = await requestOf(counted);
    expect(await sweep(request)).toMatchObject({ kind: 'idle', queued: 0 });
    expect([done.writes, done.listings, request.pushQueue.sent]).toEqual([0, 1, []]);
  });

  test('starts again after a week, and by the same trust changes nothing', async () => {
    const objects = await makeAccepted();
    await sweep(await requestOf(objects));
    const request = await requestOf(objects, new Date(NOW.getTime() + 7 * DAY));
    expect(await sweep(request)).toMatchObject({ kind: 'swept', queued: DIGESTS.length, quarantined: 0 });
  });

  test.each<[name: string, planted: string | Buffer, code: string]>([
    ['nothing', '', 'RevisionInvalid'],
    ['no JSON', 'junk', 'RevisionInvalid'],
    ['no UTF-8', Buffer.from([0xff]), 'RevisionInvalid'],
    ['a list', '[]', 'RevisionInvalid'],
    ['a state that lacks members', '{"schema":2,"phase":"done"}', 'RevisionInvalid'],
    ['a state of a version to come', '{"schema":99}', 'SchemaUnsupported'],
  ])('goes over everything anew where its state is %s, and says so once', async (_, planted, code) => {
    const objects = await makeAccepted();
    await sweep(await requestOf(objects));
    const { etag } = (await objects.readObject(STATE_KEY, 1e5)) ?? {};
    expect(await objects.replaceObject(STATE_KEY, Buffer.from(planted), etag)).toBe(true);
    const request = await requestOf(objects);
    const swept = await sweep(request);
    expect(swept).toMatchObject({ kind: 'swept', queued: DIGESTS.length, quarantined: 0, finished: true });
    expect(swept.fault).toMatchObject({ name: 'ConfigurationError', code });
    expect(await sweep(await requestOf(objects))).toMatchObject({ kind: 'idle', fault: undefined });
  });

  test('does not go on where what lies there cannot be replaced: it is longer than any state', async () => {
    const objects = await makeAccepted();
    await objects.createObject(STATE_KEY, Buffer.alloc(65 * 1024));
    const request = await requestOf(objects);
    await expect(sweep(request)).rejects.toMatchObject({ name: 'StoreError', code: 'LimitExceeded' });
    expect(request.pushQueue.sent).toEqual([]);
  });

  test('ends when its time is up, and the next run goes on where it ended', async () => {
    const objects = await makeAccepted();
    for (let index = 0; index < 450; index += 1) {
      await createAcceptances(objects).note('ocp', index.toString(16).padStart(64, '0'), NOW);
    }
    const queued: string[] = [];
    let runs = 0;
    for (let isFinished = false; !isFinished; runs += 1) {
      const request = { ...(await requestOf(objects)), isTimeUp: () => true };
      const result = await sweep(request);
      queued.push(...request.pushQueue.sent);
      isFinished = result.finished;
      expect(runs).toBeLessThan(10);
    }
    const ids = queued.map((body) => (JSON.parse(body) as { recordId: string }).recordId);
    expect([ids.length, new Set(ids).size]).toEqual([450 + DIGESTS.length, 450 + DIGESTS.length]);
    expect(runs).toBeGreaterThan(3);
  });

  test.each([0, 1, 2, 3, 4, 5, 6])('killed before write %d, it is taken up again after its lease', async (limit) => {
    const objects = await makeAccepted();
    let writes = 0;
    const dying: ObjectStore = {
      ...objects,
      replaceObject: async (...args) => {
        writes += 1;
        if (writes > limit) throw new Error('killed');
        return await objects.replaceObject(...args);
      },
    };
    const first = await requestOf(dying);
    const isKilled = await sweep(first).then(
      () => false,
      () => true,
    );
    const soon = await requestOf(objects);
    const second = await sweep(soon);
    const late = await requestOf(objects, new Date(NOW.getTime() + 10 * 60 * 1000));
    const third = await sweep(late);
    if (isKilled && limit > 0) expect(second.kind).toBe('busy');
    expect([second, third].some(({ finished }) => finished) || !isKilled).toBe(true);
    const all = [...first.pushQueue.sent, ...soon.pushQueue.sent, ...late.pushQueue.sent];
    expect(new Set(all).size).toBe(DIGESTS.length);
  });

  test('lists what was accepted once, however many slices that has', async () => {
    const objects = await makeAccepted([]);
    const listings = async (accepted: number): Promise<number> => {
      const { counted, done } = count(objects);
      const prefix = `accepted/ocp/${new Date(Math.floor(NOW.getTime() / DAY / 7) * 7 * DAY).toISOString().slice(0, 10)}/`;
      for (let index = 0; index < accepted; index += 1) {
        await objects.createObject(`${prefix}${toDigest(`record ${index}`).slice('sha256:'.length)}`, new Uint8Array());
      }
      await objects.deleteObject(STATE_KEY);
      const request = await requestOf(counted);
      expect(await sweep(request)).toMatchObject({ queued: accepted, finished: true });
      expect(new Set(request.pushQueue.sent).size).toBe(accepted);
      return done.listings;
    };
    const few = await listings(10);
    expect(few).toBeGreaterThan(0);
    expect(await listings(1000)).toBe(few);
  });

  test('is not done twice at a time', async () => {
    const objects = await makeAccepted();
    const requests = await Promise.all([requestOf(objects), requestOf(objects), requestOf(objects)]);
    const results = await Promise.all(requests.map((request) => sweep(request)));
    expect(results.filter(({ kind }) => kind === 'swept')).toHaveLength(1);
    expect(requests.flatMap(({ pushQueue }) => pushQueue.sent)).toHaveLength(DIGESTS.length);
  });

  test('condemns nothing while a profile’s trust cannot be read, and queues the records of the others', async () => {
    const objects = await makeAccepted();
    await publishKeyrings(objects, [other.keyring], 'second');
    const request = { ...(await requestOf(objects)), profiles: ['ocp', 'okd'] };
    expect(await sweep(request)).toMatchObject({ queued: DIGESTS.length, audited: 0, quarantined: 0, finished: false });
    const whole = await requestOf(objects);
    expect(await sweep(whole)).toMatchObject({ quarantined: DIGESTS.length, finished: true });
  });

  test('sweeps changed trust once more when it has settled: what was accepted by the old one meanwhile is asked again', async () => {
    const objects = await makeAccepted();
    await sweep(await requestOf(objects));
    await createAcceptances(objects).note('ocp', 'f'.repeat(64), NOW);
    expect(await sweep(await requestOf(objects, new Date(NOW.getTime() + SETTLE_MS - 1)))).toMatchObject({
      kind: 'idle',
    });
    const settled = await requestOf(objects, new Date(NOW.getTime() + SETTLE_MS));
    expect(await sweep(settled)).toMatchObject({ kind: 'swept', queued: DIGESTS.length + 1 });
    const after = await requestOf(objects, new Date(NOW.getTime() + 2 * SETTLE_MS));
    expect(await sweep(after)).toMatchObject({ kind: 'idle' });
  });

  test('asks again what was accepted by trust that was published and taken back between two runs', async () => {
    const objects = await makeAccepted();
    await sweep(await requestOf(objects));
    await publishKeyrings(objects, [other.keyring], 'second');
    await createAcceptances(objects).note('ocp', 'f'.repeat(64), NOW);
    await publishKeyrings(objects, [signer.keyring]);
    const request = await requestOf(objects);
    expect(await sweep(request)).toMatchObject({ kind: 'swept', queued: DIGESTS.length + 1, quarantined: 0 });
    expect(await sweep(await requestOf(objects))).toMatchObject({ kind: 'idle' });
    // A verifier may have gone on by the trust that was taken back.
    const settled = await requestOf(objects, new Date(NOW.getTime() + SETTLE_MS));
    expect(await sweep(settled)).toMatchObject({ kind: 'swept', queued: DIGESTS.length + 1 });
  });

  test.each<[name: string, fail: 'state' | 'publications']>([
    ['its state was written', 'state'],
    ['what was published was noted', 'publications'],
  ])('sees what was published in between although a run died before %s', async (_, fail) => {
    const objects = await makeAccepted();
    await sweep(await requestOf(objects));
    await publishKeyrings(objects, [other.keyring], 'second');
    await publishKeyrings(objects, [signer.keyring]);
    const dying: ObjectStore = {
      ...objects,
      replaceObject: async (key, ...rest) => {
        if (key.includes(fail)) throw new Error('killed');
        return await objects.replaceObject(key, ...rest);
      },
    };
    await expect(sweep(await requestOf(dying))).rejects.toThrow('killed');
    const later = await requestOf(objects, new Date(NOW.getTime() + 10 * 60 * 1000));
    expect(await sweep(later)).toMatchObject({ kind: 'swept', queued: DIGESTS.length });
  });

  test('sees a publication by a clock that is behind, too', async () => {
    const objects = await makeAccepted();
    await sweep(await requestOf(objects));
    const revision = await publishKeyrings(objects, [signer.keyring]);
    await notePublication(objects, 'ocp', revision, new Date(NOW.getTime() - DAY));
    expect(await sweep(await requestOf(objects))).toMatchObject({ kind: 'swept', queued: DIGESTS.length });
  });

  test.each([
    ['none, as an earlier version leaves it', undefined],
    ['no JSON', 'junk'],
    ['a version to come', '{"schema":2}'],
  ])('goes over everything once where what it saw published is %s', async (_, planted) => {
    const objects = await makeAccepted();
    await sweep(await requestOf(objects));
    await objects.deleteObject(SEEN_KEY);
    if (planted !== undefined) await objects.createObject(SEEN_KEY, Buffer.from(planted));
    expect(await sweep(await requestOf(objects))).toMatchObject({ kind: 'swept', queued: DIGESTS.length });
    expect(await sweep(await requestOf(objects))).toMatchObject({ kind: 'idle' });
  });

  test.each<[name: string, plant: (objects: ObjectStore) => Promise<ObjectStore>]>([
    [
      'too long',
      async (objects) => {
        await objects.createObject(SEEN_KEY, Buffer.alloc(64 * 1024 + 1, 'a'));
        return objects;
      },
    ],
    [
      'not to be read',
      async (objects) => ({
        ...objects,
        readObject: async (key, limit) => {
          if (key === SEEN_KEY) throw new StoreError('NotAllowed', 'encrypted with another key');
          return await objects.readObject(key, limit);
        },
      }),
    ],
  ])('goes on by revisions, and says so, where what it saw published is %s', async (_, plant) => {
    const objects = await makeAccepted();
    await sweep(await requestOf(objects));
    await objects.deleteObject(SEEN_KEY);
    const planted = await plant(objects);
    expect(await sweep(await requestOf(planted))).toMatchObject({ kind: 'idle', fault: { name: 'StoreError' } });
    await publishKeyrings(objects, [other.keyring], 'second');
    const changed = await sweep(await requestOf(planted));
    expect(changed).toMatchObject({ kind: 'swept', queued: DIGESTS.length, fault: { name: 'StoreError' } });
  });

  test('leaves what was published of a profile that cannot be read to the run that can', async () => {
    const objects = await makeAccepted();
    await sweep(await requestOf(objects));
    await publishKeyrings(objects, [other.keyring], 'second');
    await publishKeyrings(objects, [signer.keyring]);
    expect(await sweep({ ...(await requestOf(objects)), trusts: [] })).toMatchObject({ kind: 'idle' });
    expect(await sweep(await requestOf(objects))).toMatchObject({ kind: 'swept', queued: DIGESTS.length });
  });

  test('leaves the CDN its time, and goes on in the next run', async () => {
    const objects = await makeAccepted();
    await publishKeyrings(objects, [other.keyring], 'second');
    const busy = { invalidate: () => Promise.reject(new StoreError('Unavailable', 'TooManyInvalidationsInProgress')) };
    const request = { ...(await requestOf(objects)), invalidation: busy };
    expect(await sweep(request)).toMatchObject({ kind: 'swept', finished: false });
    const told: string[] = [];
    const invalidation = {
      invalidate: async (paths: readonly string[]) => {
        told.push(...paths);
      },
    };
    expect(await sweep({ ...(await requestOf(objects)), invalidation })).toMatchObject({ finished: true });
    expect(told).toContain('/signatures/*');
  });

  test('does not go on when the queue takes nothing', async () => {
    const objects = await makeAccepted();
    const pushQueue = createMemoryQueue({ failure: new StoreError('ConnectionFailed', 'no queue') });
    await expect(sweep({ ...(await requestOf(objects)), pushQueue })).rejects.toThrow('no queue');
    const later = await requestOf(objects, new Date(NOW.getTime() + 10 * 60 * 1000));
    expect(await sweep(later)).toMatchObject({ kind: 'swept', queued: DIGESTS.length });
  });
});

describe('what was accepted lately', () => {
  const id = (text: string): string => text.repeat(64);

  test('is each record once, sorted, of 90 days and whole weeks', async () => {
    const objects = createMemoryObjectStore();
    const note = (record: string, daysAgo: number): Promise<void> =>
      createAcceptances(objects).note('ocp', record, new Date(NOW.getTime() - daysAgo * DAY));
    await note(id('b'), 0);
    await note(id('a'), 89);
    await note(id('b'), 30);
    await note(id('b'), 60);
    await note(id('c'), 10);
    await note(id('d'), 110);
    await createAcceptances(objects).note('okd', id('e'), NOW);
    const thisWeek = 'accepted/ocp/2026-11-19/';
    expect(await listKeys(objects, thisWeek)).toEqual([`${thisWeek}${id('b')}`]);
    await objects.createObject(`${thisWeek}not-an-id`, new Uint8Array());
    const query = { profile: 'ocp', now: NOW, days: 90 };
    expect(await Array.fromAsync(listAccepted(objects, query))).toEqual([id('a'), id('b'), id('c')]);
    expect(await Array.fromAsync(listAccepted(objects, { ...query, after: id('a') }))).toEqual([id('b'), id('c')]);
    expect(await Array.fromAsync(listAccepted(objects, { ...query, after: id('c') }))).toEqual([]);
  });

  test('is noted once a week, and not written again by a process that knows', async () => {
    const { counted, done } = count(createMemoryObjectStore());
    const acceptances = createAcceptances(counted);
    for (let index = 0; index < 5; index += 1) await acceptances.note('ocp', id('a'), NOW);
    await acceptances.note('ocp', id('a'), new Date(NOW.getTime() + 7 * DAY));
    expect(done.writes).toBe(2);
  });
});

describe('the days until a keyring has no key left', () => {
  const keysOf = (...expiries: (number | undefined | 'revoked')[]) => {
    const [certificate] = signer.keyring.certificates;
    const [key] = certificate?.keys ?? [];
    if (certificate === undefined || key === undefined) throw new Error('the signer has no key');
    const { expiresAt: _, ...endless } = key;
    const keys = expiries.map((days) =>
      days === 'revoked'
        ? { ...endless, revoked: 'revoked' }
        : days === undefined
          ? endless
          : { ...endless, expiresAt: Math.floor(NOW.getTime() / 1000) + days * 86_400 },
    );
    const keyring = { ...signer.keyring, certificates: [{ ...certificate, keys }] };
    return { keyring };
  };
  test.each([
    ['one that expires', [[30]], 30],
    ['the later of two', [[30, 50]], 50],
    ['one that never does beside it', [[30, undefined]], undefined],
    ['the sooner of two keyrings', [[90], [61]], 61],
    ['one that has', [[-2]], -2],
    ['none but a revoked one', [['revoked']], -1],
    ['no keyring', [], undefined],
  ] as const)('%s', async (_, keyrings, expected) => {
    const { prepared } = toReadyTrust(await prepareTrust('ocp', readFixtureDocuments()), NOW);
    const trust = { prepared: { ...prepared, keyrings: keyrings.map((days) => keysOf(...days).keyring) } };
    expect(toKeyDays([trust], NOW)).toBe(expected);
  });
});
