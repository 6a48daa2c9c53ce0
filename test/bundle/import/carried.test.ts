import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toCarriedReadme } from '../../../lib/bundle/create/carried-readme.ts';
import { createCarried } from '../../../lib/bundle/create/create-carried.ts';
import { MAX_CARRIED_FILES, MAX_TOOL_BYTES } from '../../../lib/bundle/format/limits.ts';
import { type OpenedSource, withCarriedBundle } from '../../../lib/bundle/import/read-carried.ts';
import {
  type BundleSigner,
  createMemorySink,
  digestOf,
  makeBundle,
  makeBundleSigner,
  makeMirror,
  SIGNAL,
} from '../bundle-setup.ts';
import { type CraftedEntry, craftGzip, craftTar } from '../craft-archive.ts';

const TOOL = 'signet-0.2.0-linux-x64';
const sumOf = (body: string | Uint8Array): string => createHash('sha256').update(body).digest('hex');

let work = '';
let signer: BundleSigner;
let bundle: Buffer;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-carried-test-'));
  signer = await makeBundleSigner();
  ({ bundle } = await makeBundle(makeMirror(signer, [digestOf('a')]), [signer.profile]));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

async function create(change: Partial<Parameters<typeof createCarried>[0]> = {}) {
  const sink = createMemorySink();
  const tool = { name: TOOL, bytes: Buffer.from('#!/bin/sh\n') };
  const created = await createCarried({ bundle, tool, profiles: [signer.profile], sink, signal: SIGNAL, ...change });
  return { created, bytes: sink.committed() ?? Buffer.alloc(0) };
}

/** What is opened of an archive, and the bytes that are imported. */
async function open(bytes: Uint8Array): Promise<{ readonly opened: OpenedSource; readonly found: Buffer | undefined }> {
  const file = path.join(work, 'carry.tar.gz');
  await writeFile(file, bytes);
  return await withCarriedBundle(file, SIGNAL, async (opened) => ({
    opened,
    found: opened.kind === 'source' ? await readFile(opened.location) : undefined,
  }));
}

describe('an archive to carry in', () => {
  test('is the same again, holds the bundle byte for byte, and leaves no copy behind', async () => {
    const [{ bytes, created }, again] = [await create(), await create()];
    expect(bytes.equals(again.bytes)).toBe(true);
    expect(created).toMatchObject({ bundleSha256: sumOf(bundle), tool: { name: TOOL, sha256: sumOf('#!/bin/sh\n') } });
    const { opened, found } = await open(bytes);
    expect(found?.equals(bundle)).toBe(true);
    const copy = opened.kind === 'source' ? opened.location : '';
    await expect(stat(copy)).rejects.toThrow('ENOENT');
  });

  test('of a bundle alone is used as it is', async () => {
    const { opened, found } = await open(bundle);
    expect([opened, found?.equals(bundle)]).toEqual([
      { kind: 'source', location: path.join(work, 'carry.tar.gz') },
      true,
    ]);
  });

  test.each(['signet/../x', 'sh', 'signet;x', ''])('takes no program called %o', async (name) => {
    const sink = createMemorySink();
    const tool = { name, bytes: Buffer.from('x') };
    await expect(create({ tool, sink })).rejects.toThrow('no name of a program');
    expect([sink.committed(), sink.aborted()]).toEqual([undefined, true]);
  });

  test('names a key by what no user ID can forge', () => {
    const { prepared } = signer.profile.trust;
    const [keyring] = prepared.keyrings;
    const [certificate] = keyring?.certificates ?? [];
    if (keyring === undefined || certificate === undefined) throw new Error('there is no key');
    const userIds = ['x`\n- The program has the SHA-256 `0`\u202e'];
    const forged = { ...prepared, keyrings: [{ ...keyring, certificates: [{ ...certificate, userIds }] }] };
    const page = toCarriedReadme({ tool: undefined, bundleSha256: '', profiles: [forged] });
    expect(page).toContain(`\`${certificate.fingerprint}\` x??- The program has the SHA-256 ?0??`);
  });
});

describe('of an archive that is not right nothing is used', () => {
  const page: CraftedEntry = { name: 'README.md', body: 'page' };
  const inner = (): CraftedEntry => ({ name: 'bundle.tar.gz', body: bundle });
  const tool: CraftedEntry = { name: TOOL, body: 'tool', mode: '0000755' };
  const sums = (...entries: readonly CraftedEntry[]): CraftedEntry => ({
    name: 'sha256sum.txt',
    body: entries.map(({ name, body = '' }) => `${sumOf(body)}  ${String(name)}\n`).join(''),
  });
  const whole = (): readonly CraftedEntry[] => [page, sums(page, inner(), tool), inner(), tool];

  test('and one that is right is used', async () => {
    expect((await open(craftGzip(craftTar(whole())))).found?.equals(bundle)).toBe(true);
  });

  test.each<[name: string, entries: () => readonly CraftedEntry[], code: string, place: string | undefined]>([
    [
      'another program',
      () => [page, sums(page, inner(), tool), inner(), { ...tool, body: 'evil' }],
      'ContentMismatch',
      TOOL,
    ],
    [
      'another bundle',
      () => [page, sums(page, inner(), tool), { ...inner(), body: 'x' }, tool],
      'ContentMismatch',
      'bundle.tar.gz',
    ],
    [
      'another page',
      () => [{ ...page, body: 'x' }, sums(page, inner(), tool), inner(), tool],
      'ContentMismatch',
      'README.md',
    ],
    ['a program that is not listed', () => [page, sums(page, inner()), inner(), tool], 'NotInManifest', TOOL],
    ['a program that is missing', () => [page, sums(page, inner(), tool), inner()], 'Missing', TOOL],
    ['no bundle', () => [page, sums(page, tool), tool], 'Missing', 'bundle.tar.gz'],
    ['no sums', () => [page, inner(), tool], 'NotInManifest', 'README.md'],
    ['a file twice', () => [...whole(), tool], 'DuplicatePath', TOOL],
    ['sums twice', () => [...whole(), sums(page, inner(), tool)], 'DuplicatePath', 'sha256sum.txt'],
    ['sums of one file twice', () => [page, sums(page, page), inner()], 'ManifestInvalid', 'sha256sum.txt'],
    [
      'sums of themselves',
      () => [page, { name: 'sha256sum.txt', body: `${'0'.repeat(64)}  sha256sum.txt\n` }],
      'ManifestInvalid',
      'sha256sum.txt',
    ],
    [
      'sums without an end',
      () => [page, { name: 'sha256sum.txt', body: `${'0'.repeat(64)}  README.md` }],
      'ManifestInvalid',
      'sha256sum.txt',
    ],
    ['empty sums', () => [page, { name: 'sha256sum.txt', body: '' }], 'ManifestInvalid', 'sha256sum.txt'],
    ['a way out', () => [page, { name: 'trust/../../etc/passwd', body: 'x' }], 'PathRefused', undefined],
    ['another file', () => [page, { name: 'install.sh', body: 'x' }], 'PathRefused', undefined],
    ['a link', () => [page, { name: 'signet', type: '2', linkName: '/bin/sh' }], 'EntryRefused', 'signet'],
    ['a program that cannot be run', () => [page, { ...tool, mode: '0000644' }], 'EntryRefused', TOOL],
    [
      'a document that can be run',
      () => [page, { name: 'trust/ocp/a.yaml', body: 'x', mode: '0000755' }],
      'EntryRefused',
      'trust/ocp/a.yaml',
    ],
    ['a program of another user', () => [page, { ...tool, mode: '0004755' }], 'EntryRefused', TOOL],
    ['a program that is too long', () => [page, { ...tool, size: MAX_TOOL_BYTES + 1 }], 'LimitExceeded', TOOL],
    ['a page that is too long', () => [{ ...page, size: 2 ** 21 }], 'LimitExceeded', 'README.md'],
    ['something hidden', () => [{ ...page, padding: 1 }], 'EntryRefused', 'README.md'],
  ])('with %s', async (_, entries, code, place) => {
    const { opened } = await open(craftGzip(craftTar(entries())));
    expect(opened).toMatchObject({
      kind: 'faulty',
      outcome: code === 'LimitExceeded' ? 'unreadable' : 'refused',
      faults: [{ code, ...(place === undefined ? {} : { path: place }) }],
    });
  });

  test('with more files than are read', async () => {
    const many = Array.from({ length: MAX_CARRIED_FILES + 1 }, (_, index) => ({ name: `trust/ocp/a${index}.yaml` }));
    const { opened } = await open(craftGzip(craftTar([page, ...many])));
    expect(opened).toMatchObject({ kind: 'faulty', outcome: 'unreadable', faults: [{ code: 'LimitExceeded' }] });
  });

  test('cut anywhere, or with something behind it', async () => {
    const bytes = craftGzip(craftTar(whole()));
    const cuts = Array.from({ length: 20 }, (_, index) =>
      bytes.subarray(0, 700 + index * Math.floor((bytes.length - 701) / 20)),
    );
    for (const cut of [...cuts, Buffer.concat([bytes, bytes])]) {
      const { opened, found } = await open(cut);
      // Cut in its first file it is no such archive, and the reader of bundles says what it is.
      expect(opened.kind === 'faulty' || found?.equals(cut)).toBe(true);
    }
  });
});
