import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import {
  bundleArchiveKey,
  type ExportMessage,
  readBundleState,
  replaceBundleState,
} from '../../../lib/bundle/service/bundle-state.ts';
import { type ExportDependencies, exportBundle } from '../../../lib/bundle/service/export-bundle.ts';
import { makeBundle as makeStoredBundle } from '../../../lib/bundle/service/make-bundle.ts';
import { requestBundle } from '../../../lib/bundle/service/request-bundle.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { trustSourceKey } from '../../../lib/trust/prepared/trust-document.ts';
import { publishTrust } from '../../../lib/trust/publish/publish-trust.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import {
  type BundleSigner,
  createScratch,
  digestOf,
  importInto,
  keyOf,
  makeBundle,
  makeBundleSigner,
  NOW,
  SIGNAL,
} from '../bundle-setup.ts';
import {
  createFuse,
  Killed,
  lastMessage,
  makeObjects,
  readArchive,
  readBundles,
  setUpExports,
} from './export-setup.ts';

const ID = '0'.repeat(32);
const ANY = { profile: undefined, since: undefined };
const TRY = { isLastTry: false, signal: SIGNAL };
const LAST = { isLastTry: true, signal: SIGNAL };
const path = createScratch('signet-export-');
let signer: BundleSigner;
let objects: ObjectStore;
beforeAll(async () => {
  signer = await makeBundleSigner();
});
beforeEach(async () => {
  objects = await makeObjects(signer);
});

async function ask(store: ObjectStore, since?: string): Promise<ExportMessage> {
  const { dependencies, exportQueue } = setUpExports(store);
  await requestBundle({ ...ANY, since }, dependencies);
  return lastMessage(exportQueue.sent);
}

const run = (store: ObjectStore, message: ExportMessage, how = TRY, change: Partial<ExportDependencies> = {}) =>
  exportBundle(message, { ...setUpExports(store).dependencies, ...change }, how);

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('a bundle', () => {
  test('is what the command line makes of the same mirror, byte for byte, and its state says so', async () => {
    const message = await ask(objects);
    expect(await run(objects, message)).toMatchObject({ kind: 'done' });
    const archive = await readArchive(objects, message.id);
    const { bundle, created } = await makeBundle(objects, [signer.profile]);
    expect(archive.equals(bundle)).toBe(true);
    expect((await readBundleState(objects, message.id))?.state).toEqual({
      schema: 1,
      id: message.id,
      profile: 'ocp',
      trustRevision: signer.profile.trust.prepared.revision,
      requestedAt: NOW.toISOString(),
      state: 'done',
      finishedAt: NOW.toISOString(),
      sha256: sha256(archive),
      size: archive.length,
      manifestSha256: created.manifestSha256,
      counts: { digests: 3, signatures: 3, configMaps: created.configMaps, files: created.files },
    });
  });

  test('imports into an empty directory, where everything verifies', async () => {
    const message = await ask(objects);
    await run(objects, message);
    const file = path('bundle.tar.gz');
    await writeFile(file, await readArchive(objects, message.id));
    const report = await importInto(file, path('mirror'), [signer.profile]);
    expect(report).toMatchObject({ outcome: 'imported', verified: 3, written: 3, faults: [], failed: [] });
  });

  test('that follows others holds what is new, all the way down the chain', async () => {
    const first = await ask(objects);
    await run(objects, first);
    const more = ['four', 'five'].map(digestOf);
    const ids = [first.id];
    for (const digest of more) {
      await objects.createObject(keyOf(digest), signer.sign(digest));
      const message = await ask(objects, ids.at(-1));
      expect(await run(objects, message)).toMatchObject({ state: { counts: { signatures: 1 }, since: ids.at(-1) } });
      ids.push(message.id);
    }
    // The other side has all of it when it has taken in all three.
    const to = path('mirror');
    const written: number[] = [];
    for (const id of ids) {
      const file = path(id);
      await writeFile(file, await readArchive(objects, id));
      const report = await importInto(file, to, [signer.profile]);
      expect(report.outcome).toBe('imported');
      written.push(report.written);
    }
    expect(written).toEqual([3, 1, 1]);
  });

  test('is made by newer trust than was asked for when that has come, and never by older', async () => {
    const kept = setUpExports(objects).dependencies.trust;
    await kept.read('ocp');
    const other = await makeBundleSigner();
    await publishTrust(objects, other.profile.trust.prepared, other.documents);
    const digest = digestOf('by the other key');
    await objects.createObject(keyOf(digest), other.sign(digest));
    const message = await ask(objects);
    // This function still keeps the trust of before, and is told by the state that there is newer.
    expect(await run(objects, message, TRY, { trust: kept })).toMatchObject({
      state: { trustRevision: other.profile.trust.prepared.revision, counts: { signatures: 1 } },
    });
  });
});

describe('killed', () => {
  test.each([
    ['a first', TRY],
    ['the last', LAST],
  ])('before each step of %s try and handed out again it leaves what one run leaves', async (_, how) => {
    const message = await ask(objects);
    const asked = await readBundles(objects);
    const restore = async (): Promise<ObjectStore> => {
      const store = await makeObjects(signer, []);
      for await (const { key } of objects.listObjects('signatures/')) {
        await store.createObject(key, (await objects.readObject(key, 65_536))?.bytes ?? Buffer.alloc(0));
      }
      for (const [key, text] of Object.entries(asked)) await store.createObject(key, Buffer.from(text));
      return store;
    };
    const whole = createFuse(Infinity);
    const once = await restore();
    await exportBundle(message, whole.fuse(setUpExports(once).dependencies), TRY);
    const expected = await readBundles(once);
    expect(whole.count()).toBeGreaterThan(8);
    for (let limit = 0; limit < whole.count(); limit += 1) {
      const store = await restore();
      const first = await exportBundle(message, createFuse(limit).fuse(setUpExports(store).dependencies), how).catch(
        (error: unknown) => error,
      );
      expect(first instanceof Killed || JSON.stringify(first).includes('open'), `step ${limit}`).toBe(true);
      // Never half of it.
      const archive = await store.readObject(bundleArchiveKey(message.id), 1_000_000);
      if (archive !== undefined) expect(sha256(archive.bytes)).toBe(sha256(await readArchive(once, message.id)));
      expect(await run(store, message)).toMatchObject({ kind: 'done' });
      expect(await readBundles(store), `killed before step ${limit}`).toEqual(expected);
    }
  });

  test('between archive and state, while the mirror grew: what was written is the bundle', async () => {
    const message = await ask(objects);
    const refusing: ObjectStore = { ...objects, replaceObject: () => Promise.reject(new Killed()) };
    expect(await run(refusing, message)).toMatchObject({ kind: 'open' });
    const written = await readArchive(objects, message.id);
    const digest = digestOf('four');
    await objects.createObject(keyOf(digest), signer.sign(digest));
    const never: ObjectStore = {
      ...objects,
      createObject: () => Promise.reject(new Error('it is there already')),
      listObjects: () => {
        throw new Error('nothing is made anew');
      },
    };
    expect(await run(never, message)).toMatchObject({
      kind: 'done',
      state: { sha256: sha256(written), counts: { signatures: 3 } },
    });
  });

  test.each([
    ['finished', {}],
    ['was killed before it said so', { replaceObject: () => Promise.reject(new Killed()) }],
  ])('two who make it at once end in one bundle, also when the faster one %s', async (_, faster) => {
    const message = await ask(objects);
    const digest = digestOf('four');
    // The slow one has read the mirror before it grew.
    const slow: ObjectStore = {
      ...objects,
      createObject: async (key, bytes) => {
        await objects.createObject(keyOf(digest), signer.sign(digest));
        await run({ ...objects, ...faster }, message);
        return await objects.createObject(key, bytes);
      },
    };
    expect(await run(slow, message)).toMatchObject({ kind: 'done', state: { counts: { signatures: 4 } } });
    const state = (await readBundleState(objects, message.id))?.state;
    expect(state).toMatchObject({ state: 'done', sha256: sha256(await readArchive(objects, message.id)) });
  });

  test('a last try that fails takes nothing from one that was done meanwhile', async () => {
    const message = await ask(objects);
    const late: ObjectStore = {
      ...objects,
      createObject: async () => {
        await run(objects, message);
        throw new StoreError('TimedOut', 'no answer');
      },
    };
    expect(await run(late, message, LAST)).toMatchObject({ kind: 'done' });
    expect((await readBundleState(objects, message.id))?.state).toMatchObject({ state: 'done' });
  });

  test('what is done is not touched again', async () => {
    const message = await ask(objects);
    await run(objects, message);
    const before = await readBundles(objects);
    const sealed: ObjectStore = {
      ...objects,
      createObject: () => Promise.reject(new Error('written')),
      replaceObject: () => Promise.reject(new Error('written')),
    };
    expect(await run(sealed, message, LAST)).toMatchObject({ kind: 'done' });
    expect(await readBundles(objects)).toEqual(before);
  });
});

describe('what fails', () => {
  const broken = (store: ObjectStore): ObjectStore => ({
    ...store,
    createObject: () => Promise.reject(new StoreError('ConnectionFailed', 'refused at 10.1.2.3')),
  });

  test('for a while is tried again, and at the last try told, without what is inside', async () => {
    const message = await ask(objects);
    expect(await run(broken(objects), message)).toMatchObject({
      kind: 'open',
      reason: expect.stringContaining('refused') as unknown,
    });
    expect((await readBundleState(objects, message.id))?.state.state).toBe('queued');
    expect(await run(broken(objects), message, LAST)).toMatchObject({ kind: 'never' });
    const stored = await readBundleState(objects, message.id);
    expect(stored?.state).toMatchObject({ state: 'failed', failure: { code: 'StoreUnavailable' } });
    expect(JSON.stringify(stored?.state)).not.toMatch(/10\.1|refused|memory/);
    // An operator may have it tried again.
    expect(await run(objects, message)).toMatchObject({ kind: 'done' });
    expect((await readBundleState(objects, message.id))?.state).toMatchObject({ state: 'done' });
  });

  test('in time is said to be so', async () => {
    const message = await ask(objects);
    const signal = AbortSignal.abort(new DOMException('too long', 'TimeoutError'));
    expect(await run(objects, message, { isLastTry: true, signal })).toMatchObject({ kind: 'never' });
    expect((await readBundleState(objects, message.id))?.state).toMatchObject({ failure: { code: 'TimedOut' } });
    expect(await objects.readObject(bundleArchiveKey(message.id), 1_000_000)).toBeUndefined();
  });

  test.each<[name: string, prepare: () => Promise<[ObjectStore, ExportMessage]>, code: string]>([
    [
      'an empty mirror',
      async () => {
        const store = await makeObjects(signer, []);
        return [store, await ask(store)];
      },
      'NothingVerifies',
    ],
    [
      'a mirror of somebody else’s signatures',
      async () => {
        const stranger = await makeBundleSigner();
        const digest = digestOf('x');
        const store = createMemoryObjectStore([[keyOf(digest), stranger.sign(digest)]]);
        await publishTrust(store, signer.profile.trust.prepared, signer.documents);
        return [store, await ask(store)];
      },
      'NothingVerifies',
    ],
    [
      'a document of the trust that was changed',
      async () => {
        const { revision, documents } = signer.profile.trust.prepared;
        const key = trustSourceKey('ocp', revision, documents[0]?.name ?? '');
        const message = await ask(objects);
        const stored = await objects.readObject(key, 1_000_000);
        await objects.replaceObject(key, Buffer.from('{}'), stored?.etag);
        return [objects, message];
      },
      'TrustUnusable',
    ],
    [
      'an earlier bundle that is gone',
      async () => {
        const first = await ask(objects);
        await run(objects, first);
        const message = await ask(objects, first.id);
        await objects.deleteObject(bundleArchiveKey(first.id));
        return [objects, message];
      },
      'EarlierMissing',
    ],
    [
      'an earlier bundle with one flipped bit',
      async () => {
        const first = await ask(objects);
        await run(objects, first);
        const message = await ask(objects, first.id);
        const archive = await objects.readObject(bundleArchiveKey(first.id), 1_000_000);
        const bytes = Buffer.from(archive?.bytes ?? []);
        bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
        await objects.replaceObject(bundleArchiveKey(first.id), bytes, archive?.etag);
        return [objects, message];
      },
      'EarlierMissing',
    ],
    [
      'an earlier bundle of another profile, whatever the request said',
      async () => {
        const first = await ask(objects);
        await run(objects, first);
        const message = await ask(objects, first.id);
        const stored = await readBundleState(objects, first.id);
        if (stored === undefined) throw new Error('there is no state');
        await replaceBundleState(objects, { ...stored.state, profile: 'okd' }, stored.etag);
        return [objects, message];
      },
      'EarlierMissing',
    ],
  ])('for good is told at the first try: %s', async (_, prepare, code) => {
    const [store, message] = await prepare();
    expect(await run(store, message)).toMatchObject({ kind: 'never' });
    expect((await readBundleState(store, message.id))?.state).toMatchObject({ state: 'failed', failure: { code } });
    expect(await store.readObject(bundleArchiveKey(message.id), 1_000_000)).toBeUndefined();
  });

  test('a profile that is not served any more', async () => {
    const message = await ask(objects);
    const { trust } = setUpExports(objects, ['okd']).dependencies;
    expect(await run(objects, message, TRY, { trust })).toMatchObject({ kind: 'never' });
    expect((await readBundleState(objects, message.id))?.state).toMatchObject({ failure: { code: 'ProfileUnknown' } });
  });

  test.each<[name: string, change: Partial<ExportMessage>]>([
    ['a bundle that nobody asked for', { id: 'f'.repeat(32) }],
    ['another profile than was asked for', { profile: 'okd' }],
    ['another earlier bundle than was asked for', { since: 'f'.repeat(32) }],
  ])('a message about %s changes nothing', async (_, change) => {
    const message = await ask(objects);
    const before = await readBundles(objects);
    expect(await run(objects, { ...message, ...change }, LAST)).toMatchObject({ kind: 'never' });
    expect(await readBundles(objects)).toEqual(before);
  });
});

test('more bytes than fit into memory are not held', async () => {
  const make = async (store: ObjectStore, limitBytes: number): Promise<Uint8Array> => {
    const { trust, now, onLeftOut } = setUpExports(store).dependencies;
    const ready = await trust.read('ocp');
    const request = { id: ID, since: undefined, trust: ready, objects: store, now: now(), signal: SIGNAL, onLeftOut };
    return await makeStoredBundle(request, limitBytes);
  };
  const { length } = (await makeBundle(objects, [signer.profile])).bundle;
  await expect(make(objects, length - 1)).rejects.toMatchObject({ code: 'LimitExceeded' });
  // Nothing of it is written.
  expect(await readBundles(objects)).toEqual({});
  expect(await make(objects, length)).toHaveLength(length);
});
