import { appendFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRegularFile } from '../../../lib/platform/files/read-regular-file.ts';

const CHUNK = 64 * 1024;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'signet-read-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a file', () => {
  test.each([0, 1, 872, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK - 1, 3 * CHUNK, 3 * CHUNK + 7])(
    'of %i bytes is read whole, and is cut by a limit below',
    async (size) => {
      const file = path.join(folder, `of-${size}`);
      const bytes = Buffer.from(Array.from({ length: size }, (_, index) => index % 251));
      await writeFile(file, bytes);
      for (const limit of [size, size + 1, 10 * CHUNK]) {
        expect(await readRegularFile(file, limit, 'refuse')).toEqual({ kind: 'whole', bytes });
      }
      for (const limit of [0, 1, size - 1].filter((one) => one >= 0 && one < size)) {
        expect(await readRegularFile(file, limit, 'refuse')).toEqual({ kind: 'cut', bytes: bytes.subarray(0, limit) });
      }
    },
  );

  test.skipIf(process.platform !== 'linux')('that says it has no bytes, and has some', async () => {
    const { kind, ...rest } = await readRegularFile('/proc/version', CHUNK, 'refuse');
    expect(kind).toBe('whole');
    expect('bytes' in rest && Buffer.from(rest.bytes).toString('utf8')).toMatch(/^Linux/);
  });

  test('that grows meanwhile is read to an end that it has had', async () => {
    const file = path.join(folder, 'growing');
    await writeFile(file, 'line\n');
    const growing = Promise.all(Array.from({ length: 40 }, () => appendFile(file, 'line\n')));
    for (let round = 0; round < 20; round += 1) {
      const contents = await readRegularFile(file, CHUNK, 'refuse');
      expect('bytes' in contents && Buffer.from(contents.bytes).toString('utf8')).toMatch(/^(?:line\n)+$/);
    }
    await growing;
  });
});

test('a directory and a link are none', async () => {
  await symlink('of-1', path.join(folder, 'link'));
  expect(await readRegularFile(folder, CHUNK, 'refuse')).toEqual({ kind: 'directory' });
  await expect(readRegularFile(path.join(folder, 'link'), CHUNK, 'refuse')).rejects.toMatchObject({ code: 'ELOOP' });
});
