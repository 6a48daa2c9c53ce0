import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBulkDirectoryStore } from '../../../../lib/platform/objects/directory/bulk-object-store.ts';
import { createDirectoryObjectStore } from '../../../../lib/platform/objects/directory/directory-object-store.ts';
import { LEFTOVER_AGE_MS } from '../../../../lib/platform/objects/directory/store-directory.ts';
import { WriteThreadError } from '../../../../lib/platform/objects/directory/write-thread.ts';
import { describeObjectStoreContract, listKeys, readText, storeErrorCode, toBytes } from '../object-store-contract.ts';

let scratch = '';
let count = 0;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'bulk-'));
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

function newRoot(): string {
  count += 1;
  return path.join(scratch, String(count));
}

function keysOf(number: number): readonly string[] {
  return Array.from(
    { length: number },
    (_, index) => `signatures/sha256=${String(index).padStart(64, '0')}/signature-1`,
  );
}

describeObjectStoreContract('directory, written by a thread', async () =>
  createBulkDirectoryStore(newRoot(), { many: 1 }),
);

describe('directory, written by a thread', () => {
  it('has every object whole and in its place when it is created, and nothing aside', async () => {
    const root = newRoot();
    const store = createBulkDirectoryStore(root);
    const keys = keysOf(400);
    const created = await Promise.all(
      keys.map(async (key) => {
        const isCreated = await store.createObject(key, toBytes(`bytes of ${key}`));
        expect(await readFile(path.join(root, key), 'utf8')).toBe(`bytes of ${key}`);
        return isCreated;
      }),
    );
    expect(created).toEqual(keys.map(() => true));
    expect(await listKeys(store, '')).toEqual(keys);
    expect(await readdir(path.join(root, '.tmp'))).toEqual([]);
  });

  it('gives each key to one of those that create it at once', async () => {
    const root = newRoot();
    const stores = [createBulkDirectoryStore(root, { many: 1 }), createBulkDirectoryStore(root, { many: 1 })];
    const writers = [...stores, createDirectoryObjectStore(root)];
    await writers[0]?.createObject('signatures/first/signature-1', toBytes('first'));
    for (const key of keysOf(60)) {
      const created = await Promise.all(
        writers.map((writer, index) => writer.createObject(key, toBytes(`by ${index}`))),
      );
      expect(created.filter(Boolean)).toHaveLength(1);
      expect(await readText(createDirectoryObjectStore(root), key)).toBe(`by ${created.indexOf(true)}`);
    }
  });

  it('writes beside what is there, and into a directory that is empty', async () => {
    const root = newRoot();
    const store = createBulkDirectoryStore(root, { many: 1 });
    await mkdir(path.join(root, 'signatures/empty'), { recursive: true });
    await mkdir(path.join(root, '.tmp'));
    expect(await store.createObject('signatures/empty/signature-1', toBytes('one'))).toBe(true);
    expect(await store.createObject('signatures/empty/signature-2', toBytes('two'))).toBe(true);
    expect(await store.createObject('signatures/empty/signature-1', toBytes('other'))).toBe(false);
    expect(await readText(store, 'signatures/empty/signature-1')).toBe('one');
    expect(await listKeys(store, '')).toEqual(['signatures/empty/signature-1', 'signatures/empty/signature-2']);
  });

  it.each([
    { name: 'a link to a directory', code: 'NotAllowed', make: (at: string) => symlink(path.join(scratch), at) },
    { name: 'a link that leads nowhere', code: 'NotAllowed', make: (at: string) => symlink('/nowhere', at) },
    { name: 'a file', code: 'KeyRefused', make: (at: string) => writeFile(at, 'object') },
  ])('refuses $name, in the place of its own directory and of one above', async ({ code, make }) => {
    const root = newRoot();
    const store = createBulkDirectoryStore(root, { many: 1 });
    expect(await store.createObject('signatures/a/signature-1', toBytes('one'))).toBe(true);
    await make(path.join(root, 'signatures/b'));
    await make(path.join(root, 'above'));
    expect(await storeErrorCode(store.createObject('signatures/b/signature-1', toBytes('two')))).toBe(code);
    expect(await storeErrorCode(store.createObject('above/b/signature-1', toBytes('two')))).toBe(code);
    expect(await readdir(path.join(root, '.tmp'))).toEqual([]);
  });

  it('makes again what was removed a moment ago', async () => {
    const root = newRoot();
    const store = createBulkDirectoryStore(root, { many: 1 });
    expect(await store.createObject('signatures/a/signature-1', toBytes('one'))).toBe(true);
    expect(await store.createObject('signatures/b/signature-1', toBytes('one'))).toBe(true);
    await rm(root, { recursive: true });
    expect(await store.createObject('signatures/a/signature-1', toBytes('two'))).toBe(true);
    expect(await readText(store, 'signatures/a/signature-1')).toBe('two');
  });

  it('removes what a killed writer left aside an hour ago, and nothing else of directories', async () => {
    const root = newRoot();
    const longAgo = new Date(Date.now() - LEFTOVER_AGE_MS - 1000);
    for (const name of ['new-1-old-0', 'new-1-young-0', 'locks']) {
      await mkdir(path.join(root, '.tmp', name), { recursive: true });
      await writeFile(path.join(root, '.tmp', name, 'signature-1'), 'cut o');
    }
    for (const name of ['new-1-old-0', 'locks']) await utimes(path.join(root, '.tmp', name), longAgo, longAgo);
    await createBulkDirectoryStore(root).createObject('signatures/a/signature-1', toBytes('one'));
    expect((await readdir(path.join(root, '.tmp'))).toSorted()).toEqual(['locks', 'new-1-young-0']);
    expect((await stat(path.join(root, '.tmp/locks'))).isDirectory()).toBe(true);
  });

  it('ends with the thread', async () => {
    const store = createBulkDirectoryStore(newRoot(), { many: 1, script: 'process.exit(3)' });
    await createAll(store, keysOf(1));
    const results = await createAll(store, keysOf(20).slice(1));
    for (const result of results) {
      expect(result.status === 'rejected' && result.reason).toBeInstanceOf(WriteThreadError);
    }
  });
});

function createAll(store: Pick<ReturnType<typeof createBulkDirectoryStore>, 'createObject'>, keys: readonly string[]) {
  return Promise.allSettled(keys.map((key) => store.createObject(key, toBytes(key))));
}
