import { randomBytes } from 'node:crypto';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readArchive } from '../../../lib/bundle/format/archive.ts';
import {
  MAX_BUNDLE_BYTES,
  MAX_BUNDLE_FILES,
  MAX_EARLIER,
  MAX_FILE_BYTES,
  MAX_MANIFEST_BYTES,
  MAX_MANIFEST_VALUES,
  MAX_NAME_BYTES,
  RATIO_GRACE_BYTES,
} from '../../../lib/bundle/format/limits.ts';
import { type BundledFile, checkContents } from '../../../lib/bundle/format/manifest.ts';
import { inspectBundle } from '../../../lib/bundle/import/inspect-bundle.ts';
import { MAX_SIGNATURE_BYTES } from '../../../lib/stores/port/signature-store.ts';
import {
  createScratch,
  digestOf,
  importInto,
  keyOf,
  makeBundleSigner,
  NOW,
  SIGNAL,
  snapshot,
} from '../bundle-setup.ts';
import {
  type CraftedEntry,
  type CraftedFile,
  craftBundle,
  craftEntry,
  craftGzip,
  craftManifest,
  craftTar,
} from '../craft-archive.ts';

const newPath = createScratch('bundle-hostile-');
const signer = await makeBundleSigner();
const DIGEST = digestOf('hostile');
const SIGNATURE: CraftedFile = { path: keyOf(DIGEST), body: signer.sign(DIGEST) };
const HELD = digestOf('held before');
const README: CraftedFile = { path: 'README.md', body: 'read me' };

/** What is in a destination before an attack, and has to be there, and nothing else, afterwards. */
async function makeDestination(): Promise<string> {
  const directory = newPath('site');
  await mkdir(path.join(directory, path.dirname(keyOf(HELD))), { recursive: true });
  await writeFile(path.join(directory, keyOf(HELD)), signer.sign(HELD));
  await writeFile(path.join(directory, 'index.html'), 'mine');
  return directory;
}

/** The codes of an attack; it must change neither a destination that is used nor one that is not there yet. */
async function attack(bundle: Uint8Array): Promise<{ readonly codes: readonly string[]; readonly status: string }> {
  const file = newPath('bundle.tar.gz');
  await writeFile(file, bundle);
  const used = await makeDestination();
  const before = await snapshot(used);
  const fresh = newPath('fresh');
  const report = await importInto(file, used, [signer.profile]);
  await importInto(file, fresh, [signer.profile]);
  expect([await snapshot(used), await snapshot(fresh)]).toEqual([before, {}]);
  expect(report.written).toBe(0);
  const inspection = await inspectBundle({ file, profiles: undefined, now: NOW, signal: SIGNAL });
  expect(inspection.faults).toEqual(report.faults);
  return { codes: report.faults.map(({ code }) => code), status: report.outcome };
}

test('what the attacks start from is a bundle', async () => {
  const file = newPath('bundle.tar.gz');
  await writeFile(file, craftBundle([README, SIGNATURE]));
  const to = newPath();
  expect(await importInto(file, to, [signer.profile])).toMatchObject({ outcome: 'imported', written: 1, faults: [] });
  expect(Object.keys(await snapshot(to))).toEqual(['.', 'signatures', path.dirname(SIGNATURE.path), SIGNATURE.path]);
});

describe('entries', () => {
  const link = (type: string): CraftedEntry => ({ name: 'trust/ocp/x.yaml', type, linkName: '/etc/passwd' });
  test.each<[string, CraftedEntry, string]>([
    ['a hard link', link('1'), 'EntryRefused'],
    ['a symbolic link', link('2'), 'EntryRefused'],
    ['a character device', link('3'), 'EntryRefused'],
    ['a block device', link('4'), 'EntryRefused'],
    ['a directory', { name: 'trust/ocp/', type: '5' }, 'EntryRefused'],
    ['a FIFO', link('6'), 'EntryRefused'],
    ['a contiguous file', { name: 'trust/ocp/x.yaml', type: '7' }, 'EntryRefused'],
    ['a sparse file', { name: 'trust/ocp/x.yaml', type: 'S' }, 'EntryRefused'],
    ['an extended header', { name: 'x', type: 'x', body: '21 path=trust/ocp/x.yaml\n' }, 'EntryRefused'],
    ['a global header', { name: 'x', type: 'g', body: '21 path=trust/ocp/x.yaml\n' }, 'EntryRefused'],
    ['a long name', { name: '././@LongLink', type: 'L', body: `trust/ocp/${'x'.repeat(300)}\0` }, 'EntryRefused'],
    ['a long link name', { name: '././@LongLink', type: 'K', body: 'x\0' }, 'EntryRefused'],
    ['a file of the first tar', { name: 'trust/ocp/x.yaml', type: '\0' }, 'EntryRefused'],
    ['a time', { name: 'trust/ocp/x.yaml', mtime: 1 }, 'EntryRefused'],
    ['a set-user-ID mode', { name: 'trust/ocp/x.yaml', mode: '0004755' }, 'EntryRefused'],
    ['a target on a file', { name: 'trust/ocp/x.yaml', linkName: '/etc/passwd' }, 'EntryRefused'],
    ['something hidden in the padding', { name: 'trust/ocp/x.yaml', body: 'x', padding: 0x41 }, 'EntryRefused'],
    ['a size that is no number', { name: 'trust/ocp/x.yaml', size: Number.NaN }, 'EntryRefused'],
    ['a wrong checksum', { name: 'trust/ocp/x.yaml', checksum: 1 }, 'Damaged'],
    ['a size beyond the end', { name: 'trust/ocp/x.yaml', size: 4096 }, 'Truncated'],
  ])('%s', async (_, entry, code) => {
    const { codes, status } = await attack(craftBundle([SIGNATURE], { more: [entry] }));
    expect([codes, status]).toEqual([[code], code === 'Damaged' || code === 'Truncated' ? 'unreadable' : 'refused']);
  });
});

describe('paths', () => {
  const NAMES: readonly (readonly [string, string | Buffer])[] = [
    ['absolute', '/etc/passwd'],
    ['above', '../x'],
    ['above, from within', 'trust/ocp/../../../x'],
    ['a dot', './README.md'],
    ['an empty segment', 'trust//x.yaml'],
    ['a backslash', 'trust\\ocp\\x.yaml'],
    ['a backslash within a name', 'trust/ocp/..\\..\\x.yaml'],
    ['a drive', 'C:/x'],
    ['a drive within', 'trust/C:/x.yaml'],
    ['an alternate data stream', 'trust/ocp/x.yaml:y'],
    ['a control character', 'trust/ocp/x\n.yaml'],
    ['a name that is not ASCII', 'trust/ocp/\u00e9.yaml'],
    ['the same, decomposed', 'trust/ocp/e\u0301.yaml'],
    ['a full-width dot', 'trust/ocp/\uff0e\uff0e'],
    ['a hidden file', 'trust/ocp/.htaccess'],
    ['a file that a web server obeys', 'signatures/.htaccess'],
    ['another folder', 'html/index.html'],
    ['another file at the top', 'index.html'],
    ['a folder of trust', 'trust/ocp/a/x.yaml'],
    ['a profile of dots', 'trust/../x.yaml'],
    ['a signature without an index', `signatures/sha256=${'0'.repeat(64)}/signature-`],
    ['the index 0', `signatures/sha256=${'0'.repeat(64)}/signature-0`],
    ['the index 10', `signatures/sha256=${'0'.repeat(64)}/signature-10`],
    ['a digest in upper case', `signatures/sha256=${'A'.repeat(64)}/signature-1`],
    ['a short digest', 'signatures/sha256=00/signature-1'],
    ['a digest with a colon', `signatures/sha256:${'0'.repeat(64)}/signature-1`],
    ['a ConfigMap in upper case', 'configmaps/A.yaml'],
    ['nothing', ''],
  ];

  test.each(NAMES)('%s, as an entry', async (_, name) => {
    const { codes, status } = await attack(craftBundle([SIGNATURE], { more: [{ name, prefix: '' }] }));
    expect([codes, status]).toEqual([['PathRefused'], 'refused']);
  });

  // The header of an entry has no place for a name that is too long.
  const LONG = ['a name that is too long', `trust/ocp/${'x'.repeat(MAX_NAME_BYTES)}x`] as const;
  test.each([...NAMES, LONG])('%s, listed', async (_, name) => {
    const manifest = craftManifest([{ path: String(name), body: 'x' }], { digests: [] });
    const { codes, status } = await attack(craftBundle([SIGNATURE], { manifest }));
    expect([codes, status]).toEqual([['PathRefused'], 'refused']);
  });

  test('without a signature, and following no other bundle: nothing would be checked', async () => {
    const { codes, status } = await attack(craftBundle([README]));
    expect([codes, status]).toEqual([['ManifestInvalid'], 'refused']);
  });

  test('a NUL, and something behind it', async () => {
    const { codes } = await attack(
      craftBundle([SIGNATURE], { more: [{ name: 'trust/ocp/x.yaml\0/../../x', prefix: '' }] }),
    );
    expect(codes).toEqual(['EntryRefused']);
  });

  test('a path that is cut at another slash', async () => {
    const entry = { name: 'ocp/x.yaml', prefix: 'trust' };
    expect((await attack(craftBundle([SIGNATURE], { more: [entry] }))).codes).toEqual(['EntryRefused']);
  });
});

describe('files and manifest', () => {
  const other: CraftedFile = { path: 'trust/ocp/x.yaml', body: 'x' };
  const upper: CraftedFile = { path: 'trust/ocp/X.yaml', body: 'x' };
  const forged: CraftedFile = { ...SIGNATURE, body: signer.sign(digestOf('another')) };
  const entry = ({ path: name, body }: CraftedFile): CraftedEntry => ({ name, body });
  const listing = (...files: readonly CraftedFile[]): string => craftManifest(files);
  const changed = (change: object): Buffer =>
    craftBundle([SIGNATURE], { manifest: craftManifest([SIGNATURE], change) });

  test.each<[string, Buffer, readonly string[], string]>([
    ['a file that is not listed', craftBundle([SIGNATURE], { more: [entry(other)] }), ['NotInManifest'], 'refused'],
    [
      'a file that is not there',
      craftBundle([SIGNATURE], { manifest: listing(SIGNATURE, other) }),
      ['Missing'],
      'refused',
    ],
    ['other contents', craftBundle([forged], { manifest: listing(SIGNATURE) }), ['ContentMismatch'], 'refused'],
    [
      'every fault is told',
      craftBundle([forged, other], { manifest: listing(README, SIGNATURE) }),
      ['ContentMismatch', 'NotInManifest', 'Missing'],
      'refused',
    ],
    ['a file twice', craftBundle([SIGNATURE], { more: [entry(SIGNATURE)] }), ['DuplicatePath'], 'refused'],
    [
      'a file twice, with others between',
      craftBundle([SIGNATURE, other], { more: [entry(SIGNATURE)] }),
      ['DuplicatePath'],
      'refused',
    ],
    [
      'a second manifest',
      craftBundle([SIGNATURE], { more: [{ name: 'manifest.json', body: '{}' }] }),
      ['DuplicatePath'],
      'refused',
    ],
    [
      'a file listed twice',
      craftBundle([SIGNATURE], { manifest: listing(SIGNATURE, SIGNATURE) }),
      ['DuplicatePath'],
      'refused',
    ],
    ['two that differ in case', craftBundle([SIGNATURE, upper, other]), ['DuplicatePath'], 'refused'],
    ['files out of order', craftBundle([other, SIGNATURE]), ['ManifestInvalid'], 'refused'],
    [
      'a manifest that lists itself',
      changed({ contents: [{ path: 'manifest.json', sha256: '0'.repeat(64), size: 1 }] }),
      ['PathRefused'],
      'refused',
    ],
    [
      'digests that are not there',
      changed({ digests: [{ digest: digestOf('x'), signatures: 1 }] }),
      ['ManifestInvalid'],
      'refused',
    ],
    ['a wrong count', changed({ digests: [{ digest: DIGEST, signatures: 2 }] }), ['ManifestInvalid'], 'refused'],
    ['no digests', changed({ digests: [] }), ['ManifestInvalid'], 'refused'],
    ['a newer schema', changed({ schema: 2 }), ['SchemaUnsupported'], 'unreadable'],
    ['no schema', changed({ schema: undefined }), ['ManifestUnreadable'], 'unreadable'],
    ['an unknown member', changed({ more: 1 }), ['ManifestUnreadable'], 'unreadable'],
    [
      'a size that is none',
      changed({ contents: [{ path: SIGNATURE.path, sha256: '0'.repeat(64), size: -1 }] }),
      ['ManifestUnreadable'],
      'unreadable',
    ],
    [
      'a hash that is none',
      changed({ contents: [{ path: SIGNATURE.path, sha256: 'x', size: 1 }] }),
      ['ManifestUnreadable'],
      'unreadable',
    ],
    [
      'too many earlier ones',
      changed({ since: Array.from({ length: MAX_EARLIER + 1 }, () => '0'.repeat(64)) }),
      ['ManifestUnreadable'],
      'unreadable',
    ],
    [
      'a member twice',
      craftBundle([SIGNATURE], { manifest: listing(SIGNATURE).replace('{', '{"schema":1,') }),
      ['ManifestUnreadable'],
      'unreadable',
    ],
    ['no JSON', craftBundle([SIGNATURE], { manifest: 'x' }), ['ManifestUnreadable'], 'unreadable'],
    ['no manifest', craftGzip(craftTar([entry(SIGNATURE)])), ['NotABundle'], 'unreadable'],
    [
      'a manifest that is a link',
      craftGzip(craftTar([{ name: 'manifest.json', type: '2', linkName: '/etc/passwd' }])),
      ['EntryRefused'],
      'refused',
    ],
  ])('%s', async (_, bundle, codes, outcome) => {
    expect(await attack(bundle)).toEqual({ codes, status: outcome });
  });
});

describe('the archive', () => {
  const good = craftBundle([SIGNATURE]);
  const tar = craftTar([
    { name: 'manifest.json', body: craftManifest([SIGNATURE]) },
    { name: SIGNATURE.path, body: SIGNATURE.body },
  ]);
  const blocks = (count: number): Buffer => Buffer.alloc(512 * count);

  test.each<[string, Buffer, string, string]>([
    ['something behind it', Buffer.concat([good, Buffer.from('x')]), 'TrailingBytes', 'refused'],
    ['zeros behind it', Buffer.concat([good, Buffer.alloc(512)]), 'TrailingBytes', 'refused'],
    ['as much as a checksum behind it', Buffer.concat([good, good.subarray(-8)]), 'TrailingBytes', 'refused'],
    ['a second member', Buffer.concat([good, good]), 'TrailingBytes', 'refused'],
    ['a second member without contents', Buffer.concat([good, craftGzip(Buffer.alloc(0))]), 'TrailingBytes', 'refused'],
    [
      'files in a second member',
      Buffer.concat([craftGzip(tar.subarray(0, 1024)), craftGzip(tar.subarray(1024))]),
      'TrailingBytes',
      'refused',
    ],
    ['something behind the end of the tar', craftGzip(Buffer.concat([tar, blocks(1)])), 'TrailingBytes', 'refused'],
    [
      'one empty block and a file',
      craftGzip(Buffer.concat([tar.subarray(0, -512), craftEntry({ name: 'x' }), blocks(2)])),
      'TrailingBytes',
      'refused',
    ],
    ['one empty block', craftGzip(tar.subarray(0, -512)), 'Truncated', 'unreadable'],
    ['no end', craftGzip(tar.subarray(0, -1024)), 'Truncated', 'unreadable'],
    ['no tar', craftGzip(Buffer.alloc(2048, 'x')), 'Damaged', 'unreadable'],
    ['an empty tar', craftGzip(blocks(2)), 'NotABundle', 'unreadable'],
    ['no bytes unpacked', craftGzip(Buffer.alloc(0)), 'Truncated', 'unreadable'],
    ['no bytes behind the magic', Buffer.from('1f8b08', 'hex'), 'Truncated', 'unreadable'],
    ['another gzip', gzipSync(tar), 'NotABundle', 'unreadable'],
    [
      'a gzip with a file name',
      craftGzip(tar, Buffer.from('1f8b080800000000000078ff00', 'hex')),
      'NotABundle',
      'unreadable',
    ],
  ])('%s', async (_, bundle, code, outcome) => {
    expect(await attack(bundle)).toEqual({ codes: [code], status: outcome });
  });
});

describe('limits', () => {
  /** Not so regular that the ratio would tell. */
  const randomDigits = (count: number): readonly number[] => Array.from(randomBytes(count), (byte) => byte % 10);
  const zeros = (bytes: number): string => '\0'.repeat(bytes);
  const listed = (name: string, size: number): BundledFile => ({ path: name, sha256: '0'.repeat(64), size });

  test.each<[string, Buffer]>([
    ['a signature', craftBundle([{ path: SIGNATURE.path, body: zeros(MAX_SIGNATURE_BYTES + 1) }])],
    ['a document', craftBundle([{ path: 'trust/ocp/x.yaml', body: zeros(MAX_FILE_BYTES + 1) }])],
    ['a ConfigMap', craftBundle([{ path: 'configmaps/x.yaml', body: zeros(MAX_FILE_BYTES + 1) }])],
    ['an entry', craftBundle([SIGNATURE], { more: [{ name: 'trust/ocp/x.yaml', body: zeros(MAX_FILE_BYTES + 1) }] })],
    ['the manifest', craftBundle([], { manifest: zeros(MAX_MANIFEST_BYTES + 1) })],
    ['the ratio', craftBundle([], { manifest: zeros(2 * RATIO_GRACE_BYTES) })],
  ])('%s beyond its bytes', async (_, bundle) => {
    expect(await attack(bundle)).toEqual({ codes: ['LimitExceeded'], status: 'unreadable' });
  });

  test.each<[string, object, string]>([
    ['files', { contents: randomDigits(MAX_MANIFEST_VALUES) }, 'LimitExceeded'],
    ['digests', { digests: randomDigits(MAX_BUNDLE_FILES + 1) }, 'ManifestUnreadable'],
    ['profiles', { trustRevisions: randomDigits(MAX_BUNDLE_FILES + 1) }, 'ManifestUnreadable'],
    ['earlier ones', { since: randomDigits(MAX_BUNDLE_FILES + 1) }, 'ManifestUnreadable'],
    ['files of which none is one', { contents: randomDigits(MAX_BUNDLE_FILES) }, 'ManifestUnreadable'],
  ])('a manifest of more %s than memory should hold', async (_, change, code) => {
    const bundle = craftBundle([SIGNATURE], { manifest: craftManifest([SIGNATURE], change) });
    expect(await attack(bundle)).toEqual({ codes: [code], status: 'unreadable' });
  });

  test('more files or bytes than a bundle has, listed', () => {
    const files = Array.from({ length: MAX_BUNDLE_FILES }, (_, index) => listed(`trust/ocp/${index}`, 0));
    expect(() => checkContents({ contents: files, digests: [] })).toThrow(/lists 200000 files/);
    const large = Array.from({ length: MAX_BUNDLE_BYTES / MAX_FILE_BYTES + 1 }, (_, index) =>
      listed(`trust/ocp/${1000 + index}`, MAX_FILE_BYTES),
    );
    expect(() => checkContents({ contents: large, digests: [] })).toThrow(/at most 268435456 are read/);
    expect(() => checkContents({ contents: large.slice(1), digests: [] })).not.toThrow();
  });

  test.each<[string, number, Buffer]>([
    ['files', MAX_BUNDLE_FILES, craftEntry({ name: 'trust/ocp/x.yaml' })],
    [
      'bytes',
      MAX_BUNDLE_BYTES / MAX_FILE_BYTES,
      craftEntry({ name: 'trust/ocp/x.yaml', body: Buffer.alloc(MAX_FILE_BYTES) }),
    ],
  ])('more %s than a bundle has, as they come', async (what, count, entry) => {
    async function* endless(): AsyncGenerator<Buffer> {
      yield craftEntry({ name: 'manifest.json' });
      for (;;) yield entry;
    }
    let read = 0;
    const failure = await (async () => {
      for await (const _ of readArchive(endless())) read += 1;
    })().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'LimitExceeded', path: 'trust/ocp/x.yaml' });
    expect(String(failure)).toContain(what);
    // The manifest is a file too, and here has no bytes.
    expect(read).toBe(what === 'files' ? count : count + 1);
  });
});

test('an inspection of a file that is not there, or is a folder, is a wrong call', async () => {
  const folder = newPath();
  await mkdir(folder);
  for (const file of [newPath(), folder]) {
    const inspected = inspectBundle({ file, profiles: undefined, now: NOW, signal: SIGNAL });
    await expect(inspected).rejects.toMatchObject({ code: 'FileUnreadable' });
  }
});

test('a bundle that is unpacked can be imported as a folder, whatever its archive was', async () => {
  const folder = newPath();
  await mkdir(path.join(folder, path.dirname(SIGNATURE.path)), { recursive: true });
  await writeFile(path.join(folder, SIGNATURE.path), SIGNATURE.body);
  const copy = newPath();
  await cp(folder, copy, { recursive: true });
  expect(await importInto(copy, newPath(), [signer.profile])).toMatchObject({ outcome: 'imported', written: 1 });
});
