import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import type { Digest } from '../../../lib/base/names/digest.ts';
import { MAX_AUDITED_BYTES } from '../../../lib/mirror/audit/audit-slots.ts';
import { mirrorDigest } from '../../../lib/mirror/sync/mirror-digest.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { FIXTURE_TIME } from '../../support/fixture-releases.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import {
  audit,
  bytesOf,
  DIGEST,
  holding,
  keyOf,
  layoutOf,
  letterOf,
  signerA,
  signerB,
  snapshotOf,
  trustOf,
  watching,
} from './audit-layouts.ts';

const LAYOUTS = ['xab', 'axbyc', 'xaybzcrdl', '.a.b..c', '.xa', 'xAAAa', 'uxab', 'a.xb.yc', 'xysro', 'xxxxxxabc'];

/** What a reader finds who walks from 1 to the first gap: letters of what verifies, the same signature once. */
async function walk(objects: ObjectStore): Promise<readonly string[]> {
  const found = new Set<string>();
  for (let index = 1; index <= 9; index += 1) {
    const stored = await objects.readObject(keyOf(index), 2 * MAX_AUDITED_BYTES);
    if (stored === undefined) break;
    const letter = letterOf(stored.bytes);
    if ('abcdefghiA'.includes(letter)) found.add(letter.toLowerCase());
  }
  return [...found].toSorted();
}

test.each(LAYOUTS)('whoever walks from 1 between two operations misses nothing that was there: %s', async (layout) => {
  const objects = holding(layout);
  const before = await walk(objects);
  await audit(
    watching(
      objects,
      () => undefined,
      async () => expect(await walk(objects)).toEqual(expect.arrayContaining([...before])),
    ),
  );
  expect(await walk(objects)).toHaveLength(new Set(layout.toLowerCase().replaceAll(/[^a-i]/g, '')).size);
});

describe.each([
  { name: 'before it is done', isDone: false },
  { name: 'after it is done, before anybody knows', isDone: true },
])('an audit that ends with any operation, $name', ({ isDone }) => {
  test.each(LAYOUTS)('is finished by the next one: %s', async (layout) => {
    const whole = holding(layout);
    await audit(whole);
    const expected = await snapshotOf(whole);
    let crashes = 0;
    for (let last = 1; ; last += 1) {
      const objects = holding(layout);
      const before = await walk(objects);
      if (!(await crashAt(objects, last, isDone))) break;
      crashes += 1;
      expect(await walk(objects)).toEqual(expect.arrayContaining([...before]));
      await audit(objects);
      expect(await snapshotOf(objects)).toEqual(expected);
    }
    // The listing and nine reads at least, and for each that goes a quarantine and a removal.
    expect(crashes).toBeGreaterThan(10);
  });
});

/** False when the audit was through before that operation. */
async function crashAt(objects: ObjectStore, last: number, isDone: boolean): Promise<boolean> {
  let count = 0;
  const crash = () => {
    count += 1;
    // Reads go on beside the one that fails.
    if (count >= last) throw new StoreError('ConnectionFailed', 'gone');
  };
  const crashing = isDone ? watching(objects, () => undefined, crash) : watching(objects, crash);
  try {
    await audit(crashing);
    return false;
  } catch (error) {
    if (error instanceof StoreError && error.message === 'gone') return true;
    throw error;
  }
}

const UPSTREAM = [bytesOf('d'), bytesOf('e')];
const two = trustOf([signerA, signerB]);

function mirror(objects: ObjectStore): Promise<unknown> {
  const upstream = createMemorySignatureStore(new Map<Digest, readonly Uint8Array[]>([[DIGEST, UPSTREAM]]));
  const { signal } = new AbortController();
  return mirrorDigest({ objects, digest: DIGEST, trust: two, upstream, now: FIXTURE_TIME, signal });
}

/** All that is at any index and verifies. */
async function verifiedIn(objects: ObjectStore): Promise<readonly string[]> {
  return [...new Set((await layoutOf(objects)).toLowerCase())].filter((letter) => /[a-i]/.test(letter)).toSorted();
}

/** No gap, nothing that does not verify, and one framing of a signature. */
const TIDY = /^(?!.*A.*a|.*a.*A)[Aa-iu]*$/;
const MIRRORED = ['x', 'xx', 'xyz', 'xa', 'axy', '.a', 'x.a', 'xAa', 'uxa', 'xyzxyzxyz'];

describe('signatures mirrored while an audit is under way', () => {
  test.each(MIRRORED)('by a writer that runs between two operations: %s', async (layout) => {
    for (let at = 1; ; at += 1) {
      const objects = holding(layout);
      let count = 0;
      let lost: readonly string[] = [];
      const interleaved = watching(objects, async () => {
        count += 1;
        if (count !== at) return;
        await mirror(objects);
        lost = await verifiedIn(objects);
      });
      await audit(interleaved);
      if (count < at) break;
      expect(await verifiedIn(objects)).toEqual(expect.arrayContaining([...lost]));
      expect(await layoutOf(objects)).toMatch(TIDY);
    }
  });

  test.each(MIRRORED)('by a writer that has looked before and writes in between: %s', async (layout) => {
    for (let at = 1; ; at += 1) {
      const objects = holding(layout);
      const gate = Promise.withResolvers<void>();
      const looked = Promise.withResolvers<void>();
      const slow = watching(objects, async (operation) => {
        if (operation !== 'create') return;
        looked.resolve();
        await gate.promise;
      });
      const writer = mirror(slow).finally(() => looked.resolve());
      await looked.promise;
      let count = 0;
      let written: readonly string[] = [];
      const interleaved = watching(objects, async () => {
        count += 1;
        if (count !== at) return;
        gate.resolve();
        await writer;
        written = await verifiedIn(objects);
      });
      await audit(interleaved);
      gate.resolve();
      await writer;
      if (count < at) break;
      expect(await verifiedIn(objects)).toEqual(expect.arrayContaining([...written]));
      // What the last look of the audit has not seen is for the next one.
      await audit(objects);
      expect(await layoutOf(objects)).toMatch(TIDY);
      expect(await verifiedIn(objects)).toEqual(expect.arrayContaining([...written]));
    }
  });

  test('a writer that is late by a whole audit writes behind the end; the next audit closes the gap', async () => {
    const objects = holding('xxa');
    const gate = Promise.withResolvers<void>();
    const slow = watching(objects, (operation) => (operation === 'create' ? gate.promise : undefined));
    const writer = mirror(slow);
    await audit(objects);
    expect(await layoutOf(objects)).toBe('a');
    gate.resolve();
    await writer;
    expect(await layoutOf(objects)).toMatch(/^a\.\.e/);
    await audit(objects);
    expect(await layoutOf(objects)).toBe('ae');
  });
});
