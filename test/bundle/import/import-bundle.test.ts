import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import type { Digest } from '../../../lib/base/names/digest.ts';
import { readEarlier } from '../../../lib/bundle/create/earlier.ts';
import { type ImportDestination, openDestination } from '../../../lib/bundle/import/destination.ts';
import { createHttpClient } from '../../../lib/platform/http/http-client.ts';
import { createDirectoryObjectStore } from '../../../lib/platform/objects/directory/directory-object-store.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { createS3Client } from '../../../lib/platform/objects/s3/s3-client.ts';
import { createS3ObjectStore } from '../../../lib/platform/objects/s3/s3-object-store.ts';
import { createHttpReleaseStore } from '../../../lib/stores/numbered-stores.ts';
import { collectRelease } from '../../../lib/verdict/decide/collect-evidence.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { createTestBuckets } from '../../support/s3-server/make-bucket.ts';
import { hasS3Server, startS3Server } from '../../support/s3-server/start-s3-server.ts';
import { startServer } from '../../support/servers/start-server.ts';
import {
  createScratch,
  digestOf,
  importInto,
  keyOf,
  makeBundle,
  makeBundleSigner,
  makeMirror,
  NOW,
  SIGNAL,
  snapshot,
} from '../bundle-setup.ts';
import { craftBundle } from '../craft-archive.ts';

/** As a bucket is opened. */
function toDestination(objects: ObjectStore): ImportDestination {
  return { description: objects.description, write: (action) => action(objects) };
}

const newPath = createScratch('bundle-import-');
const HAS_S3 = hasS3Server();
const signer = await makeBundleSigner();
const okd = await makeBundleSigner('okd');
const stranger = await makeBundleSigner('stranger');
const DIGESTS = Array.from({ length: 25 }, (_, index) => digestOf(`imported ${index}`)).toSorted();
const [FIRST = digestOf(''), SECOND = digestOf(''), THIRD = digestOf('')] = DIGESTS;
const mirror = makeMirror(signer, DIGESTS);

let BUNDLE = '';
beforeAll(async () => {
  BUNDLE = await makeFile((await makeBundle(mirror, [signer.profile])).bundle);
});

async function makeFile(bytes: Uint8Array): Promise<string> {
  const file = newPath('bundle.tar.gz');
  await writeFile(file, bytes);
  return file;
}

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');
const hexOf = (text: string): Buffer => Buffer.from(text, 'hex');
const signaturesOf = (files: Readonly<Record<string, string>>): readonly string[] =>
  Object.keys(files).filter((name) => name.includes('/signature-'));

async function put(directory: string, files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(path.join(directory, path.dirname(name)), { recursive: true });
    await writeFile(path.join(directory, name), bytes);
  }
  return directory;
}

describe('round trip', () => {
  test('every signature of a mirror comes through, byte for byte, and a second time changes nothing', async () => {
    const to = newPath();
    const report = await importInto(BUNDLE, to, [signer.profile]);
    expect(report).toMatchObject({
      outcome: 'imported',
      kind: 'bundle',
      found: 25,
      verified: 25,
      written: 25,
      held: 0,
    });
    const site = await snapshot(to);
    for (const [key, bytes] of mirror) expect(site[key]).toBe(hex(bytes));
    expect(signaturesOf(site)).toHaveLength(25);
    expect(Object.keys(site)).toHaveLength(2 + 25 + 25);
    const again = await importInto(BUNDLE, to, [signer.profile]);
    expect(again).toMatchObject({ outcome: 'imported', written: 0, held: 25 });
    expect(await snapshot(to)).toEqual(site);
  });

  test('what is imported serves clusters from a plain web server', async () => {
    const to = newPath();
    await importInto(BUNDLE, to, [signer.profile]);
    const server = await startServer((request, response) => {
      readFile(path.join(to, decodeURIComponent(request.url ?? ''))).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      );
    });
    const client = createHttpClient({ allowPrivateAddresses: true });
    try {
      const store = createHttpReleaseStore(client, new URL(`${server.origin}/signatures`));
      for (const digest of DIGESTS) {
        const { collected } = await collectRelease(digest, signer.profile.trust, store, NOW, SIGNAL);
        expect([collected.verified.length, collected.storeFailed]).toEqual([1, false]);
      }
      const { collected } = await collectRelease(digestOf('absent'), signer.profile.trust, store, NOW, SIGNAL);
      expect(collected.verified).toEqual([]);
    } finally {
      client.close();
      await server.close();
    }
  });

  test('into a bucket: only what is new is written, and nothing is deleted', async () => {
    const held = createMemoryObjectStore([[keyOf(FIRST), mirror.get(keyOf(FIRST)) ?? Buffer.alloc(0)]]);
    const objects: ObjectStore = {
      ...held,
      deleteObject: () => Promise.reject(new Error('deleted')),
      replaceObject: () => Promise.reject(new Error('replaced')),
    };
    const destination = toDestination(objects);
    expect(await importInto(BUNDLE, '', [signer.profile], { destination })).toMatchObject({ written: 24, held: 1 });
    expect(await importInto(BUNDLE, '', [signer.profile], { destination })).toMatchObject({ written: 0, held: 25 });
    const keys = (await Array.fromAsync(objects.listObjects(''))).map(({ key }) => key);
    expect(keys).toEqual([...mirror.keys()].toSorted());
  });

  test.skipIf(!HAS_S3)('into an S3 bucket, twice', async () => {
    const server = await startS3Server();
    const client = createS3Client(server);
    const { makeBucket, removeBuckets } = createTestBuckets(client);
    try {
      const objects = createS3ObjectStore({ client, bucket: await makeBucket(), prefix: 'site' });
      const destination = toDestination(objects);
      expect(await importInto(BUNDLE, '', [signer.profile], { destination })).toMatchObject({ written: 25, held: 0 });
      expect(await importInto(BUNDLE, '', [signer.profile], { destination })).toMatchObject({ written: 0, held: 25 });
      for (const [key, bytes] of mirror) expect(hex((await objects.readObject(key, 10_000))?.bytes)).toBe(hex(bytes));
    } finally {
      await removeBuckets();
      client.destroy();
      await server?.stop();
    }
  });

  test('complete, then incremental: together they are the mirror', async () => {
    const more = new Map([
      ...mirror,
      [keyOf(FIRST, 2), signer.sign(FIRST)],
      [keyOf(digestOf('new')), signer.sign(digestOf('new'))],
    ]);
    const earlier = await readEarlier(BUNDLE, SIGNAL);
    const next = await makeFile((await makeBundle(more, [signer.profile], { earlier: [earlier] })).bundle);
    const to = newPath();
    await importInto(BUNDLE, to, [signer.profile]);
    const report = await importInto(next, to, [signer.profile]);
    expect(report).toMatchObject({ outcome: 'imported', found: 2, written: 2, since: [earlier.sha256] });
    const site = await snapshot(to);
    for (const [key, bytes] of more) expect(site[key]).toBe(hex(bytes));
    // Alone it has the second signature of a digest and not the first: where it lands there is no gap.
    const alone = newPath();
    await importInto(next, alone, [signer.profile]);
    expect(signaturesOf(await snapshot(alone))).toEqual([keyOf(FIRST), keyOf(digestOf('new'))].toSorted());
  });
});

describe('what a destination holds stays', () => {
  test('signatures are added behind it, and a re-framed place is not taken twice', async () => {
    const to = await put(newPath(), {
      [keyOf(FIRST)]: signer.sign(FIRST),
      [keyOf(SECOND)]: Buffer.from('junk'),
      'index.html': Buffer.from('mine'),
    });
    const before = await snapshot(to);
    expect(await importInto(BUNDLE, to, [signer.profile])).toMatchObject({ outcome: 'imported', written: 25, held: 0 });
    const site = await snapshot(to);
    expect(site).toMatchObject(before);
    expect([site[keyOf(FIRST, 2)], site[keyOf(SECOND, 2)]]).toEqual(
      [mirror.get(keyOf(FIRST)), mirror.get(keyOf(SECOND))].map(hex),
    );
  });

  test('where all places are taken the rest is imported and this is told', async () => {
    const full = Object.fromEntries(
      Array.from({ length: 9 }, (_, index) => [keyOf(FIRST, index + 1), Buffer.from(`junk ${index}`)]),
    );
    const report = await importInto(BUNDLE, await put(newPath(), full), [signer.profile]);
    expect(report).toMatchObject({
      outcome: 'partial',
      written: 24,
      unplaced: [{ digest: FIRST, code: 'MirrorFull' }],
    });
  });

  test('when writing fails half way, all is as it was', async () => {
    const to = await put(newPath(), {
      [keyOf(digestOf('held'))]: signer.sign(digestOf('held')),
      // A file where a folder is needed.
      [path.dirname(keyOf(DIGESTS[20] ?? FIRST))]: Buffer.from('in the way'),
    });
    const before = await snapshot(to);
    await expect(importInto(BUNDLE, to, [signer.profile])).rejects.toThrow(StoreError);
    expect(await snapshot(to)).toEqual(before);
  });

  test('when staging fails, nothing was made, folders above it neither', async () => {
    const above = newPath();
    const destination = await openDestination(path.join(above, 'a/b'));
    const failing = {
      ...destination,
      write: (action: (objects: ObjectStore) => Promise<unknown>) =>
        destination.write(async (objects) => {
          await action(objects);
          throw new StoreError('TimedOut', 'at the last moment');
        }),
    } as typeof destination;
    await expect(importInto(BUNDLE, '', [signer.profile], { destination: failing })).rejects.toThrow(
      'at the last moment',
    );
    expect(await snapshot(above)).toEqual({});
  });

  test('two imports at once into one that is not there', async () => {
    const to = newPath();
    const reports = await Promise.all([1, 2, 3].map(() => importInto(BUNDLE, to, [signer.profile])));
    expect(reports.map(({ outcome }) => outcome)).toEqual(['imported', 'imported', 'imported']);
    const site = await snapshot(to);
    expect(signaturesOf(site)).toEqual([...mirror.keys()].toSorted());
    for (const [key, bytes] of mirror) expect(site[key]).toBe(hex(bytes));
  });

  test('what a killed import staged is swept, once it is old, and nothing else', async () => {
    const to = newPath();
    const [old, young, other] = [`.tmp/import-${randomUUID()}`, `.tmp/import-${randomUUID()}`, '.tmp/import-other'];
    const staged = [old, young, other].map((name): [string, Uint8Array] => [`${name}/${keyOf(FIRST)}`, hexOf('00')]);
    await put(to, Object.fromEntries(staged));
    for (const name of [old, other]) await utimes(path.join(to, name, 'signatures'), 1, 1);
    expect(await importInto(BUNDLE, to, [signer.profile])).toMatchObject({ outcome: 'imported', written: 25 });
    expect(await readdir(path.join(to, '.tmp'))).toEqual([path.basename(young), path.basename(other)].toSorted());
  });

  test('what looks like an old stage behind a link is not swept', async () => {
    const stage = `import-${randomUUID()}`;
    const elsewhere = await put(newPath(), { [`${stage}/${keyOf(FIRST)}`]: hexOf('00') });
    await utimes(path.join(elsewhere, stage, 'signatures'), 1, 1);
    const before = await snapshot(elsewhere);
    // The whole temporary folder, and a stage in it.
    const [whole, part] = [await put(newPath(), {}), await put(newPath(), { '.tmp/write-1': hexOf('00') })];
    await mkdir(whole);
    await symlink(elsewhere, path.join(whole, '.tmp'));
    await symlink(path.join(elsewhere, stage), path.join(part, '.tmp', stage));
    await expect(importInto(BUNDLE, whole, [signer.profile])).rejects.toMatchObject({ code: 'NotAllowed' });
    expect(await importInto(BUNDLE, part, [signer.profile])).toMatchObject({ outcome: 'imported' });
    expect(await snapshot(elsewhere)).toEqual(before);
    expect((await lstat(path.join(part, '.tmp', stage))).isSymbolicLink()).toBe(true);
  });

  test('what is taken back leaves no gap before what another writer has put behind it', async () => {
    const [first, second, third] = [keyOf(FIRST), keyOf(SECOND), keyOf(THIRD)];
    // A gap that was there before stays one.
    const to = await put(newPath(), { [keyOf(THIRD, 2)]: hexOf('03') });
    const other = createDirectoryObjectStore(to);
    const failed = (await openDestination(to)).write(async (objects) => {
      for (const key of [first, second, third]) await objects.createObject(key, hexOf('01'));
      await objects.createObject(keyOf(SECOND, 2), hexOf('01'));
      await other.createObject(keyOf(FIRST, 2), hexOf('02'));
      throw new StoreError('TimedOut', 'at the last moment');
    });
    await expect(failed).rejects.toThrow('at the last moment');
    const site = await snapshot(to);
    expect(signaturesOf(site)).toEqual([first, keyOf(FIRST, 2), keyOf(THIRD, 2)].toSorted());
    expect(Object.keys(site)).not.toContain(path.dirname(second));
  });

  test('a folder that is a link is not followed', async () => {
    const [to, elsewhere] = [newPath(), newPath()];
    await mkdir(to);
    await mkdir(elsewhere);
    await symlink(elsewhere, path.join(to, 'signatures'));
    await expect(importInto(BUNDLE, to, [signer.profile])).rejects.toMatchObject({ code: 'NotAllowed' });
    expect(await snapshot(elsewhere)).toEqual({ '.': 'folder' });
  });
});

describe('whose trust', () => {
  const forger = (digest: Digest) => ({ path: keyOf(digest), body: stranger.sign(digest) });
  const own = (digest: Digest) => ({ path: keyOf(digest), body: signer.sign(digest) });
  const trustOf = ({ documents }: typeof signer, name: string) =>
    documents.map(({ name: document, bytes }) => ({ path: `trust/${name}/${document}`, body: bytes }));

  test('the trust in a bundle is not used: one forged signature refuses all, and is named', async () => {
    const file = await makeFile(
      craftBundle(
        [own(FIRST), forger(SECOND), ...trustOf(stranger, 'stranger')].toSorted((a, b) => (a.path < b.path ? -1 : 1)),
      ),
    );
    const to = newPath();
    const report = await importInto(file, to, [signer.profile]);
    expect(report).toMatchObject({
      outcome: 'refused',
      written: 0,
      verified: 1,
      trust: { from: 'directory', profiles: ['ocp'] },
    });
    expect(report.failed).toEqual([
      {
        location: keyOf(SECOND),
        digest: SECOND,
        reasons: [expect.objectContaining({ profile: 'ocp', code: 'KeyUnknown' })],
      },
    ]);
    expect(await snapshot(to)).toEqual({});
    const skipped = await importInto(file, to, [signer.profile], { skipUnverified: true });
    expect(skipped).toMatchObject({ outcome: 'partial', written: 1, failed: [{ location: keyOf(SECOND) }] });
    expect(signaturesOf(await snapshot(to))).toEqual([keyOf(FIRST)]);
  });

  test('unless told: then it is that trust alone', async () => {
    const file = await makeFile(craftBundle([forger(SECOND), ...trustOf(stranger, 'stranger')]));
    expect(await importInto(file, newPath(), 'bundle')).toMatchObject({
      outcome: 'imported',
      written: 1,
      trust: { from: 'bundle', profiles: ['stranger'] },
    });
    const mixed = await makeFile(craftBundle([own(SECOND), ...trustOf(stranger, 'stranger')]));
    expect(await importInto(mixed, newPath(), 'bundle')).toMatchObject({ outcome: 'refused', written: 0 });
    const none = await makeFile(craftBundle([own(SECOND)]));
    await expect(importInto(none, newPath(), 'bundle')).rejects.toMatchObject({ code: 'TrustMissing' });
  });

  test('of several profiles, each places what it verifies', async () => {
    const both = new Map([
      [keyOf(FIRST), signer.sign(FIRST)],
      [keyOf(FIRST, 2), okd.sign(FIRST)],
      [keyOf(SECOND), okd.sign(SECOND)],
    ]);
    const file = await makeFile((await makeBundle(both, [signer.profile, okd.profile])).bundle);
    const to = newPath();
    expect(await importInto(file, to, [signer.profile, okd.profile])).toMatchObject({
      outcome: 'imported',
      written: 3,
    });
    expect(await importInto(file, to, [okd.profile, signer.profile])).toMatchObject({ written: 0, held: 3 });
    expect(await importInto(file, newPath(), [okd.profile])).toMatchObject({
      outcome: 'refused',
      verified: 2,
      written: 0,
    });
  });

  test.each<[string, Uint8Array, string]>([
    ['signed for another digest', signer.sign(SECOND), 'DigestMismatch'],
    ['junk', Buffer.from('junk'), 'SignatureMalformed'],
    ['empty', Buffer.alloc(0), 'SignatureMalformed'],
  ])('a signature that is %s', async (_, body, code) => {
    const file = await makeFile(craftBundle([{ path: keyOf(THIRD), body }]));
    const report = await importInto(file, newPath(), [signer.profile], { skipUnverified: true });
    expect(report).toMatchObject({ outcome: 'refused', written: 0, failed: [{ reasons: [{ code }] }] });
  });
});

test.each(['', 'ftp://host/x', 's3://'])('%j is no destination', async (location) => {
  await expect(openDestination(location)).rejects.toThrow(InputError);
});
