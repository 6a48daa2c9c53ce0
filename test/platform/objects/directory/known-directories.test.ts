import { mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDirectoryObjectStore } from '../../../../lib/platform/objects/directory/directory-object-store.ts';
import { KNOWN_MS } from '../../../../lib/platform/objects/directory/directory-reader.ts';

const BYTES = Buffer.from('bytes');
let scratch = '';
let root = '';
beforeEach(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'signet-known-'));
  root = path.join(scratch, 'root');
});
afterEach(async () => {
  await rm(scratch, { recursive: true });
});

test('a root that is taken away between two writes is made again', async () => {
  const objects = createDirectoryObjectStore(root);
  expect(await objects.createObject('signatures/a/signature-1', BYTES)).toBe(true);
  await rm(root, { recursive: true });
  expect(await objects.createObject('signatures/b/signature-1', BYTES)).toBe(true);
  expect(Buffer.from((await objects.readObject('signatures/b/signature-1', 100))?.bytes ?? [])).toEqual(BYTES);
});

test.each(['signatures', '.tmp'])('a link that takes the place of %s is not written through', async (name) => {
  const objects = createDirectoryObjectStore(root);
  await objects.createObject('signatures/a/signature-1', BYTES);
  const reserved = (await readdir(root)).find((entry) => entry !== 'signatures') ?? '';
  const directory = path.join(root, name === 'signatures' ? name : reserved);
  const outside = path.join(scratch, 'outside');
  await mkdir(outside);
  await rename(directory, `${scratch}/aside`);
  await symlink(outside, directory);
  await delay(KNOWN_MS + 50);
  await expect(objects.createObject('signatures/b/signature-1', BYTES)).rejects.toMatchObject({ code: 'NotAllowed' });
  expect(await readdir(outside)).toEqual([]);
});

test('a root that is a link and is turned elsewhere is read there after a moment', async () => {
  const [one, other] = ['one', 'other'].map((name) => path.join(scratch, name)) as [string, string];
  for (const directory of [one, other]) {
    await createDirectoryObjectStore(directory).createObject('a/b', Buffer.from(path.basename(directory)));
  }
  await symlink(one, root);
  const objects = createDirectoryObjectStore(root);
  const read = async () => Buffer.from((await objects.readObject('a/b', 100))?.bytes ?? []).toString('utf8');
  expect(await read()).toBe('one');
  await rm(root);
  await symlink(other, root);
  await delay(KNOWN_MS + 50);
  expect(await read()).toBe('other');
});

test('a root that is not there is not made by a reader', async () => {
  const objects = createDirectoryObjectStore(root);
  expect(await objects.readObject('a/b', 100)).toBeUndefined();
  expect(await readdir(scratch)).toEqual([]);
});

test('a link that takes a directory’s place after a read is not read through, from the next read on', async () => {
  const outside = path.join(scratch, 'outside');
  await createDirectoryObjectStore(outside).createObject('signature-1', Buffer.from('forged'));
  const objects = createDirectoryObjectStore(root);
  await objects.createObject('signatures/a/signature-1', BYTES);
  expect(await objects.readObject('signatures/a/signature-1', 100)).toBeDefined();
  await rename(path.join(root, 'signatures/a'), path.join(scratch, 'aside'));
  await symlink(outside, path.join(root, 'signatures/a'));
  await expect(objects.readObject('signatures/a/signature-1', 100)).rejects.toMatchObject({ code: 'NotAllowed' });
});
