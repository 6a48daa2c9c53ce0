import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  createFilePace,
  HELD_UP_MS,
  IN_THREADS,
  isLocalFileSystem,
  REST_FACTOR,
} from '../../../lib/platform/files/read-regular-file.ts';

/** A pace whose operations take what `take` says on a clock of its own, and where the last one was done. */
function startPace(isLocal: () => boolean = () => true) {
  let clock = 1000;
  const pace = createFilePace(isLocal, () => clock);
  return {
    wait: (milliseconds: number): void => {
      clock += milliseconds;
    },
    take: async (milliseconds: number, fault?: Error): Promise<string> =>
      await pace.run(
        () => {
          clock += milliseconds;
          if (fault !== undefined) throw fault;
          return 'at once';
        },
        async () => 'in a thread',
      ),
  };
}

describe('a local file system', () => {
  test('is read at once, as long as that holds nothing up', async () => {
    const { take } = startPace();
    for (let round = 0; round < 5; round += 1) expect(await take(HELD_UP_MS)).toBe('at once');
  });

  test('is read in threads after an operation that held the process up, for a multiple of its time', async () => {
    const { take, wait } = startPace();
    const held = HELD_UP_MS + 1;
    expect(await take(held)).toBe('at once');
    expect(await take(0)).toBe('in a thread');
    wait(REST_FACTOR * held - 1);
    expect(await take(0)).toBe('in a thread');
    wait(1);
    expect(await take(0)).toBe('at once');
  });

  test('that holds up and fails is left to threads as well', async () => {
    const { take } = startPace();
    const fault = new Error('EIO');
    await expect(take(HELD_UP_MS + 1, fault)).rejects.toBe(fault);
    expect(await take(0)).toBe('in a thread');
  });

  test('that fails is a rejection, and not thrown', async () => {
    const pace = createFilePace(() => true);
    const failed = pace.run(
      () => {
        throw new Error('ENOENT');
      },
      async () => 'in a thread',
    );
    await expect(failed).rejects.toThrow('ENOENT');
  });
});

test('another file system is read in threads, from the moment on that it is known', async () => {
  let isLocal = false;
  const { take } = startPace(() => isLocal);
  expect(await take(0)).toBe('in a thread');
  isLocal = true;
  expect(await take(0)).toBe('at once');
  isLocal = false;
  expect(await take(0)).toBe('in a thread');
});

test('nothing is done at once where nothing is known', async () => {
  const never = (): string => {
    throw new Error('at once');
  };
  expect(await IN_THREADS.run(never, async () => 'in a thread')).toBe('in a thread');
});

describe.runIf(process.platform === 'linux')('what the system says of a folder', () => {
  test('that is on a disk or in memory', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'signet-pace-'));
    expect(await isLocalFileSystem(folder)).toBe(true);
    await rm(folder, { recursive: true });
    expect(await isLocalFileSystem(folder)).toBe(false);
  });

  test('that is made by a program: of those, it is not known what they wait for', async () => {
    expect(await isLocalFileSystem('/proc')).toBe(false);
  });
});
