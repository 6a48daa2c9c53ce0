import { describe, expect, test } from 'vitest';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { type Digest, parseDigest, toStoreSegment } from '../../../lib/base/names/digest.ts';
import {
  type AuditedMirror,
  auditMirror,
  MAX_AUDITED_DIGESTS,
  type MirrorAudit,
  type MirrorAuditRequest,
  PENDING_INVALIDATION_KEY,
} from '../../../lib/mirror/audit/audit-mirror.ts';
import { ALL_SIGNATURES } from '../../../lib/mirror/audit/invalidation.ts';
import { MAX_FOREIGN_KEYS, MAX_PAGE_KEYS } from '../../../lib/mirror/audit/list-mirrored-digests.ts';
import { RELEASE_PREFIXES } from '../../../lib/mirror/slots/slot-layout.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { MAX_TRUST_AGE_MS } from '../../../lib/trust/prepared/profiles.ts';
import { FIXTURE_TIME } from '../../support/fixture-releases.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { createDirectoryStores } from './audit-directories.ts';
import { JUNK, keyOf, layoutOf, readOnly, signerA, signerB, snapshotOf, trust, watching } from './audit-layouts.ts';

const stores = createDirectoryStores('audit-mirror-');

/** In the order of a listing. */
const digests = Array.from({ length: 7 }, (_, index) => parseDigest(`sha256:${String(index).repeat(64)}`));
const [first, second] = digests;
if (first === undefined || second === undefined) throw new Error('there are seven');
const long = parseDigest(`sha512:${'a'.repeat(128)}`);

type Objects = readonly (readonly [string, Uint8Array])[];

/** Junk at 1, a good signature at 2, another one at 3. */
function spoilt(digest: Digest): Objects {
  return [
    [keyOf(1, digest), JUNK],
    [keyOf(2, digest), signerA.sign(digest)],
    [keyOf(3, digest), signerB.sign(digest)],
  ];
}

const whole = (digest: Digest): Objects => [[keyOf(1, digest), signerA.sign(digest)]];
const folderOf = (digest: Digest): string => `signatures/${toStoreSegment(digest)}`;

async function run(objects: ObjectStore, change: Partial<MirrorAuditRequest> = {}): Promise<AuditedMirror> {
  const result = await tryRun(objects, change);
  if (result.outcome !== 'audited') throw new Error(`the audit was ${result.outcome}`);
  return result;
}

function tryRun(objects: ObjectStore, change: Partial<MirrorAuditRequest> = {}): Promise<MirrorAudit> {
  const { signal } = new AbortController();
  return auditMirror({ objects, trusts: [trust], now: FIXTURE_TIME, signal, limit: 100, ...change });
}

/** All pages, one after the other. */
async function runAll(objects: ObjectStore, limit: number): Promise<readonly AuditedMirror[]> {
  const pages = [await run(objects, { limit })];
  for (let next = pages[0]?.next; next !== undefined; next = pages.at(-1)?.next) {
    pages.push(await run(objects, { limit, after: next }));
    if (pages.length > 100) throw new Error('it has no end');
  }
  return pages;
}

const numbersOf = ({ audited, held, quarantined, duplicates, gapsClosed }: AuditedMirror) => ({
  audited,
  held,
  quarantined: quarantined.length,
  duplicates,
  gapsClosed,
});

describe.each<[string, (initial: Objects) => Promise<ObjectStore>]>([
  ['memory', async (initial) => createMemoryObjectStore(initial)],
  ['directory', (initial) => stores.make(initial)],
])('a mirror in a %s', (_, make) => {
  test.each([1, 2, 3, 8, 100])('is audited page by page, each digest once: %i at a time', async (limit) => {
    const objects = await make([...[...digests, long].flatMap(spoilt), ['other/key', JUNK]]);
    const pages = await runAll(objects, limit);
    expect(pages.map(({ audited }) => audited)).toEqual(
      Array.from({ length: Math.ceil(8 / limit) }, (__, index) => Math.min(limit, 8 - index * limit)),
    );
    expect(pages.flatMap(({ quarantined }) => quarantined.map(({ location }) => location))).toEqual(
      [...digests, long].map((digest) => keyOf(1, digest)),
    );
    for (const digest of [...digests, long]) expect((await layoutOf(objects, digest)).length).toBe(2);
    const again = await run(readOnly(objects));
    expect(numbersOf(again)).toEqual({ audited: 8, held: 16, quarantined: 0, duplicates: 0, gapsClosed: 0 });
  });

  test('a dry run says the same and changes nothing', async () => {
    const objects = await make([...spoilt(first), ...whole(second), ['signatures/foo/bar', JUNK]]);
    const before = await snapshotOf(objects);
    const dry = await run(readOnly(objects), { dryRun: true, invalidation: untouchable });
    expect(await snapshotOf(objects)).toEqual(before);
    expect(dry).toEqual(await run(objects));
    expect(numbersOf(dry)).toEqual({ audited: 2, held: 3, quarantined: 1, duplicates: 0, gapsClosed: 0 });
  });
});

/** Must not be asked. */
const untouchable = {
  async invalidate() {
    throw new Error('caches were told');
  },
};

test('an empty mirror has nothing to audit', async () => {
  expect(await run(createMemoryObjectStore())).toEqual({
    outcome: 'audited',
    audited: 0,
    held: 0,
    quarantined: [],
    duplicates: 0,
    gapsClosed: 0,
    foreign: { count: 0, keys: [] },
    unreadable: [],
    unaudited: [],
  });
});

describe('other names', () => {
  test.each<[string, string]>([
    ['no digest', 'signatures/foo/signature-1'],
    ['no folder', 'signatures/foo'],
    ['a digest as it is written elsewhere', `${folderOf(first).replace('=', ':')}/signature-1`],
    ['a digest in capitals', `signatures/sha256=${'A'.repeat(64)}/signature-1`],
    ['a digest that is too short', `signatures/sha256=${'0'.repeat(63)}/signature-1`],
    ['a digest with more behind it', `${folderOf(first)}0/signature-1`],
    ['an algorithm that is none', `signatures/md5=${'0'.repeat(32)}/signature-1`],
    ['an object where a folder is', folderOf(second)],
    ['another name beside signatures', `${folderOf(first)}/signature-10`],
  ])('are reported once and left: %s', async (_, key) => {
    const objects = createMemoryObjectStore([...whole(first), ...spoilt(digests[2] ?? second), [key, JUNK]]);
    for (const limit of [1, 100]) {
      const pages = await runAll(objects, limit);
      expect(pages.map(({ audited }) => audited)).toEqual(limit === 1 ? [1, 1] : [2]);
      expect(pages.flatMap(({ foreign }) => foreign.keys)).toEqual([key]);
    }
    expect(await objects.readObject(key, 100)).toBeDefined();
  });

  test('an object that is named like a folder does not hide the folder behind it', async () => {
    const objects = createMemoryObjectStore([...whole(first), [folderOf(second), JUNK], ...spoilt(second)]);
    const pages = await runAll(objects, 1);
    expect(pages.map(({ quarantined }) => quarantined.length)).toEqual([0, 1]);
  });

  test('are counted, and only some are named', async () => {
    const names = Array.from({ length: MAX_FOREIGN_KEYS + 1 }, (_, index) => `signatures/${1000 + index}`);
    const objects = createMemoryObjectStore([...names.map((key) => [key, JUNK] as const), ...spoilt(first)]);
    const { foreign, audited } = await run(objects);
    expect([foreign.count, foreign.keys.length, audited]).toEqual([MAX_FOREIGN_KEYS + 1, MAX_FOREIGN_KEYS, 1]);
  });

  test('keep no call from ending', async () => {
    const names = Array.from({ length: MAX_PAGE_KEYS + 1 }, (_, index) => `signatures/${100_000 + index}`);
    const objects = createMemoryObjectStore([...names.map((key) => [key, JUNK] as const), ...spoilt(first)]);
    const page = await run(objects);
    expect([page.audited, page.foreign.count, page.next]).toEqual([0, MAX_PAGE_KEYS, `${100_000 + MAX_PAGE_KEYS - 1}`]);
    const rest = await run(objects, { after: page.next });
    expect([rest.audited, rest.foreign.count, rest.next]).toEqual([1, 1, undefined]);
  });
});

describe('limits and failures', () => {
  test.each([0, -1, 1.5, Number.NaN, MAX_AUDITED_DIGESTS + 1])('%s digests at a time are refused', async (limit) => {
    await expect(tryRun(createMemoryObjectStore(), { limit })).rejects.toThrow(InputError);
  });

  test('a cursor that could be no key is refused', async () => {
    await expect(run(createMemoryObjectStore(), { after: 'a\0' })).rejects.toMatchObject({ code: 'KeyRefused' });
  });

  test.each<[string, Partial<MirrorAuditRequest>, string]>([
    ['no trust', { trusts: [] }, 'indeterminate'],
    [
      'stale trust',
      { trusts: [{ ...trust, refreshedAt: new Date(FIXTURE_TIME.getTime() - MAX_TRUST_AGE_MS - 1) }] },
      'indeterminate',
    ],
    ['no keyring', { trusts: [{ ...trust, keyrings: [] }] }, 'skipped'],
  ])('%s: nothing is looked at', async (_, change, outcome) => {
    const objects = watching(createMemoryObjectStore(spoilt(first)), (operation, key) => {
      throw new Error(`${operation} of ${key}`);
    });
    expect(await tryRun(objects, { ...change, invalidation: untouchable })).toMatchObject({ outcome });
  });

  test('a place that cannot be read ends the call before anything is changed', async () => {
    const objects = createMemoryObjectStore([...spoilt(first), ...spoilt(second)]);
    const failing = watching(readOnly(objects), (_, key) => {
      if (key === keyOf(5, second)) throw new StoreError('TimedOut', 'slow');
    });
    await expect(run(failing)).rejects.toMatchObject({ code: 'TimedOut' });
  });
});

describe('caches', () => {
  /** Remembers what it was told, and what the mirror was like then. */
  function listening(objects: ObjectStore, failures = 0) {
    const told: (readonly string[])[] = [];
    const layouts: string[] = [];
    const signals: AbortSignal[] = [];
    let left = failures;
    const invalidation = {
      async invalidate(paths: readonly string[], signal: AbortSignal) {
        signals.push(signal);
        layouts.push(await layoutOf(objects, first));
        if (left > 0) {
          left -= 1;
          throw new StoreError('Unavailable', 'busy');
        }
        told.push(paths);
      },
    };
    return { told, layouts, signals, invalidation };
  }

  const pathsOf = (digest: Digest, ...indexes: readonly number[]): readonly string[] =>
    indexes.flatMap((index) =>
      RELEASE_PREFIXES.map((prefix) => `${prefix}${keyOf(index, digest).slice('signatures/'.length)}`),
    );

  test('are told of each changed index, under each path, once all is changed', async () => {
    const objects = createMemoryObjectStore([...spoilt(first), ...whole(second), ...spoilt(long)]);
    const { told, layouts, signals, invalidation } = listening(objects);
    const { signal } = new AbortController();
    await run(objects, { invalidation, signal });
    expect(signals).toEqual([signal]);
    expect(told).toEqual([[...pathsOf(first, 1, 3), ...pathsOf(long, 1, 3)]]);
    expect(layouts.map((layout) => layout.length)).toEqual([2]);
    expect(await objects.readObject(PENDING_INVALIDATION_KEY, 100)).toBeUndefined();
  });

  test('are told nothing when nothing has changed, and nothing is written', async () => {
    const objects = createMemoryObjectStore([...whole(first), [keyOf(10, second), JUNK]]);
    expect((await run(readOnly(objects), { invalidation: untouchable })).audited).toBe(2);
  });

  test('are told of everything when that is shorter', async () => {
    const many = Array.from({ length: 60 }, (_, index) => parseDigest(`sha256:${String(index + 10).repeat(32)}`));
    const objects = createMemoryObjectStore(
      many.flatMap((digest) => Array.from({ length: 9 }, (_, index) => [keyOf(index + 1, digest), JUNK] as const)),
    );
    const { told, invalidation } = listening(objects);
    await run(objects, { invalidation });
    expect(told).toEqual([ALL_SIGNATURES]);
    expect(ALL_SIGNATURES).toEqual(RELEASE_PREFIXES.map((prefix) => `${prefix}*`));
  });

  test('that could not be told fail the call, and the next one tells them, though nothing is left to change', async () => {
    const objects = createMemoryObjectStore(spoilt(first));
    const { told, invalidation } = listening(objects, 1);
    await expect(run(objects, { invalidation })).rejects.toMatchObject({ code: 'Unavailable' });
    expect(numbersOf(await run(objects, { invalidation }))).toMatchObject({ quarantined: 0 });
    expect(told).toEqual([ALL_SIGNATURES]);
    await run(readOnly(objects), { invalidation });
    expect(told).toHaveLength(1);
  });

  test('are told after an audit that ended with any of its operations, and of everything that it had changed', async () => {
    const initial = [...spoilt(first), ...spoilt(second)];
    for (let last = 1; ; last += 1) {
      const objects = createMemoryObjectStore(initial);
      const before = await snapshotOf(objects);
      let count = 0;
      const crashing = watching(
        objects,
        () => undefined,
        () => {
          count += 1;
          if (count >= last) throw new StoreError('ConnectionFailed', 'gone');
        },
      );
      const { told, invalidation } = listening(objects);
      const isThrough = await run(crashing, { invalidation }).then(
        () => true,
        () => false,
      );
      const signatures = (keys: typeof before) => keys.filter(([key]) => key.startsWith('signatures/'));
      const hasChanged = JSON.stringify(signatures(await snapshotOf(objects))) !== JSON.stringify(signatures(before));
      const wasTold = told.length > 0;
      await run(objects, { invalidation });
      if (hasChanged && !wasTold) expect(told).toEqual([ALL_SIGNATURES]);
      expect(told.length).toBeGreaterThan(0);
      expect(await objects.readObject(PENDING_INVALIDATION_KEY, 100)).toBeUndefined();
      if (isThrough) break;
    }
  });
});

describe('an object that nobody can read', () => {
  const place = keyOf(1, first);
  const faults: readonly [string, StoreError][] = [
    ['that is encrypted with another’s key', new StoreError('NotAllowed', 'reading it failed: 403 AccessDenied')],
    ['for which a key is asked', new StoreError('StatusUnexpected', 'reading it failed: 400 InvalidRequest')],
    ['with a folder in its place', new StoreError('KeyRefused', 'other objects’ keys run through it')],
  ];

  function hiding(objects: ObjectStore, fault: () => StoreError | undefined): ObjectStore {
    return {
      ...objects,
      readObject: async (key, limit) => {
        const error = key === place ? fault() : undefined;
        if (error !== undefined) throw error;
        return await objects.readObject(key, limit);
      },
    };
  }

  test.each(faults)('%s keeps no other digest from being audited, and is said', async (_, fault) => {
    const objects = await createMemoryObjectStoreOf([...whole(first), ...spoilt(second)]);
    const audit = await run(hiding(objects, () => fault));
    expect(audit).toMatchObject({ audited: 1, held: 2, unaudited: [{ digest: first, reason: fault.message }] });
    expect(audit.quarantined).toHaveLength(1);
    expect(await objects.readObject(place, 1_000_000)).toBeDefined();
  });

  test('for a moment alone is read again', async () => {
    const objects = await createMemoryObjectStoreOf([...spoilt(first), ...whole(second)]);
    let failures = 1;
    const fault = () => (failures-- > 0 ? new StoreError('StatusUnexpected', 'reading it failed: 500') : undefined);
    expect(await run(hiding(objects, fault))).toMatchObject({ audited: 2, unaudited: [] });
  });

  test.each(['Unavailable', 'TimedOut', 'ConnectionFailed'] as const)('because of %s ends the audit', async (code) => {
    const objects = await createMemoryObjectStoreOf(whole(first));
    await expect(run(hiding(objects, () => new StoreError(code, 'gone')))).rejects.toMatchObject({ code });
  });
});

async function createMemoryObjectStoreOf(entries: Objects): Promise<ObjectStore> {
  const objects = createMemoryObjectStore();
  for (const [key, bytes] of entries) await objects.createObject(key, bytes);
  return objects;
}
