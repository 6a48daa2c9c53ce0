import { mkdir, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Digest, toKeySegment } from '../../../lib/base/names/digest.ts';
import { MAX_TAR_NAME_BYTES } from '../../../lib/bundle/format/limits.ts';
import { readMirrorArchive } from '../../../lib/bundle/import/read-mirror-archive.ts';
import { MAX_SIGNATURE_BYTES } from '../../../lib/stores/port/signature-store.ts';
import { createScratch, digestOf, importInto, keyOf, makeBundleSigner, SIGNAL, snapshot } from '../bundle-setup.ts';
import { type CraftedEntry, craftTar } from '../craft-archive.ts';

const newPath = createScratch('mirror-archive-');
const signer = await makeBundleSigner();
const stranger = await makeBundleSigner('stranger');
const [A, B] = [digestOf('archive a'), digestOf('archive b')];
const [SIGNED_A, SIGNED_B] = [signer.sign(A), signer.sign(B)];
const pathOf = (digest: Digest): string => `working-dir/signatures/4.16.37-x86_64-${toKeySegment(digest)}`;
const entryOf = (digest: Digest, body: Uint8Array = signer.sign(digest)): CraftedEntry => ({
  name: pathOf(digest),
  body,
});

/** One octet of the signed message, and not of its frame. */
function tamper(message: Uint8Array): Buffer {
  const bytes = Buffer.from(message);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

/** As oc-mirror writes them, in part: what is no signature is far longer. */
const OTHERS: readonly CraftedEntry[] = [
  { name: 'docker/registry/v2/blobs/sha256/aa/data', body: Buffer.alloc(300_000, 7) },
  { name: 'working-dir/', type: '5' },
  { name: 'working-dir/signatures', type: '5' },
  { name: 'working-dir/info/link', type: '2', linkName: '/etc/passwd' },
  { name: 'working-dir/hold-release/index.json', body: '{}' },
];

async function writeTar(bytes: Uint8Array, name = 'mirror_000001.tar'): Promise<string> {
  const folder = newPath();
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, name), bytes);
  return path.join(folder, name);
}

async function writeFolder(entries: readonly CraftedEntry[]): Promise<string> {
  const folder = newPath();
  for (const { name, body } of entries) {
    const file = path.join(folder, String(name));
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, body ?? '');
  }
  return folder;
}

async function listFiles(folder: string): Promise<readonly string[]> {
  const names = Object.keys(await snapshot(folder));
  return names.filter((name) => name.includes('/signature-')).toSorted();
}

function pax(name: string): CraftedEntry {
  const body = ` path=${name}\n`;
  const length = [...Array(9).keys()].map((digits) => body.length + digits).find((n) => `${n}${body}`.length === n);
  return { name: 'PaxHeaders.0/x', type: 'x', body: `${length}${body}` };
}

describe('what oc-mirror carries over', () => {
  test.each<[string, readonly CraftedEntry[]]>([
    ['as oc-mirror writes it', [...OTHERS, entryOf(A), ...OTHERS, entryOf(B)]],
    [
      'with ./ in front',
      [
        { name: `./${pathOf(A)}`, body: SIGNED_A },
        { name: `./${pathOf(B)}`, body: SIGNED_B },
      ],
    ],
    [
      'names in extended headers',
      [pax(pathOf(A)), { name: 'cut', body: SIGNED_A }, pax(pathOf(B)), { name: 'cut', body: SIGNED_B }],
    ],
    [
      'names in headers of GNU tar',
      [A, B].flatMap((digest) => [
        { name: '././@LongLink', type: 'L', body: `${pathOf(digest)}\0` },
        { name: 'cut', body: signer.sign(digest) },
      ]),
    ],
    [
      'a global header before it',
      [{ name: 'pax_global_header', type: 'g', body: '13 comment=x\n' }, entryOf(A), entryOf(B)],
    ],
  ])('a tar, %s', async (_, entries) => {
    const to = newPath();
    const report = await importInto(await writeTar(craftTar(entries)), to, [signer.profile]);
    expect(report).toMatchObject({
      outcome: 'imported',
      kind: 'foreign',
      found: 2,
      written: 2,
      failed: [],
      unread: [],
    });
    expect(await listFiles(to)).toEqual([keyOf(A), keyOf(B)].toSorted());
  });

  test.each<[string, readonly CraftedEntry[], string]>([
    ['a tampered message', [entryOf(A), entryOf(B, tamper(SIGNED_B))], 'refused'],
    ['the signature of another digest', [entryOf(A), entryOf(B, SIGNED_A)], 'refused'],
    ['a key that nobody trusts', [entryOf(A), entryOf(B, stranger.sign(B))], 'refused'],
    ['an error page', [entryOf(A), entryOf(B, Buffer.from('<html>'))], 'refused'],
    ['a message that is too long', [entryOf(A), entryOf(B, Buffer.alloc(MAX_SIGNATURE_BYTES + 1))], 'unreadable'],
  ])('%s refuses a tar and a working directory', async (_, entries, outcome) => {
    for (const source of [await writeTar(craftTar(entries)), await writeFolder(entries)]) {
      const to = newPath();
      expect(await importInto(source, to, [signer.profile])).toMatchObject({ outcome, written: 0 });
      expect(await snapshot(to)).toEqual({});
      const skipping = await importInto(source, to, [signer.profile], { skipUnverified: true });
      expect(skipping).toMatchObject({ outcome: 'partial', written: 1 });
      expect(await listFiles(to)).toEqual([keyOf(A)]);
    }
  });

  test.each<[string, readonly CraftedEntry[], string]>([
    ['a symbolic link', [{ name: pathOf(B), type: '2', linkName: pathOf(A) }], 'it is a link or a device'],
    ['a hard link', [{ name: pathOf(B), type: '1', linkName: pathOf(A) }], 'it is a link or a device'],
    ['a device', [{ name: pathOf(B), type: '3' }], 'it is a link or a device'],
    ['a name that leads out', [{ name: `../../${pathOf(B)}`, body: SIGNED_B }], 'its name leads out'],
    ['an absolute name', [{ name: `/${pathOf(B)}`, body: SIGNED_B }], 'its name leads out'],
    [
      'one that leads out in an extended header',
      [pax(`x/../${pathOf(B)}`), { name: 'b', body: SIGNED_B }],
      'its name leads out',
    ],
    ['the same name twice', [entryOf(A)], 'it is in the archive twice'],
    ['the same name in another spelling', [{ name: `.//${pathOf(A)}`, body: SIGNED_A }], 'it is in the archive twice'],
  ])('%s is refused by its name', async (_, entries, message) => {
    const to = newPath();
    const report = await importInto(await writeTar(craftTar([entryOf(A), ...entries])), to, [signer.profile]);
    expect(report).toMatchObject({ outcome: 'unreadable', written: 0 });
    expect(report.unread[0]?.message).toContain(message);
    expect(report.unread[0]?.location).toContain('working-dir/signatures/');
    expect(await snapshot(to)).toEqual({});
  });

  const whole = craftTar([entryOf(A), ...OTHERS]);
  test.each<[string, Buffer, string]>([
    ['cut within a file', whole.subarray(0, 20_000), 'it was cut'],
    ['cut between two files', craftTar([entryOf(A)], Buffer.alloc(0)), 'it was cut'],
    ['cut within a header', whole.subarray(0, 512 + 1024 + 100), 'it was cut'],
    ['with a damaged header', craftTar([entryOf(A), { ...entryOf(B), checksum: 1 }]), 'it is damaged'],
    ['with a size beyond its end', craftTar([entryOf(A), { name: 'b', size: 2 ** 32 }]), 'it was cut'],
    ['with a size below zero', craftTar([entryOf(A), { name: 'b', size: -512 }]), 'is none'],
    ['with a sparse file', craftTar([entryOf(A), { name: 'b', type: 'S' }]), 'sparse'],
    [
      'with a broken extended header',
      craftTar([{ name: 'x', type: 'x', body: '9999 path=a\n' }, entryOf(A)]),
      'is damaged',
    ],
    [
      'with an extended header without end',
      craftTar([{ name: 'x', type: 'x', body: '0 path=a\n' }, entryOf(A)]),
      'is damaged',
    ],
    [
      'with a name without end',
      craftTar([{ name: 'x', type: 'L', body: Buffer.alloc(MAX_TAR_NAME_BYTES + 1, 97) }]),
      'a name of more',
    ],
    ['without a signature', craftTar(OTHERS), 'holds no signatures'],
  ])('a tar %s is no source', async (_, bytes, message) => {
    const to = newPath();
    const importing = importInto(await writeTar(bytes), to, [signer.profile], { skipUnverified: true });
    await expect(importing).rejects.toThrow(message);
    expect(await snapshot(to)).toEqual({});
  });

  test('of a big archive only headers and signatures are read', async () => {
    const big = 3 * 1024 ** 3;
    const head = craftTar([{ name: 'docker/blob', size: big }], Buffer.alloc(0));
    const file = await writeTar(head);
    // The blob is a hole of the file system.
    await truncate(file, head.length + big);
    await writeFile(file, craftTar([entryOf(A)]), { flag: 'a' });
    expect(await importInto(file, newPath(), [signer.profile])).toMatchObject({ outcome: 'imported', found: 1 });
  });

  test('only so many entries and bytes are read', async () => {
    const file = await writeTar(craftTar([entryOf(A, SIGNED_A), entryOf(B, SIGNED_B)]));
    const maxBytes = SIGNED_A.length + SIGNED_B.length;
    expect((await readMirrorArchive(file, SIGNAL, { maxEntries: 3, maxBytes }))?.candidates).toHaveLength(2);
    await expect(readMirrorArchive(file, SIGNAL, { maxEntries: 2 })).rejects.toThrow('more than 2 files');
    await expect(readMirrorArchive(file, SIGNAL, { maxBytes: maxBytes - 1 })).rejects.toThrow('bytes of signatures');
  });
});
