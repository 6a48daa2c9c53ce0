import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startAdmissionClock } from '../../../lib/cluster/admission/admission-deadline.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { GOOD, setUpAdmission, toUpdate, type World } from './admission-setup.ts';

describe('the time of an answer, of which stores get nine tenths', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each<[timeout: string | undefined, receivedBefore: number, expected: number]>([
    ['10s', 0, 9000],
    [undefined, 0, 9000],
    ['10s', 2000, 7000],
    ['30s', 0, 28_000],
    ['1m0s', 0, 28_000],
    ['1s', 0, 800],
    ['1.5s', 0, 1200],
    ['500ms', 0, 400],
    ['1s', 5000, 0],
    ['0s', 0, 0],
    ['soon', 0, 9000],
    ['10', 0, 9000],
    ['-5s', 0, 9000],
    ['9'.repeat(400), 0, 9000],
    // Two clocks that differ: no time has passed.
    ['10s', -5000, 9000],
    ['10s', 86_400_000, 9000],
  ])('with timeout=%s, received %d ms ago: %d ms', (timeout, ago, expected) => {
    const clock = startAdmissionClock(
      timeout,
      1_000_000_000,
      new Date(1_000_000_000 + ago),
      AbortSignal.timeout(60_000),
    );
    expect(clock.remainingMs()).toBeCloseTo(expected * 0.9);
    expect(clock.signal.aborted).toBe(false);
    vi.advanceTimersByTime(expected);
    expect(clock.signal.aborted).toBe(true);
    clock.stop();
  });
});

const never = (): Promise<never> => Promise.withResolvers<never>().promise;
const hanging: ObjectStore = {
  ...createMemoryObjectStore(),
  readObject: never,
  createObject: never,
  replaceObject: never,
};
/** Neither answers nor listens to its signal. */
const deaf: SignatureStore = {
  description: 'deaf',
  fetchSignatures: () => ({ [Symbol.asyncIterator]: () => ({ next: never, return: never }) }),
};
/** Does not answer, and goes when it is told to. */
const silent: SignatureStore = {
  description: 'https://silent.example.com',
  async *fetchSignatures(_, signal) {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    yield* [];
  },
};

/**
 * The answer, or `late` when the time of the one who asks ended before. A process ends its timers in the order of their
 * ends, however busy it is.
 */
async function answerWithin<T>(limitMs: number, ask: () => Promise<T>): Promise<T | 'late'> {
  const limit = new AbortController();
  const late = delay(limitMs, 'late' as const, { signal: limit.signal }).catch(() => 'late' as const);
  try {
    return await Promise.race([ask(), late]);
  } finally {
    limit.abort();
  }
}

describe('with everything hanging each answer arrives in time, and is a denial that says so', () => {
  test.each<[name: string, world: World, code: number]>([
    ['the tokens', { dependencies: { clusters: { read: never } } }, 504],
    ['the trust', { dependencies: { trust: { profiles: ['ocp'], read: never } } }, 504],
    ['the bucket', { objects: hanging }, 504],
    ['mirror and stores, deaf to their signal', { mirror: deaf, upstream: deaf }, 504],
    ['mirror and stores', { mirror: silent, upstream: silent }, 503],
    ['the stores', { upstream: silent }, 503],
    ['everything', { mirror: deaf, upstream: deaf, objects: hanging }, 504],
  ])('%s', async (_, world, code) => {
    const { review } = setUpAdmission(world);
    for (const [timeout, limit] of [
      ['1s', 1000],
      ['400ms', 400],
    ] as const) {
      const answer = await answerWithin(limit, () => review({ timeout, body: toUpdate({ image: GOOD }) }));
      const message = expect.stringContaining(code === 504 ? 'not decided in time' : 'StoreUnavailable') as string;
      expect(answer).toMatchObject({ allowed: false, status: { code, message } });
    }
  });

  test('and many at once', async () => {
    const { review } = setUpAdmission({ mirror: deaf, upstream: deaf, objects: hanging });
    const ask = () => review({ timeout: '1s', body: toUpdate({ image: GOOD }) });
    const asked = Array.from({ length: 200 }, () => answerWithin(1000, ask));
    const answers = await Promise.all(asked);
    expect(answers.filter((answer) => answer === 'late' || answer.allowed)).toEqual([]);
  });
});
