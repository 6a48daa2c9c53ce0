import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import type { ObjectStore, StoredObject } from '../../../lib/platform/objects/port/object-store.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { currentTrustKey } from '../../../lib/trust/prepared/trust-document.ts';
import { publishTrust } from '../../../lib/trust/publish/publish-trust.ts';
import { createTrustSource } from '../../../lib/trust/source/trust-source.ts';
import { FIXTURE_TIME, readFixtureDocuments } from '../../support/fixture-releases.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';

const REFRESH_MS = 1000;
const CURRENT = currentTrustKey('ocp');
const unreachable = new StoreError('ConnectionFailed', 'no bucket');

type Read = () => Promise<StoredObject | undefined>;

/** A source over a store whose reads of `current` a test may hold or fail, and a clock that it may turn. */
async function setUp(publish = true) {
  const objects = createMemoryObjectStore();
  let reads = 0;
  let answer = async (read: Read): Promise<StoredObject | undefined> => await read();
  const controlled: ObjectStore = {
    ...objects,
    async readObject(key, limit) {
      const read: Read = () => objects.readObject(key, limit);
      if (key !== CURRENT) return await read();
      reads += 1;
      return await answer(read);
    },
  };
  let time = FIXTURE_TIME.getTime();
  const source = createTrustSource(controlled, ['ocp'], () => new Date(time), REFRESH_MS);
  const publishRevision = async (comment: string): Promise<string> => {
    const documents = readFixtureDocuments().map(({ name, bytes }) => ({
      name,
      bytes: Buffer.concat([bytes, Buffer.from(`# ${comment}\n`)]),
    }));
    return (await publishTrust(objects, await prepareTrust('ocp', documents), documents)).revision;
  };
  const first = publish ? await publishRevision('first') : '';
  return {
    source,
    objects,
    first,
    publishRevision,
    reads: () => reads,
    turnClock: (milliseconds: number) => {
      time += milliseconds;
    },
    now: () => new Date(time),
    answerWith: (next: typeof answer) => {
      answer = next;
    },
    answerNormally: () => {
      answer = (read) => read();
    },
  };
}

const fail = async (): Promise<never> => {
  throw unreachable;
};

/** Lets everything that waits for nothing run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await tick();
}

describe('one reader', () => {
  test('asks again only after the refresh interval, and an unchanged revision is the same trust with a new time', async () => {
    const { source, reads, turnClock, now } = await setUp();
    const loaded = await source.read();
    turnClock(REFRESH_MS - 1);
    expect(await source.read()).toBe(loaded);
    expect(reads()).toBe(1);
    turnClock(1);
    const refreshed = await source.read();
    expect(reads()).toBe(2);
    expect(refreshed.prepared).toBe(loaded.prepared);
    expect(refreshed.keyrings).toBe(loaded.keyrings);
    expect([loaded.refreshedAt, refreshed.refreshedAt]).toEqual([FIXTURE_TIME, now()]);
  });

  test('sees a new revision after the interval, and not before', async () => {
    const { source, first, publishRevision, turnClock } = await setUp();
    await source.read();
    const second = await publishRevision('second');
    expect((await source.read()).prepared.revision).toBe(first);
    turnClock(REFRESH_MS);
    expect((await source.read()).prepared.revision).toBe(second);
    expect(second).not.toBe(first);
  });

  test('while the store is out of reach keeps the old trust with its old age, and asks each time', async () => {
    const { source, reads, turnClock, answerWith, answerNormally, now } = await setUp();
    const loaded = await source.read();
    answerWith(fail);
    for (let times = 1; times <= 3; times += 1) {
      turnClock(REFRESH_MS);
      const kept = await source.read();
      expect(kept.prepared).toBe(loaded.prepared);
      expect(kept.refreshedAt).toEqual(FIXTURE_TIME);
      expect(reads()).toBe(1 + times);
    }
    answerNormally();
    expect((await source.read()).refreshedAt).toEqual(now());
  });

  test('trust that does not hold together is thrown, however good the old one was', async () => {
    const { source, objects, turnClock } = await setUp();
    await source.read();
    await objects.deleteObject(CURRENT);
    turnClock(REFRESH_MS);
    for (let times = 1; times <= 2; times += 1) {
      const failure = source.read();
      await expect(failure).rejects.toBeInstanceOf(ConfigurationError);
      await expect(failure).rejects.toMatchObject({ code: 'TrustMissing' });
    }
  });

  test('a failure that is no StoreError is thrown', async () => {
    const { source, turnClock, answerWith } = await setUp();
    await source.read();
    turnClock(REFRESH_MS);
    answerWith(async () => {
      throw new TypeError('a fault of ours');
    });
    await expect(source.read()).rejects.toThrow(TypeError);
  });

  test('the first load’s failure is thrown, and the next read tries again', async () => {
    const { source, first, answerWith, answerNormally } = await setUp();
    answerWith(fail);
    await expect(source.read()).rejects.toBe(unreachable);
    await expect(source.read()).rejects.toBe(unreachable);
    answerNormally();
    expect((await source.read()).prepared.revision).toBe(first);
    const { source: unpublished } = await setUp(false);
    await expect(unpublished.read()).rejects.toMatchObject({ code: 'TrustMissing' });
  });

  test('a clock that steps back refreshes', async () => {
    const { source, reads, turnClock, now } = await setUp();
    await source.read();
    turnClock(-3_600_000);
    expect((await source.read()).refreshedAt).toEqual(now());
    expect(reads()).toBe(2);
    await source.read();
    expect(reads()).toBe(2);
  });
});

describe('readers at the same time', () => {
  test('share one refresh, and its failure when it is the first', async () => {
    const { source, reads, turnClock, answerWith, answerNormally } = await setUp();
    answerWith(fail);
    const failures = await Promise.allSettled([source.read(), source.read(), source.read()]);
    expect(failures.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(reads()).toBe(1);
    answerNormally();
    const [one, two] = await Promise.all([source.read(), source.read()]);
    expect(one).toBe(two);
    expect(reads()).toBe(2);
    turnClock(REFRESH_MS);
    await Promise.all([source.read(), source.read()]);
    expect(reads()).toBe(3);
  });

  test.each<[name: string, isFailing: boolean]>([
    ['a slow reader that fails', true],
    ['a slow reader that had read the older revision', false],
  ])('%s puts no older trust back over newer', async (_, isFailing) => {
    const { source, first, publishRevision, turnClock, answerWith, answerNormally } = await setUp();
    await source.read();
    turnClock(REFRESH_MS);
    const gate = Promise.withResolvers<undefined>();
    answerWith(async (read) => {
      const stored = await read();
      await gate.promise;
      if (isFailing) throw unreachable;
      return stored;
    });
    const slow = source.read();
    await settle();
    const second = await publishRevision('second');
    answerNormally();
    turnClock(1);
    const fast = source.read();
    await settle();
    gate.resolve(undefined);
    const [, { prepared: seen }] = await Promise.all([slow, fast]);
    // Whichever revision the other reader was given, nobody is given an older one after it.
    answerWith(fail);
    const next = await source.read();
    expect(next.prepared.revision).toBe(seen.revision);
    expect([first, second]).toContain(seen.revision);
    answerNormally();
    turnClock(REFRESH_MS);
    expect((await source.read()).prepared.revision).toBe(second);
  });
});
