import { describe, expect, it } from 'vitest';
import { StoreError, type StoreErrorCode } from '../../../lib/base/errors/store-error.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';

const LIMIT = 1024;
const CONTENDERS = 20;

const REFUSED_KEYS = [
  { name: 'empty key', key: '' },
  { name: 'absolute path', key: '/a' },
  { name: 'final slash', key: 'a/' },
  { name: 'empty segment', key: 'a//b' },
  { name: 'dot', key: 'a/./b' },
  { name: 'dot dot', key: 'a/../../b' },
  { name: 'dot dot alone', key: '..' },
  { name: 'backslash', key: 'a\\..\\b' },
  { name: 'NUL', key: 'a\0b' },
  { name: 'line feed', key: 'a\nb' },
  { name: 'DEL', key: 'a\u007fb' },
  { name: 'C1 control character', key: 'a\u0085b' },
  { name: 'lone surrogate', key: 'a\ud800b' },
  { name: 'key of 1,025 bytes', key: `${'abcd/'.repeat(204)}abcde` },
  { name: 'segment of 256 bytes', key: `a/${'é'.repeat(128)}` },
  { name: "the store's own area", key: '.tmp/a' },
] as const;

const REFUSED_PREFIXES = [
  { name: 'absolute path', prefix: '/a' },
  { name: 'dot dot', prefix: '../a' },
  { name: 'NUL', prefix: 'a\0' },
  { name: "the store's own area", prefix: '.tmp/' },
] as const;

const TAKEN_KEYS = [
  { name: 'equals sign, as in a release store', key: `signatures/sha256=${'0'.repeat(64)}/signature-1` },
  { name: 'at sign and port, as in a lookaside', key: 'lookaside/registry.example:5000/a/b@sha256=00/signature-1' },
  { name: 'leading dot', key: '.well-known/a' },
  { name: 'three dots', key: 'a/.../b' },
  { name: 'space and accent', key: 'a b/é' },
  { name: 'key of 1,024 bytes', key: `${'abcd/'.repeat(204)}abcd` },
  { name: 'segment of 255 bytes', key: `a/${'x'.repeat(255)}` },
] as const;

const LISTINGS = [
  { name: 'everything', prefix: '', keys: ['a.b/x', 'a/b', 'a/bc', 'a/bc-d/e', 'a/c/d', 'a0', 'é', '\ufffd', '😀'] },
  { name: 'string prefix of a name', prefix: 'a/b', keys: ['a/b', 'a/bc', 'a/bc-d/e'] },
  { name: 'folder', prefix: 'a/', keys: ['a/b', 'a/bc', 'a/bc-d/e', 'a/c/d'] },
  { name: 'start of folders and names', prefix: 'a', keys: ['a.b/x', 'a/b', 'a/bc', 'a/bc-d/e', 'a/c/d', 'a0'] },
  { name: 'whole key', prefix: 'a/c/d', keys: ['a/c/d'] },
  { name: 'an object as folder', prefix: 'a0/', keys: [] },
  { name: 'absent', prefix: 'b', keys: [] },
] as const;

const STARTS = [
  {
    name: 'nothing',
    prefix: '',
    after: '',
    keys: ['a.b/x', 'a/b', 'a/bc', 'a/bc-d/e', 'a/c/d', 'a0', 'é', '\ufffd', '😀'],
  },
  {
    name: 'a key, which is left out',
    prefix: '',
    after: 'a/bc',
    keys: ['a/bc-d/e', 'a/c/d', 'a0', 'é', '\ufffd', '😀'],
  },
  { name: 'a key that is not there', prefix: 'a/', after: 'a/bb', keys: ['a/bc', 'a/bc-d/e', 'a/c/d'] },
  { name: 'the name of a folder', prefix: 'a/', after: 'a/c', keys: ['a/c/d'] },
  { name: 'the start of a folder', prefix: 'a', after: 'a/', keys: ['a/b', 'a/bc', 'a/bc-d/e', 'a/c/d', 'a0'] },
  { name: 'all of a folder', prefix: 'a', after: 'a/\u{10ffff}', keys: ['a0'] },
  { name: 'a folder within a folder', prefix: 'a/', after: 'a/bc-d/\u{10ffff}', keys: ['a/c/d'] },
  {
    name: 'a folder whose name goes on',
    prefix: '',
    after: 'a.b/x',
    keys: ['a/b', 'a/bc', 'a/bc-d/e', 'a/c/d', 'a0', 'é', '\ufffd', '😀'],
  },
  { name: 'by bytes, not by UTF-16', prefix: '', after: '\ufffd', keys: ['😀'] },
  { name: 'before the prefix', prefix: 'a/c', after: 'A', keys: ['a/c/d'] },
  { name: 'after the prefix', prefix: 'a/', after: 'b', keys: [] },
  { name: 'the last key', prefix: '', after: '😀', keys: [] },
] as const;

const REFUSED_STARTS = [
  { name: 'NUL', after: 'a\0' },
  { name: 'lone surrogate', after: 'a\ud800' },
  { name: 'more than 1,024 bytes', after: 'a'.repeat(1025) },
] as const;

export function toBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export async function readText(store: ObjectStore, key: string): Promise<string | undefined> {
  const stored = await store.readObject(key, LIMIT);
  return stored === undefined ? undefined : new TextDecoder().decode(stored.bytes);
}

export async function listKeys(store: ObjectStore, prefix: string, after?: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.listObjects(prefix, { after })) keys.push(key);
  return keys;
}

/** The code of the StoreError that the operation fails with; any other failure goes on. */
export async function storeErrorCode(operation: Promise<unknown>): Promise<StoreErrorCode | undefined> {
  try {
    await operation;
    return undefined;
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
}

/** What every object store has to do. `makeStore` returns a new, empty one. */
export function describeObjectStoreContract(name: string, makeStore: () => Promise<ObjectStore>): void {
  describe(`${name}: the object store contract`, () => {
    describeReads(makeStore);
    describeWrites(makeStore);
    describeContention(makeStore);
    describeListings(makeStore);
    describeKeys(makeStore);
  });
}

function describeReads(makeStore: () => Promise<ObjectStore>): void {
  it('reads what was created', async () => {
    const store = await makeStore();
    expect(await store.createObject('a/b', toBytes('one'))).toBe(true);
    expect(await readText(store, 'a/b')).toBe('one');
  });

  it('reads an absent key as undefined, also below and above an object', async () => {
    const store = await makeStore();
    await store.createObject('a/b', toBytes('one'));
    for (const key of ['b', 'a', 'a/c', 'a/b/c']) expect(await store.readObject(key, LIMIT)).toBeUndefined();
  });

  it('reads an empty object', async () => {
    const store = await makeStore();
    await store.createObject('a', toBytes(''));
    expect(await readText(store, 'a')).toBe('');
  });

  it('reads at most the limit', async () => {
    const store = await makeStore();
    await store.createObject('a', new Uint8Array(LIMIT));
    await store.createObject('b', new Uint8Array(LIMIT + 1));
    expect((await store.readObject('a', LIMIT))?.bytes).toHaveLength(LIMIT);
    expect(await storeErrorCode(store.readObject('b', LIMIT))).toBe('LimitExceeded');
  });

  it('changes the etag with the bytes', async () => {
    const store = await makeStore();
    await store.createObject('a', toBytes('one'));
    const before = await store.readObject('a', LIMIT);
    expect((await store.readObject('a', LIMIT))?.etag).toBe(before?.etag);
    await store.replaceObject('a', toBytes('two'), before?.etag);
    expect((await store.readObject('a', LIMIT))?.etag).not.toBe(before?.etag);
  });
}

function describeWrites(makeStore: () => Promise<ObjectStore>): void {
  it('never creates over another object', async () => {
    const store = await makeStore();
    await store.createObject('a', toBytes('one'));
    expect(await store.createObject('a', toBytes('two'))).toBe(false);
    expect(await readText(store, 'a')).toBe('one');
  });

  it('replaces what has the etag', async () => {
    const store = await makeStore();
    await store.createObject('a', toBytes('one'));
    const stored = await store.readObject('a', LIMIT);
    expect(await store.replaceObject('a', toBytes('two'), stored?.etag)).toBe(true);
    expect(await readText(store, 'a')).toBe('two');
  });

  it('does not replace what has another etag', async () => {
    const store = await makeStore();
    await store.createObject('a', toBytes('one'));
    const stored = await store.readObject('a', LIMIT);
    await store.replaceObject('a', toBytes('two'), stored?.etag);
    expect(await store.replaceObject('a', toBytes('three'), stored?.etag)).toBe(false);
    expect(await readText(store, 'a')).toBe('two');
  });

  it('replaces only what is absent when there is no etag', async () => {
    const store = await makeStore();
    expect(await store.replaceObject('a/b', toBytes('one'), undefined)).toBe(true);
    expect(await store.replaceObject('a/b', toBytes('two'), undefined)).toBe(false);
    expect(await readText(store, 'a/b')).toBe('one');
  });

  it('does not replace what is gone', async () => {
    const store = await makeStore();
    await store.createObject('a/b', toBytes('one'));
    const stored = await store.readObject('a/b', LIMIT);
    await store.deleteObject('a/b');
    expect(await store.replaceObject('a/b', toBytes('two'), stored?.etag)).toBe(false);
    expect(await store.replaceObject('c/d', toBytes('two'), stored?.etag)).toBe(false);
    expect(await listKeys(store, '')).toEqual([]);
  });

  it('deletes, again and again', async () => {
    const store = await makeStore();
    await store.createObject('a/b', toBytes('one'));
    await store.createObject('a/c', toBytes('two'));
    for (const key of ['a/b', 'a/b', 'a', 'a/b/c', 'd/e']) await store.deleteObject(key);
    expect(await listKeys(store, '')).toEqual(['a/c']);
    expect(await store.createObject('a/b', toBytes('three'))).toBe(true);
  });

  it('keeps nothing of the caller’s buffer', async () => {
    const store = await makeStore();
    const bytes = toBytes('one');
    await store.createObject('a', bytes);
    bytes.fill(0);
    expect(await readText(store, 'a')).toBe('one');
  });
}

function describeContention(makeStore: () => Promise<ObjectStore>): void {
  it('lets exactly one of many concurrent creators win', async () => {
    const store = await makeStore();
    const contenders = Array.from({ length: CONTENDERS }, (_, index) => `writer ${index}`);
    const won = await Promise.all(contenders.map((text) => store.createObject('a/b', toBytes(text))));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await readText(store, 'a/b')).toBe(contenders[won.indexOf(true)]);
  });

  it('lets exactly one of many concurrent replacements of one etag win', async () => {
    const store = await makeStore();
    await store.createObject('a', toBytes('before'));
    const stored = await store.readObject('a', LIMIT);
    const contenders = Array.from({ length: CONTENDERS }, (_, index) => `writer ${index}`);
    const won = await Promise.all(contenders.map((text) => store.replaceObject('a', toBytes(text), stored?.etag)));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await readText(store, 'a')).toBe(contenders[won.indexOf(true)]);
  });
}

function describeListings(makeStore: () => Promise<ObjectStore>): void {
  it.each(LISTINGS)('lists by prefix, sorted: $name', async ({ prefix, keys }) => {
    const store = await makeStore();
    for (const key of ['é', 'a0', 'a/c/d', '😀', 'a/bc-d/e', 'a/bc', 'a.b/x', '\ufffd', 'a/b']) {
      await store.createObject(key, toBytes(key));
    }
    expect(await listKeys(store, prefix)).toEqual(keys);
  });

  it.each(STARTS)('lists only what comes after: $name', async ({ prefix, after, keys }) => {
    const store = await makeStore();
    for (const key of ['é', 'a0', 'a/c/d', '😀', 'a/bc-d/e', 'a/bc', 'a.b/x', '\ufffd', 'a/b']) {
      await store.createObject(key, toBytes(key));
    }
    expect(await listKeys(store, prefix, after)).toEqual(keys);
  });

  it('lists only what comes after what is gone', async () => {
    const store = await makeStore();
    for (const key of ['a/1', 'a/2', 'a/3']) await store.createObject(key, toBytes(key));
    await store.deleteObject('a/2');
    expect(await listKeys(store, 'a/', 'a/2')).toEqual(['a/3']);
  });

  it.each(REFUSED_STARTS)('refuses to list after: $name', async ({ after }) => {
    expect(await storeErrorCode(listKeys(await makeStore(), '', after))).toBe('KeyRefused');
  });

  it('lists sizes in bytes', async () => {
    const store = await makeStore();
    await store.createObject('a', toBytes('é'));
    expect(await Array.fromAsync(store.listObjects(''))).toMatchObject([{ key: 'a', size: 2 }]);
  });

  it('lists nothing in an empty store', async () => {
    expect(await listKeys(await makeStore(), '')).toEqual([]);
  });

  it('may delete what it lists', async () => {
    const store = await makeStore();
    for (const key of ['a/1', 'a/2', 'b/1']) await store.createObject(key, toBytes(key));
    for await (const { key } of store.listObjects('')) await store.deleteObject(key);
    expect(await listKeys(store, '')).toEqual([]);
  });
}

function describeKeys(makeStore: () => Promise<ObjectStore>): void {
  it.each(TAKEN_KEYS)('takes a key: $name', async ({ key }) => {
    const store = await makeStore();
    expect(await store.createObject(key, toBytes('one'))).toBe(true);
    expect(await readText(store, key)).toBe('one');
    expect(await listKeys(store, '')).toEqual([key]);
  });

  it.each(REFUSED_KEYS)('refuses a key: $name', async ({ key }) => {
    const store = await makeStore();
    expect(await storeErrorCode(store.readObject(key, LIMIT))).toBe('KeyRefused');
    expect(await storeErrorCode(store.createObject(key, toBytes('one')))).toBe('KeyRefused');
    expect(await storeErrorCode(store.replaceObject(key, toBytes('one'), undefined))).toBe('KeyRefused');
    expect(await storeErrorCode(store.replaceObject(key, toBytes('one'), 'etag'))).toBe('KeyRefused');
    expect(await storeErrorCode(store.deleteObject(key))).toBe('KeyRefused');
    expect(await listKeys(store, '')).toEqual([]);
  });

  it.each(REFUSED_PREFIXES)('refuses a prefix: $name', async ({ prefix }) => {
    expect(await storeErrorCode(listKeys(await makeStore(), prefix))).toBe('KeyRefused');
  });
}
