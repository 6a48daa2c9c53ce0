import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { type LookasideResult, mirrorLookaside } from '../../../lib/mirror/slots/lookaside-mirror.ts';
import {
  lookasideLayout,
  MAX_LOOKASIDE_SLOTS,
  parseSignaturePath,
  slotKey,
} from '../../../lib/mirror/slots/slot-layout.ts';
import { createDirectoryObjectStore } from '../../../lib/platform/objects/directory/directory-object-store.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { createObjectLookasideStore } from '../../../lib/stores/numbered-stores.ts';
import { createParallelStore } from '../../../lib/stores/port/composites.ts';
import { MAX_SIGNATURE_BYTES, type SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';

const DIGEST = parseDigest(`sha256:${'a1'.repeat(32)}`);
const REPOSITORY = parseRepository('registry.test:5000/ns/app');
const TARGET = { repository: REPOSITORY, digest: DIGEST };
const REQUIREMENTS = ['a', 'b'];

/** `a+b/name#framing`: what it satisfies, which signature it is, how it is framed. Anything else satisfies nothing. */
const signed = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
function judge(untrustedBytes: Uint8Array) {
  const [names = '', rest] = Buffer.from(untrustedBytes).toString().split('/');
  const satisfied = rest === undefined ? [] : names.split('+').filter((name) => REQUIREMENTS.includes(name));
  return { satisfied, identities: [rest?.split('#')[0] ?? ''] };
}

const serving = (...texts: readonly string[]): SignatureStore =>
  createMemorySignatureStore(new Map([[DIGEST, texts.map(signed)]]));
const failing = createMemorySignatureStore(new Map(), { failure: new StoreError('ConnectionFailed', 'refused') });
const untouchable: SignatureStore = {
  description: 'untouchable',
  fetchSignatures() {
    throw new Error('upstream was contacted');
  },
};

const holding = (slots: Readonly<Record<number, string>>): ObjectStore =>
  createMemoryObjectStore(
    Object.entries(slots).map(([index, text]) => [slotKey(lookasideLayout(TARGET), Number(index)), signed(text)]),
  );

async function mirror(
  upstream: SignatureStore,
  objects: ObjectStore = holding({}),
  requirements: readonly string[] = REQUIREMENTS,
): Promise<LookasideResult> {
  const { signal } = new AbortController();
  return await mirrorLookaside({ ...TARGET, objects, requirements, judge, upstream, signal });
}

/** What a reader of the mirror gets. */
async function served(objects: ObjectStore): Promise<readonly string[]> {
  const store = createObjectLookasideStore(objects);
  const entries = await Array.fromAsync(store.fetchSignatures(TARGET, new AbortController().signal));
  return entries.map((entry) =>
    entry.kind === 'signature' ? Buffer.from(entry.untrustedBytes).toString() : entry.kind,
  );
}

let scratch = '';
let count = 0;
beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'lookaside-'));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

describe.each<[string, () => ObjectStore]>([
  ['memory', () => createMemoryObjectStore()],
  [
    'directory',
    () => {
      count += 1;
      return createDirectoryObjectStore(path.join(scratch, String(count)));
    },
  ],
])('in a %s', (_, newObjects) => {
  test('keeps what satisfies a requirement, in its own bytes, from 1 without gaps', async () => {
    const objects = newObjects();
    const result = await mirror(serving('junk', 'a/1', 'c/other', 'b/2'), objects);
    expect(result).toMatchObject({ outcome: 'complete', written: [1, 2], held: 2, missing: [], refused: 0 });
    expect(await served(objects)).toEqual(['a/1', 'b/2', 'absent']);
  });

  test('asks nobody when what is held satisfies every requirement', async () => {
    const objects = newObjects();
    await mirror(serving('a+b/1'), objects);
    expect(await mirror(untouchable, objects)).toMatchObject({ outcome: 'complete', held: 1, written: [] });
  });

  test('many at once write each signature once', async () => {
    const objects = newObjects();
    const texts = ['a/1', 'a/2', 'b/3'];
    const orders = [texts, texts.toReversed(), ['a/2', 'a/1', 'b/3']];
    const results = await Promise.all(orders.map((order) => mirror(serving(...order), objects)));
    expect(results.map(({ outcome }) => outcome)).toEqual(['complete', 'complete', 'complete']);
    const kept = await served(objects);
    expect(kept.at(-1)).toBe('absent');
    expect(new Set(kept).size).toBe(kept.length);
  });
});

test('is served at the path that its key stands for', () => {
  const key = slotKey(lookasideLayout(TARGET), 7);
  expect(key).toBe(`lookaside/${REPOSITORY}@sha256=${'a1'.repeat(32)}/signature-7`);
  expect(parseSignaturePath(`/${key}`)).toBe(key);
});

describe('what was held before', () => {
  const rows: readonly {
    name: string;
    held: Readonly<Record<number, string>>;
    upstream: readonly string[];
    written: readonly number[];
    outcome: string;
  }[] = [
    {
      name: 'what is lacking is added',
      held: { 1: 'a/1' },
      upstream: ['a/1', 'b/2'],
      written: [2],
      outcome: 'complete',
    },
    { name: 'a re-framed copy is not', held: { 1: 'a/1' }, upstream: ['a/1#x'], written: [], outcome: 'incomplete' },
    { name: 'junk keeps its place', held: { 1: 'junk' }, upstream: ['a+b/1'], written: [2], outcome: 'complete' },
    { name: 'a gap is filled', held: { 2: 'b/2' }, upstream: ['a/1', 'b/2'], written: [1], outcome: 'complete' },
    {
      name: 'what lies behind a gap satisfies nothing',
      held: { 3: 'a+b/3' },
      upstream: ['a/1'],
      written: [1],
      outcome: 'incomplete',
    },
    {
      name: 'what is too long keeps its place',
      held: { 1: 'x'.repeat(MAX_SIGNATURE_BYTES + 1) },
      upstream: ['a+b/1'],
      written: [2],
      outcome: 'complete',
    },
  ];
  test.each(rows)('$name', async ({ held, upstream, written, outcome }) => {
    expect(await mirror(serving(...upstream), holding(held))).toMatchObject({ written, outcome });
  });
});

describe('outcomes', () => {
  test.each([
    { name: 'nobody has one', upstream: serving(), outcome: 'incomplete', missing: ['a', 'b'] },
    { name: 'one is lacking', upstream: serving('a/1'), outcome: 'incomplete', missing: ['b'] },
    { name: 'a store failed', upstream: failing, outcome: 'indeterminate', missing: ['a', 'b'] },
    {
      name: 'a store failed, and all are satisfied',
      upstream: createParallelStore([failing, serving('a+b/1')]),
      outcome: 'complete',
      missing: [],
    },
  ])('$name: $outcome', async ({ upstream, outcome, missing }) => {
    expect(await mirror(upstream)).toMatchObject({ outcome, missing });
  });

  test('no requirement: nothing is asked, held or complete', async () => {
    const objects = holding({});
    expect(await mirror(untouchable, objects, [])).toMatchObject({ outcome: 'incomplete', held: 0, written: [] });
  });

  test('a mirror that fails is a failure, not a result', async () => {
    const failure = new StoreError('TimedOut', 'slow');
    const objects = createMemoryObjectStore([[slotKey(lookasideLayout(TARGET), 1), signed('junk')]], { failure });
    await expect(mirror(serving('a+b/1'), objects)).rejects.toBe(failure);
  });

  test('a place that is always taken and empty again: ConditionFailed', async () => {
    const objects = { ...holding({}), createObject: async () => false };
    await expect(mirror(serving('a/1'), objects)).rejects.toMatchObject({ code: 'ConditionFailed' });
  });
});

describe('places', () => {
  const filled = (places: number, text: (index: number) => string) =>
    Object.fromEntries(Array.from({ length: places }, (_, at) => [at + 1, text(at + 1)]));

  test('the last is kept for a requirement that lacks a signature', async () => {
    const objects = holding(filled(MAX_LOOKASIDE_SLOTS - 1, (index) => `a/${index}`));
    expect(await mirror(serving('a/another'), objects)).toMatchObject({ written: [], refused: 1 });
    expect(await mirror(serving('a/another', 'b/new'), objects)).toMatchObject({ written: [MAX_LOOKASIDE_SLOTS] });
  });

  test('a full mirror refuses, and its readers still find its end', async () => {
    const objects = holding(filled(MAX_LOOKASIDE_SLOTS, (index) => `a/${index}`));
    expect(await mirror(serving('b/new'), objects)).toMatchObject({ outcome: 'incomplete', refused: 1 });
    expect((await served(objects)).at(-1)).toBe('absent');
  });
});
