import { execFileSync } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { readEarlier } from '../../../lib/bundle/create/earlier.ts';
import { openFileSink } from '../../../lib/bundle/create/file-sink.ts';
import { inspectBundle } from '../../../lib/bundle/import/inspect-bundle.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import {
  createMemorySink,
  createScratch,
  digestOf,
  keyOf,
  makeBundle,
  makeBundleSigner,
  makeMirror,
  NOW,
  SIGNAL,
} from '../bundle-setup.ts';

const newPath = createScratch('bundle-create-');
const signer = await makeBundleSigner();
const okd = await makeBundleSigner('okd');
const stranger = await makeBundleSigner('stranger');
const DIGESTS = Array.from({ length: 40 }, (_, index) => digestOf(`created ${index}`)).toSorted();
const mirror = makeMirror(signer, DIGESTS);

async function inspect(bundle: Uint8Array, profiles = [signer.profile]) {
  const file = newPath('bundle.tar.gz');
  await writeFile(file, bundle);
  return { file, inspection: await inspectBundle({ file, profiles, now: NOW, signal: SIGNAL }) };
}

/** Answers in no order and when it likes. */
function slow(store: ObjectStore): ObjectStore {
  return {
    ...store,
    async readObject(key, limit) {
      await delay(Math.random() * 5);
      return store.readObject(key, limit);
    },
  };
}

describe('the same input gives the same bytes', () => {
  test('whatever the order of objects, documents and answers, and the time', async () => {
    const { bundle } = await makeBundle(mirror, [signer.profile]);
    const shuffled = createMemoryObjectStore([...mirror].toReversed());
    const profile = { ...signer.profile, documents: signer.documents.toReversed() };
    const later = new Date(NOW.getTime() + 3_600_000);
    const { bundle: again } = await makeBundle(slow(shuffled), [profile], { now: later });
    expect(again.equals(bundle)).toBe(true);
  });

  test('it is intact, and every signature in it verifies, twice over', async () => {
    const { created, bundle } = await makeBundle(mirror, [signer.profile]);
    const { inspection } = await inspect(bundle);
    expect(inspection).toMatchObject({ outcome: 'intact', faults: [], manifestSha256: created.manifestSha256 });
    expect(inspection.intact).toEqual({ signatures: 40, configMaps: created.configMaps, trustDocuments: 2 });
    expect(inspection.verification).toEqual({ verified: 80, failed: [] });
    expect(inspection.manifest?.digests.map(({ digest }) => digest)).toEqual(DIGESTS);
  });
});

describe('only what verifies goes in', () => {
  const [first = digestOf(''), second = digestOf('')] = DIGESTS;

  test('the rest is left out with its reasons, and the numbers have no gap', async () => {
    const [good, other] = [signer.sign(first), signer.sign(first)];
    const objects = new Map([
      [keyOf(first, 1), stranger.sign(first)],
      [keyOf(first, 2), good],
      [keyOf(first, 3), signer.sign(second)],
      [keyOf(first, 4), other],
      [keyOf(first, 5), good],
      [keyOf(second), Buffer.from('junk')],
    ]);
    const { created, bundle } = await makeBundle(objects, [signer.profile]);
    expect(created).toMatchObject({ digests: 1, signatures: 2 });
    expect(new Set(created.leftOut.map(({ attempts }) => attempts[0]?.code))).toEqual(
      new Set(['DigestMismatch', 'KeyUnknown', 'SignatureMalformed']),
    );
    const { inspection } = await inspect(bundle);
    const paths = inspection.manifest?.contents.map((file) => file.path) ?? [];
    expect(paths.filter((name) => name.startsWith('signatures/'))).toEqual([keyOf(first, 1), keyOf(first, 2)]);
  });

  test('what any of several profiles verifies', async () => {
    const objects = new Map([
      [keyOf(first), signer.sign(first)],
      [keyOf(second), okd.sign(second)],
      [keyOf(second, 2), stranger.sign(second)],
    ]);
    const { created, bundle } = await makeBundle(objects, [okd.profile, signer.profile]);
    expect(created).toMatchObject({ digests: 2, signatures: 2 });
    // Both profiles say why.
    expect(created.leftOut.map(({ attempts }) => attempts.length)).toEqual([2]);
    const { inspection } = await inspect(bundle, [okd.profile, signer.profile]);
    expect(inspection.outcome).toBe('intact');
    expect(inspection.manifest?.trustRevisions.map(({ profile }) => profile)).toEqual(['ocp', 'okd']);
    const { bundle: swapped } = await makeBundle(objects, [signer.profile, okd.profile]);
    expect(swapped.equals(bundle)).toBe(true);
  });

  test.each<[string, Map<string, Buffer>]>([
    ['an empty mirror', new Map()],
    ['a mirror of others', new Map([[keyOf(first), stranger.sign(first)]])],
  ])('%s makes no bundle', async (_, objects) => {
    const sink = createMemorySink();
    const made = makeBundle(objects, [signer.profile], { sink });
    await expect(made).rejects.toThrow(InputError);
    expect([sink.committed(), sink.aborted()]).toEqual([undefined, true]);
  });
});

describe('incremental bundles', () => {
  const earlierMirror = makeMirror(signer, DIGESTS.slice(0, 30));
  const whole = new Map([...mirror, ...earlierMirror]);

  async function makeEarlier() {
    const { bundle } = await makeBundle(earlierMirror, [signer.profile]);
    const { file, inspection } = await inspect(bundle);
    return { file, inspection };
  }

  test.each(['bundle', 'manifest.json'])('hold what the earlier one did not, named by its %s', async (kind) => {
    const { file, inspection } = await makeEarlier();
    const manifest = newPath('manifest.json');
    const { manifest: parsed } = inspection;
    if (kind === 'manifest.json') await writeFile(manifest, JSON.stringify(parsed));
    const earlier = await readEarlier(kind === 'bundle' ? file : manifest, SIGNAL);
    const { created, bundle } = await makeBundle(whole, [signer.profile], { earlier: [earlier] });
    expect(created).toMatchObject({ signatures: 10, heldEarlier: 30, since: [earlier.sha256] });
    if (kind === 'bundle') expect(earlier.sha256).toBe(inspection.manifestSha256);
    const next = await inspect(bundle);
    expect(next.inspection).toMatchObject({ outcome: 'intact', manifest: { since: [earlier.sha256] } });
    expect(next.inspection.intact.trustDocuments).toBe(0);
    const { bundle: again } = await makeBundle(whole, [signer.profile], { earlier: [earlier] });
    expect(again.equals(bundle)).toBe(true);
  });

  test('follow several, and may hold nothing new', async () => {
    const first = await readEarlier((await makeEarlier()).file, SIGNAL);
    const { bundle } = await makeBundle(whole, [signer.profile], { earlier: [first] });
    const second = await readEarlier((await inspect(bundle)).file, SIGNAL);
    const { created, bundle: empty } = await makeBundle(whole, [signer.profile], { earlier: [first, second, first] });
    expect(created).toMatchObject({ signatures: 0, heldEarlier: 40, configMaps: 0 });
    expect(created.since).toEqual([first.sha256, second.sha256].toSorted());
    expect((await inspect(empty)).inspection.outcome).toBe('intact');
  });

  test.each<[string, () => Promise<Buffer>]>([
    ['no manifest', async () => Buffer.from('{}')],
    ['a bundle that is cut', async () => (await makeBundle(mirror, [signer.profile])).bundle.subarray(0, 5000)],
    ['nothing', async () => Buffer.alloc(0)],
  ])('follow no %s', async (_, make) => {
    const file = newPath();
    await writeFile(file, await make());
    await expect(readEarlier(file, SIGNAL)).rejects.toMatchObject({ code: 'FileUnreadable' });
  });
});

describe('whole or not at all', () => {
  const failing: ObjectStore = {
    ...createMemoryObjectStore(mirror),
    readObject: () => Promise.reject(new StoreError('TimedOut', 'slow')),
  };

  test('a file takes the place of an earlier one, and nothing is left beside it', async () => {
    const directory = newPath();
    await mkdir(directory);
    const file = path.join(directory, 'bundle.tar.gz');
    await writeFile(file, 'earlier');
    await expect(makeBundle(failing, [signer.profile], { sink: await openFileSink(file) })).rejects.toThrow(StoreError);
    expect([await readdir(directory), await readFile(file, 'utf8')]).toEqual([['bundle.tar.gz'], 'earlier']);
    const sink = await openFileSink(file);
    await expect(makeBundle(mirror, [signer.profile], { sink })).rejects.toThrow('nothing was committed');
    expect(await readdir(directory)).toEqual(['bundle.tar.gz']);
    expect((await readFile(file)).equals((await makeBundle(mirror, [signer.profile])).bundle)).toBe(true);
  });

  test('an abort leaves nothing', async () => {
    const sink = createMemorySink();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(makeBundle(mirror, [signer.profile], { sink, signal })).rejects.toThrow('enough');
    expect([sink.committed(), sink.aborted()]).toEqual([undefined, true]);
  });

  test('what is no regular file stays: a rename would take the place of a device', async () => {
    const fifo = newPath('fifo');
    execFileSync('mkfifo', [fifo]);
    await expect(openFileSink(fifo)).rejects.toMatchObject({
      code: 'ArgumentInvalid',
      message: `${fifo} is not a regular file: name a file`,
    });
    expect((await lstat(fifo)).isFIFO()).toBe(true);
    expect((await readdir(path.dirname(fifo))).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('no file can be made where there is no folder, or where one is', async () => {
    await expect(openFileSink(path.join(newPath(), 'bundle.tar.gz'))).rejects.toMatchObject({
      code: 'ArgumentInvalid',
    });
    const directory = newPath();
    await mkdir(directory);
    await expect(openFileSink(directory)).rejects.toMatchObject({ code: 'ArgumentInvalid' });
  });
});

test.each<[string, string, string]>([
  ['a name that is not ASCII', 'schlüssel.yaml', 'DocumentInvalid'],
  ['a name that is too long', `${'a'.repeat(96)}.yaml`, 'DocumentInvalid'],
  ['two names that differ in case', 'PROFILE.JSON', 'DocumentInvalid'],
])('trust documents with %s are named and refused', async (_, name, code) => {
  const document = {
    name,
    bytes: Buffer.from(
      '{"apiVersion":"config.openshift.io/v1","kind":"ImageDigestMirrorSet","metadata":{"name":"a"},"spec":{"imageDigestMirrors":[]}}',
    ),
  };
  const { profile } = await makeBundleSigner('ocp', [document]);
  const refused = makeBundle(mirror, [profile, signer.profile]);
  await expect(refused).rejects.toThrow(ConfigurationError);
  await expect(refused).rejects.toThrow(new RegExp(name, 'i'));
  await expect(refused).rejects.toMatchObject({ code });
});
