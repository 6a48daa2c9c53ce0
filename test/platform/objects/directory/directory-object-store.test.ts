import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { syncDirectory } from '../../../../lib/platform/files/file-error.ts';
import type { FilePace } from '../../../../lib/platform/files/read-regular-file.ts';
import { createDirectoryObjectStore } from '../../../../lib/platform/objects/directory/directory-object-store.ts';
import { createDirectoryReader } from '../../../../lib/platform/objects/directory/directory-reader.ts';
import { listFiles } from '../../../../lib/platform/objects/directory/list-files.ts';
import { LEFTOVER_AGE_MS } from '../../../../lib/platform/objects/directory/store-directory.ts';
import { describeObjectStoreContract, listKeys, readText, storeErrorCode, toBytes } from '../object-store-contract.ts';

let scratch = '';
let count = 0;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'objects-'));
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

function newRoot(): string {
  count += 1;
  return path.join(scratch, String(count));
}

/** A socket of that name, which is left where nobody listens any more. */
function leaveSocket(at: string): void {
  const program = `require('node:net').createServer().listen(${JSON.stringify(at)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', program]);
}

describeObjectStoreContract('directory', async () => createDirectoryObjectStore(newRoot()));
describeObjectStoreContract('directory, read by what only reads', async () => {
  const root = newRoot();
  return { ...createDirectoryObjectStore(root), ...createDirectoryReader(root) };
});

describe('directory: what is in the way', () => {
  it.each([
    { name: 'outside the root', target: (root: string) => path.join(root, '..', 'outside') },
    { name: 'inside the root', target: (root: string) => path.join(root, 'inside') },
  ])('follows no symbolic link to a directory $name', async ({ target }) => {
    const root = newRoot();
    await mkdir(target(root), { recursive: true });
    await mkdir(root, { recursive: true });
    await writeFile(path.join(target(root), 'a'), 'secret');
    await symlink(target(root), path.join(root, 'link'));
    const store = createDirectoryObjectStore(root);
    expect(await storeErrorCode(store.readObject('link/a', 100))).toBe('NotAllowed');
    expect(await storeErrorCode(createDirectoryReader(root).readObject('link/a', 100))).toBe('NotAllowed');
    expect(await storeErrorCode(store.createObject('link/b', toBytes('one')))).toBe('NotAllowed');
    expect(await storeErrorCode(store.createObject('link/c/d', toBytes('one')))).toBe('NotAllowed');
    expect(await storeErrorCode(store.deleteObject('link/a'))).toBe('NotAllowed');
    expect(await storeErrorCode(listKeys(store, 'link/'))).toBe('NotAllowed');
    // Without a slash: a name in which nothing is, whatever the link leads to.
    expect(await Array.fromAsync(store.listObjects('li'))).toMatchObject([{ key: 'link', isIrregular: true }]);
    expect(await storeErrorCode(store.readObject('link', 100))).toBe('NotAllowed');
    expect(await readdir(target(root))).toEqual(['a']);
  });

  it('follows no symbolic link that takes the place of a directory it has just used', async () => {
    const root = newRoot();
    const outside = `${root}-outside`;
    await mkdir(outside);
    const store = createDirectoryObjectStore(root);
    await store.createObject('a/b/c', toBytes('one'));
    await rename(path.join(root, 'a'), `${root}-moved`);
    await symlink(outside, path.join(root, 'a'));
    for (const key of ['a/b', 'a/b/d', 'a/new/d']) {
      expect(await storeErrorCode(store.createObject(key, toBytes('two')))).toBe('NotAllowed');
    }
    expect(await readdir(outside)).toEqual([]);
  });

  it('writes nothing aside through a symbolic link', async () => {
    const root = newRoot();
    const outside = `${root}-outside`;
    await Promise.all([mkdir(outside), mkdir(root)]);
    await symlink(outside, path.join(root, '.tmp'));
    const store = createDirectoryObjectStore(root);
    expect(await storeErrorCode(store.createObject('a', toBytes('one')))).toBe('NotAllowed');
    expect(await readdir(outside)).toEqual([]);
  });

  it('goes on when its root is gone, and when another takes its place', async () => {
    const root = newRoot();
    const store = createDirectoryObjectStore(root);
    await store.createObject('a/b', toBytes('one'));
    await rm(root, { recursive: true });
    expect(await store.createObject('a/b', toBytes('two'))).toBe(true);
    await rename(root, `${root}-moved`);
    await Promise.all([mkdir(`${root}-other`), symlink(`${root}-other`, root)]);
    expect(await store.createObject('a/b', toBytes('three'))).toBe(true);
    expect(await readText(createDirectoryObjectStore(`${root}-other`), 'a/b')).toBe('three');
    expect(await readText(createDirectoryObjectStore(`${root}-moved`), 'a/b')).toBe('two');
  });

  it('opens no directory of keys before the start of a listing', async () => {
    const root = newRoot();
    const store = createDirectoryObjectStore(root);
    for (const key of ['a/1/x', 'a/2/x', 'b']) await store.createObject(key, toBytes(key));
    let calls = 0;
    const pace: FilePace = {
      run: (_, inThread) => {
        calls += 1;
        return inThread();
      },
    };
    const list = async (prefix: string, after: string): Promise<[keys: string[], calls: number]> => {
      calls = 0;
      const listed = await Array.fromAsync(listFiles(root, '', { prefix, after, pace }));
      return [listed.map(({ key }) => key), calls];
    };
    // A look and a reading for each directory on the way, and a look at the file; one more at the start.
    expect(await list('a/', 'a/1/\u{10ffff}')).toEqual([['a/2/x'], 10]);
    expect(await list('a/', '')).toEqual([['a/1/x', 'a/2/x'], 11]);
    expect(await list('', 'a/2')).toEqual([['a/2/x', 'b'], 9]);
  });

  it.each<[name: string, make: (at: string) => unknown]>([
    ['a FIFO', (at) => spawnSync('mkfifo', [at])],
    ['a link to a file', (at) => symlink('x', at)],
    ['a link to a directory', (at) => symlink('/etc', at)],
    ['a link to nothing', (at) => symlink('/nowhere', at)],
    ['a link to itself', (at) => symlink(at, at)],
    ['a socket', leaveSocket],
  ])('lists what is beside %s, and names that as nothing that can be read', async (_, make) => {
    const root = newRoot();
    const store = createDirectoryObjectStore(root);
    for (const key of ['a/x', 'a/z', 'b']) await store.createObject(key, toBytes(key));
    await make(path.join(root, 'a', 'y'));
    const listed = await Array.fromAsync(store.listObjects(''));
    expect(listed.map(({ key, isIrregular }) => [key, isIrregular])).toEqual([
      ['a/x', undefined],
      ['a/y', true],
      ['a/z', undefined],
      ['b', undefined],
    ]);
    expect(await storeErrorCode(store.readObject('a/y', 100))).toBe('NotAllowed');
    expect(await storeErrorCode(listKeys(store, 'a/y/'))).toBe('NotAllowed');
  });

  it('passes over names that no key can have, as S3 does', async () => {
    const root = newRoot();
    const store = createDirectoryObjectStore(root);
    for (const key of ['a/x', 'a/z']) await store.createObject(key, toBytes(key));
    await writeFile(path.join(root, 'a', 'y\\1'), 'one');
    await writeFile(path.join(root, 'a', 'y\u001b[2J'), 'one');
    await mkdir(path.join(root, 'a', 'y\n'));
    await writeFile(path.join(root, 'a', 'y\n', 'one'), 'one');
    expect(await listKeys(store, 'a/')).toEqual(['a/x', 'a/z']);
  });

  it('lists in order what is more than it sorts at once', async () => {
    const root = newRoot();
    // As UTF-16, the first would come before the last; a directory's name sorts with its slash.
    const odd = ['odd/\u{1F600}', 'odd/a.b', 'odd/a/b', 'odd/a0', 'odd/\uFF5E'];
    const many = Array.from({ length: 5_000 }, (_, index) => `odd/${(index * 7_919) % 5_003}`);
    await mkdir(path.join(root, 'odd/a'), { recursive: true });
    for (const key of [...odd, ...many]) writeFileSync(path.join(root, key), '');
    const sorted = [...odd, ...many].toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    const store = createDirectoryObjectStore(root);
    expect(await listKeys(store, 'odd/')).toEqual(sorted);
    expect(await listKeys(store, 'odd/', sorted[3_000])).toEqual(sorted.slice(3_001));
  });

  it('follows no symbolic link to a file, and creates nothing over one', async () => {
    const root = newRoot();
    await mkdir(root);
    await writeFile(path.join(scratch, 'secret'), 'secret');
    await symlink(path.join(scratch, 'secret'), path.join(root, 'a'));
    const store = createDirectoryObjectStore(root);
    expect(await storeErrorCode(store.readObject('a', 100))).toBe('NotAllowed');
    expect(await storeErrorCode(store.replaceObject('a', toBytes('one'), 'etag'))).toBe('NotAllowed');
    expect(await store.createObject('a', toBytes('one'))).toBe(false);
  });

  it('may itself be reached through a symbolic link', async () => {
    const root = newRoot();
    await mkdir(root);
    await symlink(root, `${root}-link`);
    const store = createDirectoryObjectStore(`${root}-link`);
    await store.createObject('a/b', toBytes('one'));
    expect(await listKeys(store, '')).toEqual(['a/b']);
    expect(await readText(createDirectoryObjectStore(root), 'a/b')).toBe('one');
  });

  it('does not wait for a FIFO', async () => {
    const root = newRoot();
    await mkdir(root);
    spawnSync('mkfifo', [path.join(root, 'a')]);
    expect(await storeErrorCode(createDirectoryObjectStore(root).readObject('a', 100))).toBe('NotAllowed');
  });

  it('refuses a key that runs through another object, either way', async () => {
    const store = createDirectoryObjectStore(newRoot());
    await store.createObject('a/b', toBytes('one'));
    expect(await storeErrorCode(store.createObject('a', toBytes('two')))).toBe('KeyRefused');
    expect(await storeErrorCode(store.createObject('a/b/c', toBytes('two')))).toBe('KeyRefused');
    expect(await storeErrorCode(store.createObject('a/b/c/d', toBytes('two')))).toBe('KeyRefused');
  });

  it('does not confuse a broken root with an absent object', async () => {
    const root = newRoot();
    await symlink(root, root);
    const store = createDirectoryObjectStore(root);
    expect(await storeErrorCode(store.readObject('a', 100))).toBe('NotAllowed');
    expect(await storeErrorCode(listKeys(store, ''))).toBe('NotAllowed');
  });
});

describe('directory: the temporary area', () => {
  it('holds nothing after a write', async () => {
    const root = newRoot();
    const store = createDirectoryObjectStore(root);
    await store.createObject('a', toBytes('one'));
    await store.createObject('a', toBytes('two'));
    await store.replaceObject('a', toBytes('three'), 'another etag');
    expect(await readdir(path.join(root, '.tmp'))).toEqual(['locks']);
  });

  it('is swept of what is older than an hour, with the next write', async () => {
    const root = newRoot();
    const leftovers = path.join(root, '.tmp');
    await mkdir(leftovers, { recursive: true });
    for (const name of ['old', 'new']) await writeFile(path.join(leftovers, name), 'half');
    const longAgo = new Date(Date.now() - LEFTOVER_AGE_MS - 1000);
    await utimes(path.join(leftovers, 'old'), longAgo, longAgo);
    const store = createDirectoryObjectStore(root);
    await store.readObject('a', 100);
    expect(await readdir(leftovers)).toEqual(['new', 'old']);
    await store.createObject('a', toBytes('one'));
    expect(await readdir(leftovers)).toEqual(['new']);
    expect(await listKeys(store, '')).toEqual(['a']);
  });
});

describe('directory: the sync of a directory', () => {
  it('is shared by who wait for it, and fails for each of them', async () => {
    const root = newRoot();
    await mkdir(root);
    await Promise.all(Array.from({ length: 20 }, () => syncDirectory(root)));
    const missing = path.join(root, 'missing');
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => syncDirectory(missing)));
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']));
    await mkdir(missing);
    await Promise.all([syncDirectory(missing), syncDirectory(missing)]);
  });

  it('begins after it was asked for, where another is under way', async () => {
    const root = newRoot();
    const underWay = Promise.allSettled([syncDirectory(root)]);
    const later = syncDirectory(root);
    // The one under way may have missed it.
    mkdirSync(root);
    await underWay;
    await expect(later).resolves.toBeUndefined();
  });
});
