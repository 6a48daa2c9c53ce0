import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import {
  createSecretSource,
  MAX_SECRET_AGE_MS,
  SECRET_REFRESH_MS,
} from '../../../lib/platform/secrets/secret-source.ts';

const unreachable = new StoreError('ConnectionFailed', 'no secret');

/** A source whose text, reads and clock a test turns. What is no number does not parse. */
function setUp(text = '1') {
  let answer = async (): Promise<string> => text;
  let time = Date.UTC(2026, 0, 31);
  let reads = 0;
  let parses = 0;
  const source = createSecretSource({
    readText: () => {
      reads += 1;
      return answer();
    },
    parse: (given) => {
      parses += 1;
      if (!/^[0-9]+$/.test(given)) throw new ConfigurationError('DocumentInvalid', 'not a number');
      return { number: Number(given) };
    },
    now: () => new Date(time),
  });
  return {
    read: async () => (await source.read()).number,
    readValue: () => source.read(),
    counts: () => [reads, parses],
    turnClock: (milliseconds: number) => {
      time += milliseconds;
    },
    answerWith: (next: string | Error) => {
      answer = () => (typeof next === 'string' ? Promise.resolve(next) : Promise.reject(next));
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<string>();
      answer = () => promise;
      return resolve;
    },
  };
}

test('is read once until it is due, and then anew', async () => {
  const secret = setUp();
  expect([await secret.read(), await secret.read(), secret.counts()]).toEqual([1, 1, [1, 1]]);
  secret.answerWith('2');
  secret.turnClock(SECRET_REFRESH_MS - 1);
  expect([await secret.read(), secret.counts()]).toEqual([1, [1, 1]]);
  secret.turnClock(1);
  expect([await secret.read(), await secret.read(), secret.counts()]).toEqual([2, 2, [2, 2]]);
});

test('the same text is the same value, so that what was made of it stays', async () => {
  const secret = setUp();
  const first = await secret.readValue();
  secret.turnClock(SECRET_REFRESH_MS);
  expect(await secret.readValue()).toBe(first);
  expect(secret.counts()).toEqual([2, 1]);
});

describe('while it cannot be read', () => {
  test('the last one counts until it is too old, and each request tries again', async () => {
    const secret = setUp();
    await secret.read();
    secret.answerWith(unreachable);
    secret.turnClock(SECRET_REFRESH_MS);
    expect([await secret.read(), await secret.read(), secret.counts()]).toEqual([1, 1, [3, 1]]);
    secret.turnClock(MAX_SECRET_AGE_MS - SECRET_REFRESH_MS - 1);
    expect(await secret.read()).toBe(1);
    secret.turnClock(1);
    await expect(secret.read()).rejects.toBe(unreachable);
    secret.answerWith('2');
    expect(await secret.read()).toBe(2);
  });

  test('a failure does not make it younger', async () => {
    const secret = setUp();
    await secret.read();
    secret.answerWith(unreachable);
    for (let age = 0; age < MAX_SECRET_AGE_MS; age += SECRET_REFRESH_MS) {
      expect(await secret.read()).toBe(1);
      secret.turnClock(SECRET_REFRESH_MS);
    }
    await expect(secret.read()).rejects.toBe(unreachable);
  });

  test('there is none when there never was one', async () => {
    const secret = setUp();
    secret.answerWith(unreachable);
    await expect(secret.read()).rejects.toBe(unreachable);
    secret.answerWith('1');
    expect(await secret.read()).toBe(1);
  });
});

describe('the clock set back makes its age unknown', () => {
  test('it is read again', async () => {
    const secret = setUp();
    await secret.read();
    secret.answerWith('2');
    secret.turnClock(-1);
    expect(await secret.read()).toBe(2);
  });

  test('and does not count when it cannot be', async () => {
    const secret = setUp();
    await secret.read();
    secret.answerWith(unreachable);
    secret.turnClock(-1);
    await expect(secret.read()).rejects.toBe(unreachable);
  });
});

describe('a text that does not parse is an error at once', () => {
  test.each<[name: string, next: string | Error]>([
    ['and stays one', 'x'],
    ['also while it then cannot be read: it replaced the old one', unreachable],
  ])('%s', async (_, next) => {
    const secret = setUp();
    await secret.read();
    secret.answerWith('x');
    secret.turnClock(SECRET_REFRESH_MS);
    await expect(secret.read()).rejects.toThrow('not a number');
    secret.answerWith(next);
    await expect(secret.read()).rejects.toThrow(next === 'x' ? 'not a number' : 'no secret');
    secret.answerWith('1');
    expect(await secret.read()).toBe(1);
  });

  test('an error of ours is no outage either', async () => {
    const secret = setUp();
    await secret.read();
    secret.answerWith(new TypeError('a bug'));
    secret.turnClock(SECRET_REFRESH_MS);
    await expect(secret.read()).rejects.toThrow('a bug');
  });
});

test('reads at the same time share one, its failure included', async () => {
  const secret = setUp();
  const settle = secret.hold();
  const reads = [secret.read(), secret.read(), secret.read()];
  settle('7');
  expect([await Promise.all(reads), secret.counts()]).toEqual([
    [7, 7, 7],
    [1, 1],
  ]);
  secret.answerWith('x');
  secret.turnClock(SECRET_REFRESH_MS);
  const failed = await Promise.allSettled([secret.read(), secret.read()]);
  expect([failed.map(({ status }) => status), secret.counts()]).toEqual([
    ['rejected', 'rejected'],
    [2, 2],
  ]);
});
