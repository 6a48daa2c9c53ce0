import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listBundles, MAX_PAGE_BUNDLES } from '../../../lib/bundle/service/list-bundles.ts';
import { requestBundle } from '../../../lib/bundle/service/request-bundle.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { type BundleSigner, makeBundleSigner } from '../bundle-setup.ts';
import { createFuse, Killed, makeObjects, setUpExports } from './export-setup.ts';

const FIRST = Date.parse('2026-11-22T00:00:00Z');
let signer: BundleSigner;
let objects: ObjectStore;
beforeAll(async () => {
  signer = await makeBundleSigner();
});
beforeEach(async () => {
  objects = await makeObjects(signer);
});

/** Bundles that were asked for one after the other, each when the one before it was gone. @returns their ids, oldest first */
async function request(count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let made = 0; made < count; made += 1) {
    const now = (): Date => new Date(FIRST + made * 1000);
    const dependencies = { ...setUpExports(objects).dependencies, now };
    ids.push(await requestBundle({ profile: undefined, since: undefined }, dependencies));
    for await (const { key } of objects.listObjects('bundles/asked/')) await objects.deleteObject(key);
  }
  return ids;
}

async function readPages(limit: number): Promise<readonly (readonly string[])[]> {
  const pages: string[][] = [];
  for (let after: string | undefined; ;) {
    const { bundles, next } = await listBundles(objects, { limit, after });
    pages.push(bundles.map(({ id }) => id));
    if (next === undefined) return pages;
    after = next;
  }
}

describe('bundles', () => {
  test('are none at first', async () => {
    expect(await listBundles(objects, { limit: 1, after: undefined })).toEqual({ bundles: [] });
  });

  test.each([1, 2, 5, MAX_PAGE_BUNDLES])('are listed once each, the newest first, in pages of %d', async (limit) => {
    const ids = await request(5);
    const pages = await readPages(limit);
    expect(pages.flat()).toEqual(ids.toReversed());
    expect(pages.every((page) => page.length <= limit)).toBe(true);
    expect(pages).toHaveLength(Math.ceil(5 / limit));
  });

  test('have their states', async () => {
    const [id] = await request(1);
    const { bundles } = await listBundles(objects, { limit: 1, after: undefined });
    expect(bundles).toMatchObject([{ id, state: 'queued', profile: 'ocp', requestedAt: '2026-11-22T00:00:00.000Z' }]);
  });

  test('whose state is gone are left out, and no other is', async () => {
    const [, gone, ...others] = await request(4);
    await objects.deleteObject(`bundles/${gone}/state.json`);
    const [first = ''] = (await readPages(10)).flat().slice(-1);
    expect((await readPages(1)).flat()).toEqual([...others.toReversed(), first]);
  });

  test('whose state cannot be read say so, and hide no other', async () => {
    const [one = '', other = ''] = await request(2);
    const stored = await objects.readObject(`bundles/${one}/state.json`, 1e6);
    await objects.replaceObject(`bundles/${one}/state.json`, Buffer.from('{}'), stored?.etag);
    expect((await listBundles(objects, { limit: 9, after: undefined })).bundles).toEqual([
      expect.objectContaining({ id: other, state: 'queued' }),
      { id: one, fault: expect.stringContaining(one) as unknown },
    ]);
  });

  test('are what somebody else put on the list only where there is such a bundle', async () => {
    const [id = ''] = await request(1);
    for (const name of ['x', `0000000000000-${'f'.repeat(32)}`, '0000000000000-trust']) {
      await objects.createObject(`bundles/list/${name}`, new Uint8Array());
    }
    expect((await readPages(2)).flat()).toEqual([id]);
  });

  test('are listed from whatever step on who asks is killed, once it is asked for again', async () => {
    for (let steps = 0; ; steps += 1) {
      objects = await makeObjects(signer);
      const { fuse } = createFuse(steps);
      const asked = { profile: undefined, since: undefined };
      const killed = await requestBundle(asked, fuse(setUpExports(objects).dependencies)).then(
        () => false,
        (error: unknown) => error instanceof Killed || Promise.reject(error),
      );
      const id = await requestBundle(asked, setUpExports(objects).dependencies);
      expect((await readPages(9)).flat()).toEqual([id]);
      if (!killed) break;
      expect(steps).toBeLessThan(20);
    }
  });
});
