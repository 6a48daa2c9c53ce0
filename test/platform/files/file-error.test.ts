import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { toFileReason, toWriteError } from '../../../lib/platform/files/file-error.ts';
import { writeNewFile } from '../../../lib/platform/objects/directory/store-directory.ts';

let work = '';
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-files-'));
  await writeFile(path.join(work, 'file'), '');
  await symlink('loop', path.join(work, 'loop'));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

async function failureOf(operation: Promise<unknown>): Promise<unknown> {
  return await operation.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('why a file operation failed, without the words of Node', () => {
  test.each<[name: string, act: () => Promise<unknown>, reason: string]>([
    ['no file', () => readFile(path.join(work, 'nope')), 'no such file or directory'],
    ['below a file', () => readFile(path.join(work, 'file/x')), 'not a directory'],
    ['a link to itself', () => readFile(path.join(work, 'loop')), 'too many symbolic links encountered'],
    ['a directory over a file', () => mkdir(path.join(work, 'file'), { recursive: true }), 'a file is in its place'],
    ['a URL', () => readFile('https://x.example/graph?token=1'), 'a URL is no file: download it, and name that file'],
    ['no error of the system', () => Promise.reject(new Error('it broke')), 'it broke'],
    ['nothing that is an error', () => Promise.reject(toText('it broke')), 'it broke'],
  ])('%s', async (_, act, reason) => {
    expect(toFileReason(await failureOf(act()))).toBe(reason);
  });
});

/** What a library may throw. */
function toText(text: string): Error {
  return text as never;
}

describe('what cannot be written', () => {
  test.each<[code: string, errno: number, kind: typeof InputError | typeof StoreError, reason: string]>([
    ['EACCES', -13, InputError, 'permission denied'],
    ['ENOSPC', -28, StoreError, 'no space left on device'],
    ['EIO', -5, StoreError, 'i/o error'],
  ])('%s', (code, errno, kind, reason) => {
    const cause = Object.assign(new Error(`${code}: …`), { code, errno });
    const error = toWriteError('out', cause);
    expect([error instanceof kind, error.message, error.cause]).toEqual([true, `cannot write out: ${reason}`, cause]);
  });
});

describe('a new file', () => {
  test('is there whole, and never replaces one', async () => {
    const file = path.join(work, 'new');
    await writeNewFile(file, Buffer.from('one'));
    expect(await failureOf(writeNewFile(file, Buffer.from('two')))).toMatchObject({ code: 'EEXIST' });
    expect(await readFile(file, 'utf8')).toBe('one');
  });
});
