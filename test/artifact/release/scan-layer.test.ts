import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { packTar, type TarEntry } from 'modern-tar';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scanLayer } from '../../../lib/artifact/release/image/scan-layer.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';

function link(name: string): TarEntry {
  return { header: { name: name.slice(0, 90), size: 0, type: 'symlink', linkname: 'x', pax: { path: name } } };
}
function file(name: string): TarEntry {
  return { header: { name: name.slice(0, 90), size: 1, type: 'file', pax: { path: name } }, body: 'a' };
}
function large(name: string, size: number): TarEntry {
  return { header: { name, size, type: 'file' }, body: new Uint8Array(size) };
}
/** As a registry or a decompressor gives them: each when it is there. */
async function* inChunks(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) {
    await Promise.resolve();
    yield bytes.subarray(at, at + length);
  }
}
async function scan(entries: TarEntry[]): Promise<string> {
  const tar = await packTar(entries);
  try {
    const { files } = await scanLayer(
      (async function* () {
        yield tar;
      })(),
    );
    return [...files.keys()].join();
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
}

const RELEASE = 'release-manifests/image-references';

describe('links of a layer', () => {
  test.each<[name: string, entries: TarEntry[], expected: string]>([
    ['none', [file(RELEASE)], 'image-references'],
    ['a link elsewhere', [link('usr/a'), file('usr/ab'), file(RELEASE)], 'image-references'],
    ['an entry below a link', [link('a'), file('a/image-references')], 'a layer has an entry below the link "a"'],
    ['deep below a link', [link('a/b'), file('a/b/c/d')], 'a layer has an entry below the link "a/b"'],
    ['in another spelling', [link('./a//b/'), file('/a/b/c')], 'a layer has an entry below the link "a/b"'],
    ['a link below a link', [link('a'), link('a/b')], 'a layer has an entry below the link "a"'],
    ['a link that a file replaced', [link('a'), file('a'), file('a/b'), file(RELEASE)], 'image-references'],
    ['the names of an object', [link('constructor'), file('__proto__/a'), file(RELEASE)], 'image-references'],
  ])('%s', async (_, entries, expected) => {
    expect(await scan(entries)).toBe(expected);
  });
});

describe('names of a layer', () => {
  const longest = `${'a/'.repeat(2047)}ab`;
  test.each<[name: string, entries: TarEntry[], expected: string]>([
    ['of as many characters as Linux takes', [link('l'), file(longest), file(RELEASE)], 'image-references'],
    ['of more', [link('l'), file(`${longest}c`)], 'a layer has an entry whose name has more than 4096 characters'],
    ['of very many', [link('l'), file('a/'.repeat(80_000))], 'whose name has more than 4096 characters'],
  ])('%s', async (_, entries, expected) => {
    expect(await scan(entries)).toContain(expected);
  });

  test('links of too many segments are refused', { timeout: 30_000 }, async () => {
    const links = Array.from({ length: 250 }, (_, index) => link(`${index}/${'a/'.repeat(2040)}a`));
    expect(await scan(links)).toBe('the links of a layer have more than 500000 segments');
  });
});

describe('a layer that is refused while more of it is to come', () => {
  const escaped: unknown[] = [];
  const keep = (error: unknown): number => escaped.push(error);
  beforeEach(() => {
    escaped.length = 0;
    process.on('uncaughtException', keep);
  });
  afterEach(() => {
    process.off('uncaughtException', keep);
  });

  test.each<[name: string, first: readonly TarEntry[], expected: string]>([
    ['below a link', [link('a'), file('a/b')], 'LayerInvalid'],
    ['a name with ..', [file('a/../b')], 'LayerInvalid'],
    ['a long name', [file('a'.repeat(5000))], 'LimitExceeded'],
    ['a release file twice', [file(RELEASE), file(RELEASE)], 'FileRefused'],
    ['a file that is too long', [large(RELEASE, 4 * 1024 * 1024 + 1)], 'LimitExceeded'],
  ])('%s: one refusal, nothing thrown beside it', { timeout: 30_000 }, async (_, first, expected) => {
    const rest = Array.from({ length: 40 }, (__, index) => large(`z${index}`, 100_000));
    const tar = await packTar([...first, ...rest]);
    for (const length of [512, 65_536, 1_000_000]) {
      await expect(scanLayer(inChunks(tar, length))).rejects.toMatchObject({ code: expected });
    }
    const broken = tar.fill(0xff, tar.length - 2_000_000, tar.length - 1_900_000);
    await expect(scanLayer(inChunks(broken, 65_536))).rejects.toMatchObject({ code: expected });
    await wait(50);
    expect(escaped).toEqual([]);
  });

  test('no archive from its middle on', async () => {
    const tar = await packTar(Array.from({ length: 40 }, (_, index) => large(`z${index}`, 100_000)));
    tar.fill(0xff, 2_000_000);
    for (const length of [512, 65_536, 1_000_000]) {
      await expect(scanLayer(inChunks(tar, length))).rejects.toMatchObject({ code: 'LayerInvalid' });
    }
    await wait(50);
    expect(escaped).toEqual([]);
  });

  test('a source that fails, and its own error', async () => {
    const tar = await packTar([large('a', 3_000_000)]);
    const fault = new StoreError('ConnectionFailed', 'the registry went away');
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of inChunks(tar.subarray(0, 1_000_000), 65_536)) yield chunk;
      throw fault;
    };
    await expect(scanLayer(failing())).rejects.toBe(fault);
    await wait(50);
    expect(escaped).toEqual([]);
  });
});
