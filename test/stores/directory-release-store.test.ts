import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDirectoryReleaseStore } from '../../lib/stores/directory-stores.ts';
import { readEntries, signatureOf, summarise } from './signature-store-contract.ts';

let base: string;
let digestDirectory: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'signet-'));
  digestDirectory = join(base, `sha256=${'a1'.repeat(32)}`);
  await mkdir(digestDirectory);
});

afterEach(() => rm(base, { recursive: true }));

const read = async (directory = base) => summarise(await readEntries(createDirectoryReleaseStore(directory)));

describe('directory store', () => {
  const rows: readonly { name: string; expected: readonly string[]; prepare: (path: string) => Promise<unknown> }[] = [
    { name: 'no file', expected: ['absent'], prepare: async () => undefined },
    { name: 'an empty file', expected: ['absent'], prepare: (path) => writeFile(path, '') },
    { name: 'a directory', expected: ['BodyInvalid', 'absent'], prepare: (path) => mkdir(path) },
    {
      name: 'a FIFO, which would hang a reader',
      expected: ['BodyInvalid', 'absent'],
      prepare: async (path) => execFileSync('mkfifo', [path]),
    },
    { name: 'a device', expected: ['BodyInvalid', 'absent'], prepare: (path) => symlink('/dev/zero', path) },
    { name: 'a link to itself', expected: ['ConnectionFailed'], prepare: (path) => symlink(path, path) },
    {
      name: 'a link to a file, as Kubernetes mounts them',
      expected: ['linked', 'absent'],
      async prepare(path) {
        await writeFile(`${path}-target`, signatureOf('linked'));
        await symlink(`${path}-target`, path);
      },
    },
  ];
  test.each(rows)('$name: $expected', async ({ prepare, expected }) => {
    await prepare(join(digestDirectory, 'signature-1'));
    expect(await read()).toEqual(expected);
  });

  test('the directory itself is missing: ConnectionFailed', async () => {
    expect(await read(join(base, 'missing'))).toEqual(['ConnectionFailed']);
  });

  test('the directory is a file: ConnectionFailed', async () => {
    await writeFile(join(base, 'file'), '');
    expect(await read(join(base, 'file'))).toEqual(['ConnectionFailed']);
  });

  test('the digest is a file: ConnectionFailed', async () => {
    await rm(digestDirectory, { recursive: true });
    await writeFile(digestDirectory, '');
    expect(await read()).toEqual(['ConnectionFailed']);
  });
});
