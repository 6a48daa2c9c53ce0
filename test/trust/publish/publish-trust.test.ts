import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import type { PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import { MAX_PREPARED_BYTES } from '../../../lib/trust/prepared/trust-document.ts';
import { publishTrust } from '../../../lib/trust/publish/publish-trust.ts';
import { loadRevision, loadTrust } from '../../../lib/trust/source/load-trust.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { configurationErrorOf } from '../expect-configuration-error.ts';
import { file, trustConfigMap } from '../sample-documents.ts';

const EARLIER = new Date('2026-11-22T00:00:00Z');
const LATER = new Date('2026-11-22T01:00:00Z');
const FIRST = [file('trust.yaml', trustConfigMap()), file('notes.txt', 'not published')];
const SECOND = [file('trust.yaml', trustConfigMap({ name: 'second' }))];
const first = await prepareTrust('ocp', FIRST);
const second = await prepareTrust('ocp', SECOND);

async function keysOf(objects: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.listObjects('')) keys.push(key);
  return keys;
}

/** A store whose n-th write, from 1, fails as a broken connection does. */
function failingAt(objects: ObjectStore, failing: number): ObjectStore {
  let writes = 0;
  const guard = async (write: () => Promise<boolean>) => {
    if (++writes === failing) throw new StoreError('ConnectionFailed', 'gone');
    return write();
  };
  return {
    ...objects,
    createObject: (key, bytes) => guard(() => objects.createObject(key, bytes)),
    replaceObject: (key, bytes, etag) => guard(() => objects.replaceObject(key, bytes, etag)),
  };
}

async function put(objects: ObjectStore, key: string, text: string): Promise<void> {
  await objects.deleteObject(key);
  await objects.createObject(key, new TextEncoder().encode(text));
}

async function published(): Promise<ReturnType<typeof createMemoryObjectStore>> {
  const objects = createMemoryObjectStore();
  await publishTrust(objects, first, FIRST);
  return objects;
}

function pointer(parts: object): string {
  return JSON.stringify({ schema: 1, revision: first.revision, preparedSha256: '0'.repeat(64), ...parts });
}

function preparedSha256Of(trust: PreparedTrust): string {
  return createHash('sha256')
    .update(`${JSON.stringify(trust)}\n`)
    .digest('hex');
}

describe('publishing', () => {
  test('writes the sources, the prepared JSON and what is current', async () => {
    const objects = createMemoryObjectStore();
    const publication = await publishTrust(objects, first, FIRST, new Date('2026-11-22T00:00:00.000Z'));
    expect(publication).toEqual({
      outcome: 'published',
      profile: 'ocp',
      revision: first.revision,
      previous: undefined,
      warnings: first.warnings,
    });
    const revision = `trust/ocp/revisions/${first.revision}`;
    expect(await keysOf(objects)).toEqual([
      'trust/ocp/current',
      `trust/ocp/published/8204694399999-${first.revision}`,
      `${revision}/prepared/${preparedSha256Of(first)}.json`,
      `${revision}/sources/trust.yaml`,
    ]);
    expect(await loadTrust(objects, 'ocp', EARLIER)).toMatchObject({ trust: first, refreshedAt: EARLIER });
  });

  test('the same revision again changes nothing and says so', async () => {
    const objects = createMemoryObjectStore();
    await publishTrust(objects, first, FIRST);
    const { etag } = await loadTrust(objects, 'ocp', EARLIER);
    expect(await publishTrust(objects, first, FIRST)).toMatchObject({ outcome: 'unchanged', previous: first.revision });
    expect((await loadTrust(objects, 'ocp', LATER)).etag).toBe(etag);
  });

  test('another revision, and the first one back', async () => {
    const objects = createMemoryObjectStore();
    await publishTrust(objects, first, FIRST);
    expect(await publishTrust(objects, second, SECOND)).toMatchObject({
      outcome: 'published',
      previous: first.revision,
    });
    expect(await publishTrust(objects, first, FIRST)).toMatchObject({
      outcome: 'published',
      previous: second.revision,
    });
    expect((await loadTrust(objects, 'ocp', EARLIER)).trust.revision).toBe(first.revision);
    expect((await loadRevision(objects, 'ocp', second.revision)).revision).toBe(second.revision);
  });

  test.each([1, 2, 3])(
    'a failure at write %i leaves the old trust current, and publishing again succeeds',
    async (n) => {
      const objects = createMemoryObjectStore();
      await publishTrust(objects, first, FIRST);
      await expect(publishTrust(failingAt(objects, n), second, SECOND)).rejects.toThrow('gone');
      expect((await loadTrust(objects, 'ocp', EARLIER)).trust.revision).toBe(first.revision);
      await publishTrust(objects, second, SECOND);
      expect((await loadTrust(objects, 'ocp', EARLIER)).trust.revision).toBe(second.revision);
    },
  );

  test('a lost race', async () => {
    const objects = createMemoryObjectStore();
    const slow: ObjectStore = {
      ...objects,
      replaceObject: async (key, bytes, etag) => {
        await publishTrust(objects, second, SECOND);
        return objects.replaceObject(key, bytes, etag);
      },
    };
    expect((await configurationErrorOf(() => publishTrust(slow, first, FIRST)))?.code).toBe('PublishConflict');
    expect((await loadTrust(objects, 'ocp', EARLIER)).trust.revision).toBe(second.revision);
  });

  test.each([
    ['a source', 'sources/trust.yaml'],
    ['the prepared JSON', `prepared/${preparedSha256Of(first)}.json`],
  ])('%s already stored with other bytes', async (_name, place) => {
    const objects = createMemoryObjectStore();
    await objects.createObject(`trust/ocp/revisions/${first.revision}/${place}`, Uint8Array.of(0x7b));
    const error = await configurationErrorOf(() => publishTrust(objects, first, FIRST));
    expect(error?.code).toBe('RevisionInvalid');
    expect(error?.message).toContain('change a comment');
    expect(await keysOf(objects)).not.toContain('trust/ocp/current');
    // What the message says to do: the junk stays where it is, for good in a bucket whose revisions nobody deletes.
    const commented = FIRST.map(({ name, bytes }) => ({ name, bytes: Buffer.concat([bytes, Buffer.from('\n# 2\n')]) }));
    const other = await prepareTrust('ocp', commented);
    expect(await publishTrust(objects, other, commented)).toMatchObject({ outcome: 'published' });
    expect((await loadTrust(objects, 'ocp', EARLIER)).trust.revision).toBe(other.revision);
  });

  test('the same documents compiled differently are the same revision, and the newer compilation counts', async () => {
    const objects = createMemoryObjectStore();
    await publishTrust(objects, first, FIRST);
    const recompiled = { ...first, warnings: ['a later Signet says more'] };
    expect(await publishTrust(objects, recompiled, FIRST)).toMatchObject({
      outcome: 'published',
      revision: first.revision,
    });
    expect((await loadTrust(objects, 'ocp', EARLIER)).trust).toEqual(recompiled);
    expect(await loadRevision(objects, 'ocp', first.revision)).toEqual(recompiled);
    await publishTrust(objects, second, SECOND);
    expect((await loadRevision(objects, 'ocp', first.revision)).revision).toBe(first.revision);
  });

  test.each([
    ['other documents than were prepared', first, SECOND, 'RevisionInvalid'],
    ['documents that are missing', first, [], 'RevisionInvalid'],
    ['trust that requires nothing', { ...first, keyrings: [] }, FIRST, 'TrustUnusable'],
    ['a revision that is not its own', { ...first, revision: second.revision }, FIRST, 'RevisionInvalid'],
    ['more than can be loaded', { ...first, warnings: ['x'.repeat(MAX_PREPARED_BYTES)] }, FIRST, 'LimitExceeded'],
  ])('refused: %s', async (_name, trust, documents, code) => {
    const objects = createMemoryObjectStore();
    expect((await configurationErrorOf(() => publishTrust(objects, trust, documents)))?.code).toBe(code);
    expect(await keysOf(objects)).toEqual([]);
  });
});

describe('loading', () => {
  const current = 'trust/ocp/current';
  const prepared = `trust/ocp/revisions/${first.revision}/prepared/${preparedSha256Of(first)}.json`;

  test('what has not changed is not read again, and is as fresh as now', async () => {
    const objects = await published();
    const previous = await loadTrust(objects, 'ocp', EARLIER);
    const reads = objects.reads.length;
    const loaded = await loadTrust(objects, 'ocp', LATER, previous);
    expect(loaded).toEqual({ ...previous, refreshedAt: LATER });
    expect(loaded.trust).toBe(previous.trust);
    expect(objects.reads.slice(reads)).toEqual([current]);
  });

  test('what has changed is', async () => {
    const objects = await published();
    const previous = await loadTrust(objects, 'ocp', EARLIER);
    await publishTrust(objects, second, SECOND);
    expect((await loadTrust(objects, 'ocp', LATER, previous)).trust).toEqual(second);
  });

  test('a store that fails is not "nothing published"', async () => {
    const failure = new StoreError('TimedOut', 'too late');
    await expect(loadTrust(createMemoryObjectStore([], { failure }), 'ocp', EARLIER)).rejects.toBe(failure);
  });

  test.each([
    ['a newer schema of current', current, pointer({ schema: 2 }), 'SchemaUnsupported'],
    ['current without a hash', current, pointer({ preparedSha256: undefined }), 'RevisionInvalid'],
    ['current with another hash', current, pointer({}), 'RevisionInvalid'],
    ['current with a path for a revision', current, pointer({ revision: '../../okd' }), 'RevisionInvalid'],
    ['current with an unknown member', current, pointer({ x: 1 }), 'RevisionInvalid'],
    ['current twice over', current, '{"schema":1,"schema":1}', 'RevisionInvalid'],
    ['an empty current', current, '', 'RevisionInvalid'],
    ['a revision that is not stored', current, pointer({ revision: second.revision }), 'RevisionInvalid'],
    ['a prepared JSON with a byte more', prepared, `${JSON.stringify(first)}\n\n`, 'RevisionInvalid'],
  ])('refused: %s', async (_name, key, text, code) => {
    const objects = await published();
    await put(objects, key, text);
    expect((await configurationErrorOf(() => loadTrust(objects, 'ocp', EARLIER)))?.code).toBe(code);
  });

  test.each([
    ['a profile without trust', 'okd', first.revision, 'TrustMissing'],
    ['a profile that is a path', '../ocp', first.revision, 'TrustMissing'],
    ['a revision that is not there', 'ocp', second.revision, 'TrustMissing'],
    ['a revision that is a path', 'ocp', '../current', 'RevisionInvalid'],
  ])('refused: %s', async (_name, name, revision, code) => {
    const objects = await published();
    expect((await configurationErrorOf(() => loadRevision(objects, name, revision)))?.code).toBe(code);
    if (name === 'ocp') return;
    expect((await configurationErrorOf(() => loadTrust(objects, name, EARLIER)))?.code).toBe(code);
  });

  test.each([
    ['of another profile', { ...first, profile: 'okd' }],
    ['of another revision', second],
  ])('refused: a revision %s in its place', async (_name, trust) => {
    const objects = await published();
    await put(objects, prepared, JSON.stringify(trust));
    const error = await configurationErrorOf(() => loadRevision(objects, 'ocp', first.revision));
    expect(error?.code).toBe('RevisionInvalid');
  });
});
