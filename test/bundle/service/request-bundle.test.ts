import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { type BundleState, readBundleState, replaceBundleState } from '../../../lib/bundle/service/bundle-state.ts';
import { exportBundle } from '../../../lib/bundle/service/export-bundle.ts';
import { requestBundle } from '../../../lib/bundle/service/request-bundle.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { createMemoryQueue } from '../../support/memory-queue.ts';
import { type BundleSigner, makeBundleSigner, NOW, SIGNAL } from '../bundle-setup.ts';
import { createFuse, Killed, lastMessage, makeObjects, readBundles, setUpExports } from './export-setup.ts';

const ANY = { profile: undefined, since: undefined };
let signer: BundleSigner;
let objects: ObjectStore;
beforeAll(async () => {
  signer = await makeBundleSigner();
});
beforeEach(async () => {
  objects = await makeObjects(signer);
});

async function putState(id: string, state: 'done' | 'failed', profile = 'ocp'): Promise<void> {
  const finishedAt = NOW.toISOString();
  const trustRevision = signer.profile.trust.prepared.revision;
  const requested = { schema: 1, id, profile, trustRevision, requestedAt: finishedAt, finishedAt } as const;
  const counts = { digests: 1, signatures: 1, configMaps: 1, files: 5 };
  const facts = { sha256: '0'.repeat(64), size: 1, manifestSha256: '0'.repeat(64), counts };
  const next: BundleState =
    state === 'done'
      ? { ...requested, ...facts, state }
      : { ...requested, state, failure: { code: 'NothingVerifies', message: 'mirror first' } };
  const stored = await readBundleState(objects, id);
  expect(await replaceBundleState(objects, next, stored?.etag)).toBe(true);
}

describe('who asks', () => {
  test('is given an id, whose state is queued and whose message is sent', async () => {
    const { dependencies, exportQueue } = setUpExports(objects);
    const id = await requestBundle(ANY, dependencies);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(exportQueue.sent).toEqual([JSON.stringify({ schema: 1, id, profile: 'ocp' })]);
    const { revision } = signer.profile.trust.prepared;
    expect((await readBundleState(objects, id))?.state).toEqual({
      schema: 1,
      id,
      profile: 'ocp',
      trustRevision: revision,
      requestedAt: NOW.toISOString(),
      state: 'queued',
    });
  });

  test('again while it is queued is given the same', async () => {
    const { dependencies, exportQueue } = setUpExports(objects);
    const ids = [await requestBundle(ANY, dependencies), await requestBundle({ ...ANY, profile: 'ocp' }, dependencies)];
    expect(new Set(ids).size).toBe(1);
    // Sent again, since nobody knows whether the first was.
    expect(new Set(exportQueue.sent).size).toBe(1);
  });

  test.each(['done', 'failed'] as const)('again when it is %s is given another', async (state) => {
    const { dependencies } = setUpExports(objects);
    const first = await requestBundle(ANY, dependencies);
    await putState(first, state);
    expect(await requestBundle(ANY, dependencies)).not.toBe(first);
  });

  test('at once with others is given what they are given', async () => {
    const { dependencies, exportQueue } = setUpExports(objects);
    const ids = await Promise.all(Array.from({ length: 8 }, () => requestBundle(ANY, dependencies)));
    expect(new Set(ids).size).toBe(1);
    // Its claim, its place on the list, its state.
    expect(Object.keys(await readBundles(objects))).toHaveLength(3);
    expect(new Set(exportQueue.sent).size).toBe(1);
  });

  test('by other trust, or after another bundle, is given another', async () => {
    const { dependencies } = setUpExports(objects);
    const first = await requestBundle(ANY, dependencies);
    await putState(first, 'done');
    const second = await requestBundle({ ...ANY, since: first }, dependencies);
    const third = await requestBundle(ANY, dependencies);
    expect(new Set([first, second, third]).size).toBe(3);
  });
});

describe('what somebody else put where a claim or a state belongs keeps nobody from a bundle', () => {
  test.each<[name: string, bytes: Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['no JSON', Buffer.from('{')],
    ['of a newer schema', Buffer.from('{"schema":99}')],
    ['longer than it may be', Buffer.alloc(64 * 1024, 0x20)],
  ])('%s', async (_, planted) => {
    const { dependencies } = setUpExports(objects);
    const first = await requestBundle(ANY, dependencies);
    const plant = async (key: string): Promise<void> => {
      await objects.deleteObject(key);
      await objects.createObject(key, planted);
    };
    await plant(`bundles/${first}/state.json`);
    const second = await requestBundle(ANY, dependencies);
    expect(second).not.toBe(first);
    for await (const { key } of objects.listObjects('bundles/asked/')) await plant(key);
    const third = await requestBundle(ANY, dependencies);
    expect(third).not.toBe(second);
    expect((await readBundleState(objects, third))?.state.state).toBe('queued');
  });
});

describe('what cannot be asked', () => {
  const MISSING = 'f'.repeat(32);
  test.each<[name: string, prepare: () => Promise<string>, message: RegExp]>([
    ['a bundle that is not there', async () => MISSING, /no bundle/],
    ['a bundle that is queued', () => requestBundle(ANY, setUpExports(objects).dependencies), /queued, not done/],
    [
      'a bundle that failed',
      async () => {
        await putState(MISSING, 'failed');
        return MISSING;
      },
      /failed, not done/,
    ],
    [
      'a bundle of another profile',
      async () => {
        await putState(MISSING, 'done', 'okd');
        return MISSING;
      },
      /another profile/,
    ],
  ])('to follow %s', async (_, prepare, message) => {
    const since = await prepare();
    const { dependencies, exportQueue } = setUpExports(objects);
    await expect(requestBundle({ ...ANY, since }, dependencies)).rejects.toMatchObject({
      code: 'ArgumentInvalid',
      message: expect.stringMatching(message) as unknown,
    });
    expect(exportQueue.sent).toEqual([]);
  });

  test('of a profile that is unknown', async () => {
    const { dependencies } = setUpExports(objects);
    await expect(requestBundle({ ...ANY, profile: 'okd' }, dependencies)).rejects.toMatchObject({
      code: 'ProfileUnknown',
    });
    expect(await readBundles(objects)).toEqual({});
  });
});

describe('what a crash leaves', () => {
  test('before any step is made up for by the next who asks', async () => {
    const whole = createFuse(Infinity);
    await requestBundle(ANY, whole.fuse(setUpExports(await makeObjects(signer)).dependencies));
    expect(whole.count()).toBe(5);
    for (let limit = 0; limit < whole.count(); limit += 1) {
      const killed = await makeObjects(signer);
      const { dependencies, exportQueue } = setUpExports(killed);
      await expect(requestBundle(ANY, createFuse(limit).fuse(dependencies))).rejects.toBeInstanceOf(Killed);
      const id = await requestBundle(ANY, dependencies);
      const states = Object.keys(await readBundles(killed)).filter((key) => key.endsWith('state.json'));
      expect(states, `killed before step ${limit}`).toEqual([`bundles/${id}/state.json`]);
      const result = await exportBundle(lastMessage(exportQueue.sent), dependencies, {
        isLastTry: false,
        signal: SIGNAL,
      });
      expect(result).toMatchObject({ kind: 'done', state: { id } });
    }
  });

  test('a queue that is out of reach is a failure, and asking again is not another bundle', async () => {
    const { dependencies, exportQueue } = setUpExports(objects);
    const failure = new StoreError('ConnectionFailed', 'refused');
    const broken = { ...dependencies, exportQueue: createMemoryQueue({ failure }) };
    await expect(requestBundle(ANY, broken)).rejects.toBe(failure);
    const id = await requestBundle(ANY, dependencies);
    expect(lastMessage(exportQueue.sent).id).toBe(id);
    // Its claim, its place on the list, its state.
    expect(Object.keys(await readBundles(objects))).toHaveLength(3);
  });
});
