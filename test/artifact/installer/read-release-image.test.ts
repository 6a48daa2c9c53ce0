import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { packTar, type TarEntry } from 'modern-tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_ARCHIVE_ENTRIES, MAX_INSTALLER_BYTES, readMembers } from '../../../lib/artifact/installer/read-members.ts';
import { MAX_RELEASE_IMAGES, readReleaseImage } from '../../../lib/artifact/installer/read-release-image.ts';
import { scanSlots } from '../../../lib/artifact/installer/release-slots.ts';
import { IMAGE, makeInstaller, write } from './installer-writer.ts';

const MEBIBYTE = 1024 * 1024;
const toPullspec = (digit: number | string): string =>
  `quay.io/openshift-release-dev/ocp-release@sha256:${String(digit).padStart(64, '0')}`;
const PULLSPEC = toPullspec('a');

let work = '';
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-installer-'));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

async function read(bytes: Uint8Array): ReturnType<typeof readReleaseImage> {
  const file = path.join(work, 'file');
  await writeFile(file, bytes);
  return readReleaseImage(file);
}

const toEntry = (name: string, body: Uint8Array): TarEntry => ({
  header: { name, size: body.length, type: 'file' },
  body,
});
const archive = (...entries: readonly TarEntry[]): Promise<Uint8Array> => packTar([...entries]);

describe('an installer', () => {
  test('says image, version and architecture', async () => {
    const written = { image: PULLSPEC, version: '4.16.37', architecture: 'linux/amd64' };
    expect(await read(makeInstaller(written))).toEqual({
      members: [],
      untrustedPullspec: PULLSPEC,
      version: '4.16.37',
      architecture: 'linux/amd64',
    });
  });

  test.each<[string, string]>([
    ['short', 'q.io/a/b:c'],
    ['as long as the name of its place', `quay.io/${'a'.repeat(18)}`],
    ['long', `registry.example.com:5000/${'a'.repeat(150)}@sha256:${'b'.repeat(64)}`],
  ])('carries a pullspec that is %s', async (_, image) => {
    expect((await read(makeInstaller({ image }))).untrustedPullspec).toBe(image);
  });

  test.each(['4.1.0', '4.16.0-rc.1', '4.10.0-0.nightly-2021-12-14-083101', '4.20.0-0.okd-scos-2026-01-01-000000'])(
    'of version %s',
    async (version) => {
      expect(await read(makeInstaller({ image: PULLSPEC, version }))).toMatchObject({
        untrustedPullspec: PULLSPEC,
        version,
      });
    },
  );

  test.each<[string, (bytes: Uint8Array) => Promise<Uint8Array> | Uint8Array, readonly string[]]>([
    ['packed', (bytes) => gzipSync(bytes), []],
    ['in a tar', (bytes) => archive(toEntry('openshift-install', bytes)), ['openshift-install']],
    [
      'in a packed tar with a README',
      async (bytes) =>
        gzipSync(await archive(toEntry('README.md', Buffer.from('# x')), toEntry('openshift-install', bytes))),
      ['openshift-install'],
    ],
    [
      'twice in a tar',
      (bytes) => archive(toEntry('openshift-install', bytes), toEntry('openshift-install-fips', bytes)),
      ['openshift-install', 'openshift-install-fips'],
    ],
  ])('%s', async (_, pack, members) => {
    expect(await read(await pack(makeInstaller({ image: PULLSPEC })))).toMatchObject({
      untrustedPullspec: PULLSPEC,
      members,
    });
  });

  test.each([1, 7, 326, 327, 328, 4096])('is read in chunks of %d bytes', async (size) => {
    const bytes = makeInstaller({ image: PULLSPEC, version: '4.16.37' }, 500);
    const found = [];
    for await (const slot of scanSlots(inChunks(bytes, size))) found.push(slot);
    expect(found).toEqual([
      { kind: 'version', value: '4.16.37' },
      { kind: 'architecture', value: undefined },
      { kind: 'image', value: PULLSPEC },
    ]);
  });

  test('of 300 MB is read in bounded memory', async () => {
    const file = path.join(work, 'large');
    const handle = await open(file, 'w');
    await handle.truncate(300 * MEBIBYTE);
    await handle.write(makeInstaller({ image: PULLSPEC }), undefined, undefined, 300 * MEBIBYTE);
    await handle.close();
    const before = process.memoryUsage.rss();
    expect((await readReleaseImage(file)).untrustedPullspec).toBe(PULLSPEC);
    expect(process.memoryUsage.rss() - before).toBeLessThan(150 * MEBIBYTE);
  });
});

describe('refused is', () => {
  test.each<[string, () => Promise<Uint8Array> | Uint8Array, string]>([
    ['a development build', () => makeInstaller({}), 'a development build'],
    [
      'one that is written in one place of two',
      () => Buffer.concat([makeInstaller({ image: PULLSPEC }), IMAGE]),
      'next to one with a release image',
    ],
    [
      'one with two images',
      () => Buffer.concat([makeInstaller({ image: PULLSPEC }), makeInstaller({ image: toPullspec('b') })]),
      `it holds release images that differ: ${PULLSPEC}, ${toPullspec('b')}`,
    ],
    [
      'an archive whose files differ',
      () => archive(...[1, 2].map((digit) => toEntry(`f${digit}`, makeInstaller({ image: toPullspec(digit) })))),
      'it holds release images that differ',
    ],
    [
      'an archive with a file under the same name again',
      () =>
        archive(...[1, 2].map((digit) => toEntry('openshift-install', makeInstaller({ image: toPullspec(digit) })))),
      'it holds release images that differ',
    ],
    [
      'one with more images than are told apart',
      () =>
        Buffer.concat(
          Array.from({ length: MAX_RELEASE_IMAGES + 2 }, (_, digit) => makeInstaller({ image: toPullspec(digit) })),
        ),
      'it holds release images that differ',
    ],
    ['another program', () => Buffer.from('#!/bin/sh\n'), 'no release image found'],
    ['oc, which has a version alone', () => write('version', '4.16.37'), 'no release image found'],
    ['an image that is no pullspec', () => makeInstaller({ image: 'not-a-pullspec!' }), 'no release image found'],
    ['an empty file', () => Buffer.alloc(0), 'no release image found'],
    ['a ZIP archive', () => Buffer.from('PK\x03\x04'), 'unpack it first'],
    [
      'a packed file cut short',
      () => gzipSync(makeInstaller({ image: PULLSPEC })).subarray(0, -20),
      'unexpected end of file',
    ],
    [
      'a tar cut short',
      async () => (await archive(toEntry('openshift-install', makeInstaller({ image: PULLSPEC })))).subarray(0, 2000),
      'truncated',
    ],
    [
      'an archive of too many entries',
      () =>
        archive(
          ...Array.from({ length: MAX_ARCHIVE_ENTRIES + 1 }, (_, index) => toEntry(`f${index}`, Buffer.from('x'))),
        ),
      `more than ${MAX_ARCHIVE_ENTRIES} entries`,
    ],
  ])('%s', async (_, bytes, message) => {
    await expect(read(await bytes())).rejects.toThrow(message);
  });

  test.each([
    ['attributes of the next file', 'x'],
    ['attributes of all files', 'g'],
    ['a long name', 'L'],
  ])('an archive with 32 MiB of %s, which would have to be kept', async (_, type) => {
    const bytes = Buffer.from(await archive(toEntry('a', Buffer.alloc(32 * MEBIBYTE, 'x'))));
    bytes.write(type, 156, 'latin1');
    bytes.fill(' ', 148, 156);
    const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    await expect(read(bytes)).rejects.toThrow('exceeds maximum size');
  });

  test('an archive of links, which are not followed', async () => {
    const link = (name: string, type: 'symlink' | 'link'): TarEntry => ({
      header: { name, type, size: 0, linkname: path.join(work, 'target') },
    });
    await writeFile(path.join(work, 'target'), makeInstaller({ image: PULLSPEC }));
    const bytes = await archive(link('openshift-install', 'symlink'), link('other', 'link'));
    await expect(read(bytes)).rejects.toThrow('no release image found');
  });

  test('a file longer than the limit, before it is read', async () => {
    const file = path.join(work, 'long');
    await writeFile(file, '');
    await truncate(file, MAX_INSTALLER_BYTES + 1);
    await expect(readReleaseImage(file)).rejects.toThrow(`more than ${MAX_INSTALLER_BYTES} bytes`);
    await rm(file);
  });

  test('a folder', async () => {
    await expect(readReleaseImage(work)).rejects.toThrow('not a regular file');
  });
});

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
}

test('a packed archive with much behind its end: nothing is thrown when its file is closed', async () => {
  const file = path.join(work, 'left');
  const packed = gzipSync(await archive(toEntry('openshift-install', makeInstaller({ image: PULLSPEC }))));
  const escaped: unknown[] = [];
  const keep = (error: unknown): number => escaped.push(error);
  process.on('uncaughtException', keep);
  try {
    for (const behind of [600_000, 2_000_000, 5_000_000]) {
      await writeFile(file, Buffer.concat([packed, Buffer.alloc(behind)]));
      for await (const { chunks } of readMembers(file)) for await (const _ of chunks);
      for await (const _ of readMembers(file)) break;
      await wait(5);
    }
  } finally {
    process.off('uncaughtException', keep);
  }
  expect(escaped).toEqual([]);
});
