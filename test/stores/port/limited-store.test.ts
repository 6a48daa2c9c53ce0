import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { createLimitedStore } from '../../../lib/stores/port/composites.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';

const query = { digest: parseDigest(`sha256:${'a'.repeat(64)}`) };
const { signal } = new AbortController();

/** Says how many read it at a time. */
function createCountingStore(fails = false) {
  const counts = { underWay: 0, most: 0, reads: 0 };
  const store: SignatureStore = {
    description: 'counting',
    async *fetchSignatures() {
      counts.reads += 1;
      counts.underWay += 1;
      counts.most = Math.max(counts.most, counts.underWay);
      try {
        await delay(2);
        if (fails) throw new Error('broken');
        yield { kind: 'absent', store: 'counting', location: 'a' };
        yield { kind: 'absent', store: 'counting', location: 'b' };
      } finally {
        counts.underWay -= 1;
      }
    },
  };
  return { store, counts };
}

async function readAll(store: SignatureStore, until = signal): Promise<string[]> {
  const locations: string[] = [];
  for await (const { location } of store.fetchSignatures(query, until)) locations.push(location);
  return locations;
}

describe('a store that is read by so many at a time', () => {
  test.each([1, 3, 8])('%i', async (limit) => {
    const { store, counts } = createCountingStore();
    const limited = createLimitedStore(store, limit);
    const read = await Promise.all(Array.from({ length: 20 }, () => readAll(limited)));
    expect(read).toEqual(Array.from({ length: 20 }, () => ['a', 'b']));
    expect(counts).toEqual({ underWay: 0, most: limit, reads: 20 });
  });

  test('a reader that has enough makes place for the next before it goes on', async () => {
    const { store } = createCountingStore();
    const limited = createLimitedStore(store, 1);
    for await (const _ of limited.fetchSignatures(query, signal)) break;
    expect(await readAll(limited)).toEqual(['a', 'b']);
  });

  test('a read that fails makes place', async () => {
    const { store, counts } = createCountingStore(true);
    const limited = createLimitedStore(store, 2);
    const read = await Promise.allSettled(Array.from({ length: 6 }, () => readAll(limited)));
    expect(read.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 'rejected'));
    expect(counts).toEqual({ underWay: 0, most: 2, reads: 6 });
  });

  test('who waited in vain leaves the place to others, and does not ask', async () => {
    const { store, counts } = createCountingStore();
    const limited = createLimitedStore(store, 1);
    const aborted = new AbortController();
    const first = readAll(limited);
    const second = readAll(limited, aborted.signal);
    const third = readAll(limited);
    aborted.abort(new Error('stopped'));
    await expect(second).rejects.toThrow('stopped');
    expect([await first, await third]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(counts).toEqual({ underWay: 0, most: 1, reads: 2 });
  });
});
