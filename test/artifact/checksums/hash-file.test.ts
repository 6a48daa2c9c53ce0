import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashFile } from '../../../lib/artifact/checksums/check-files.ts';

const MEBIBYTE = 1024 * 1024;
const LARGE_BYTES = 256 * MEBIBYTE;

let work = '';
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-hash-'));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

describe('the hash of a file', () => {
  test.each([0, 1, MEBIBYTE - 1, MEBIBYTE, MEBIBYTE + 1, 3 * MEBIBYTE + 7])('of %d bytes', async (size) => {
    const bytes = randomBytes(size);
    const file = path.join(work, 'file');
    await writeFile(file, bytes);
    let told = 0;
    for (const algorithm of ['sha256', 'sha384', 'sha512'] as const) {
      told = 0;
      const hash = await hashFile(file, algorithm, (count) => {
        told += count;
      });
      expect(hash).toBe(createHash(algorithm).update(bytes).digest('hex'));
      expect(told).toBe(size);
    }
  });

  test('of a large file is taken in constant memory', async () => {
    const file = path.join(work, 'large');
    const handle = await open(file, 'w');
    await handle.truncate(LARGE_BYTES);
    await handle.close();
    const before = process.memoryUsage.rss();
    let peak = 0;
    await hashFile(file, 'sha256', () => {
      peak = Math.max(peak, process.memoryUsage.rss() - before);
    });
    expect(peak).toBeLessThan(64 * MEBIBYTE);
  });

  test('of a directory there is none', async () => {
    await expect(hashFile(work, 'sha256')).rejects.toThrow('not a regular file');
  });

  test.skipIf(process.platform === 'win32')('of a FIFO nobody waits for', async () => {
    const fifo = path.join(work, 'fifo');
    execFileSync('mkfifo', [fifo]);
    await expect(hashFile(fifo, 'sha256')).rejects.toThrow('not a regular file');
  });
});
