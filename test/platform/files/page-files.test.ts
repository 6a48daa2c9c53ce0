import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MAX_PAGE_FILES, MAX_PAGE_FILES_BYTES, readPageFiles } from '../../../lib/platform/files/page-files.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'signet-page-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function put(name: string, content: string | Buffer = name): Promise<void> {
  const file = path.join(directory, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
}

test('a folder that is not there, or has no first page, is no page', async () => {
  expect(await readPageFiles(path.join(directory, 'none'))).toBeUndefined();
  await put('app.js');
  expect(await readPageFiles(directory)).toBeUndefined();
  expect(await readPageFiles(path.join(directory, 'app.js'))).toBeUndefined();
});

test('known files are read, and nothing that a link, a hidden name or another type would add', async () => {
  for (const name of ['index.html', 'app-K3JX7Q2B.js', 'fonts/red-hat.0123abcd.woff2', 'open-template.svg'])
    await put(name);
  for (const name of ['.env', '.git/config.json', 'run.sh', 'noending', 'odd name.js', 'a..js/..%2f.js'])
    await put(name);
  await symlink('/etc/passwd', path.join(directory, 'passwd.txt'));
  await symlink('/etc', path.join(directory, 'etc'));
  const files = await readPageFiles(directory);
  expect([...(files ?? [])].map(([name, { type, isHashed }]) => `${name} ${type} ${isHashed}`).toSorted()).toEqual([
    'app-K3JX7Q2B.js text/javascript; charset=utf-8 true',
    'fonts/red-hat.0123abcd.woff2 font/woff2 true',
    'index.html text/html; charset=utf-8 false',
    'open-template.svg image/svg+xml false',
  ]);
});

test('a packed form counts only if it is one of the same bytes', async () => {
  const text = 'a'.repeat(1000);
  await put('index.html', text);
  await put('index.html.br', brotliCompressSync(text));
  await put('index.html.gz', gzipSync(`${text}b`));
  await put('other.js', text);
  await put('other.js.br', 'no brotli');
  await put('other.js.gz', gzipSync(text));
  const files = await readPageFiles(directory);
  const page = files?.get('index.html');
  expect([...(page?.packed.keys() ?? [])]).toEqual(['br']);
  expect([...(files?.get('other.js')?.packed.keys() ?? [])]).toEqual(['gzip']);
  expect(page?.plain.etag).not.toBe(page?.packed.get('br')?.etag);
  expect(files?.has('index.html.br')).toBe(false);
});

test('what is larger than a page ends the reading', async () => {
  await put('index.html');
  await put('large.js');
  await truncate(path.join(directory, 'large.js'), MAX_PAGE_FILES_BYTES);
  await expect(readPageFiles(directory)).rejects.toMatchObject({ code: 'LimitExceeded' });
  await rm(path.join(directory, 'large.js'));
  for (let count = 0; count < MAX_PAGE_FILES; count += 1) await put(`f${count}.js`, '');
  await expect(readPageFiles(directory)).rejects.toMatchObject({ code: 'LimitExceeded' });
});
