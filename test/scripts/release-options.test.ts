import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const RELEASE = path.join(import.meta.dirname, '../../scripts/release.ts');

let work = '';
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-release-options-'));
  await mkdir(path.join(work, 'mine'));
  await writeFile(path.join(work, 'mine/notes.txt'), 'keep');
});
afterAll(async () => rm(work, { recursive: true }));

async function release(...args: readonly string[]) {
  return await new Promise<{ readonly status: number | string | null; readonly stderr: string }>((resolve) => {
    execFile(process.execPath, [RELEASE, ...args], { cwd: work, timeout: 90_000 }, (error, _, stderr) => {
      resolve({ status: error === null ? 0 : (error.code ?? null), stderr });
    });
  });
}

describe('a release that is asked for wrongly ends with one line before anything is built', () => {
  test.each<[name: string, args: readonly string[], said: RegExp]>([
    [
      'a folder with other files',
      ['--output', 'mine'],
      /^--output mine: it holds "notes\.txt", which no release wrote/,
    ],
    ['a file', ['--output', 'mine/notes.txt'], /^--output mine\/notes\.txt: ENOTDIR/],
    ['a key that is not there', ['--output', 'new', '--key', 'none'], /^--key none: ENOENT/],
    [
      'a key that is none',
      ['--output', 'new', '--key', 'mine/notes.txt'],
      /^--key mine\/notes\.txt: Misformed armored text/,
    ],
  ])('%s', async (_, args, said) => {
    expect(await release(...args)).toEqual({ status: 2, stderr: expect.stringMatching(said) as string });
    expect([await readdir(work), await readdir(path.join(work, 'mine'))]).toEqual([['mine'], ['notes.txt']]);
  });
});
