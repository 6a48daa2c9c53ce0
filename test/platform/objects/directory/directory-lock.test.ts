import { mkdtemp, readdir, rename, rm, unlink, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { STALE_LOCK_MS, withLock } from '../../../../lib/platform/objects/directory/directory-lock.ts';
import { storeErrorCode } from '../object-store-contract.ts';
import { startProcess, waitForExit } from '../processes/start-process.ts';

let root = '';
const contenders: Promise<boolean>[] = [];

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'lock-'));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

// Whoever did not get the lock in time still waits for it.
afterEach(async () => {
  await Promise.all(contenders.splice(0));
});

/** The one lock file there is. */
async function findLock(): Promise<string> {
  const directory = path.join(root, '.tmp', 'locks');
  const [name = 'none'] = await readdir(directory);
  return path.join(directory, name);
}

async function age(file: string, milliseconds: number): Promise<void> {
  const time = new Date(Date.now() - milliseconds);
  await utimes(file, time, time);
}

/** Whether a contender still waits for the lock of `key` after a moment. */
async function isTaken(key: string): Promise<boolean> {
  const waiting = withLock(root, key, async () => false);
  contenders.push(waiting);
  return Promise.race([waiting, delay(300, true)]);
}

/** Gets the lock of `key`, however long a busy machine takes. @throws StoreError when it stays taken */
function take(key: string): Promise<boolean> {
  return withLock(root, key, async () => true);
}

/** Holds the lock while `use` runs, as another owner would: its file's owner part is rewritten. */
async function whileHeld(
  owner: (parts: readonly string[]) => readonly string[],
  use: (file: string) => Promise<void>,
): Promise<void> {
  await withLock(root, 'key', async () => {
    const file = await findLock();
    const [prefix = '', ...parts] = path.basename(file).split('.');
    const renamed = path.join(path.dirname(file), [prefix, ...owner(parts)].join('.'));
    await rename(file, renamed);
    await use(renamed);
    await rm(renamed, { force: true });
  });
}

const asIs = (parts: readonly string[]): readonly string[] => parts;

describe('the lock of a directory store', () => {
  it('admits one at a time', async () => {
    let inside = 0;
    let most = 0;
    const contend = () =>
      withLock(root, 'key', async () => {
        inside += 1;
        most = Math.max(most, inside);
        await delay(2);
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 20 }, contend));
    expect(most).toBe(1);
  });

  it('is one per key', async () => {
    await withLock(root, 'key', async () => {
      expect(await take('another key')).toBe(true);
    });
  });

  it('is released when the action fails', async () => {
    const failure = withLock(root, 'key', () => Promise.reject(new Error('broken')));
    await expect(failure).rejects.toThrow('broken');
    expect(await take('key')).toBe(true);
  });

  it('is not taken from a process that runs, however old it is', async () => {
    await whileHeld(asIs, async (file) => {
      await age(file, 3 * STALE_LOCK_MS);
      expect(await isTaken('key')).toBe(true);
    });
  });

  it('is taken from a process that is gone, not before its time', async () => {
    const child = startProcess('increment-counter.ts', [root, '0']);
    await waitForExit(child);
    await whileHeld(
      ([time = '', host = '', , start = '', id = '']) => [time, host, String(child.pid), start, id],
      async (file) => {
        expect(await isTaken('key')).toBe(true);
        await age(file, STALE_LOCK_MS + 1000);
        expect(await take('key')).toBe(true);
      },
    );
  });

  it.runIf(process.platform === 'linux')('is taken from a process whose number another one has now', async () => {
    await whileHeld(
      ([time = '', host = '', pid = '', , id = '']) => [time, host, pid, '1', id],
      async (file) => {
        await age(file, STALE_LOCK_MS + 1000);
        expect(await take('key')).toBe(true);
      },
    );
  });

  it('is taken from another host only after a minute', async () => {
    await whileHeld(
      ([time = '', , pid = '', start = '', id = '']) => [time, '00000000', pid, start, id],
      async (file) => {
        await age(file, 50_000);
        expect(await isTaken('key')).toBe(true);
        await age(file, 61_000);
        expect(await take('key')).toBe(true);
      },
    );
  });

  it('tells its holder that it was taken over', async () => {
    await withLock(root, 'key', async (lock) => {
      await lock.verifyHeld();
      await unlink(await findLock());
      expect(await storeErrorCode(lock.verifyHeld())).toBe('ConditionFailed');
    });
  });
});
