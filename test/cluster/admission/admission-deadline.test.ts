import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startAdmissionClock } from '../../../lib/cluster/admission/admission-deadline.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { GOOD, setUpAdmission, toUpdate, UNKNOWN, type World } from './admission-setup.ts';

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

const realTurn = setImmediate;
/** Lets everything happen that waits for no timer, such as what a module does that is loaded late. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => realTurn(resolve));
}
const TURNS = 20;

/**
 * The answer, or `late` when the time of the one who asks ended before. The clock is the test's own: it stands still while
 * anything happens, and then goes to the next timer, so no load changes their order.
 */
async function answerWithin<T>(limitMs: number, ask: () => Promise<T>): Promise<T | 'late'> {
  const { promise, resolve } = Promise.withResolvers<'late'>();
  setTimeout(() => resolve('late'), limitMs);
  const asked = { isOver: false };
  const answer = Promise.race([ask(), promise]).finally(() => {
    asked.isOver = true;
  });
  await settle();
  while (!asked.isOver) {
    await vi.advanceTimersToNextTimerAsync();
    await settle();
  }
  return await answer;
}

describe('with everything hanging each answer arrives in time, and is a denial that says so', () => {
  beforeAll(async () => {
    // Whatever is loaded when it is first needed.
    const { review } = setUpAdmission();
    for (const image of [GOOD, UNKNOWN]) await review({ body: toUpdate({ image }) });
  });
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

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
    const answers = await answerWithin(1000, () => Promise.all(Array.from({ length: 200 }, ask)));
    if (answers === 'late') throw new Error('the answers are late');
    expect(answers.map(({ allowed }) => allowed)).toEqual(Array.from({ length: 200 }, () => false));
  });
});
