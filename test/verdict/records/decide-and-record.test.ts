import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseDigest, toStoreSegment } from '../../../lib/base/names/digest.ts';
import { parsePullspec } from '../../../lib/base/names/reference.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { decideAndRecord, type RecordedDecision } from '../../../lib/verdict/records/decide-and-record.ts';
import { createAcceptances } from '../../../lib/verdict/records/list-accepted.ts';
import { createQuestions } from '../../../lib/verdict/records/questions.ts';
import { readRecord } from '../../../lib/verdict/records/read-records.ts';
import { toAsked } from '../../../lib/verdict/records/write-record.ts';
import { FIXTURE_STORE, FIXTURE_TIME, fixtureReleases, readFixtureTrust } from '../../support/fixture-releases.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { createMemorySignatureStore, type MemorySignatureStore } from '../../support/memory-signature-store.ts';
import { releaseOnly } from '../../support/untouched-store.ts';

const GOOD = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
const DIGEST = parseDigest(GOOD.slice(GOOD.indexOf('@') + 1));
const signature = readFileSync(path.join(FIXTURE_STORE, toStoreSegment(DIGEST), 'signature-1'));
const junk = Buffer.from('junk');

const storeOf = (description: string, ...signatures: readonly Uint8Array[]): MemorySignatureStore =>
  createMemorySignatureStore(new Map([[DIGEST, signatures]]), { description });
const trust = await readFixtureTrust();

async function decide(
  mirror: MemorySignatureStore,
  upstream: MemorySignatureStore,
  objects: ObjectStore = createMemoryObjectStore(),
  text = GOOD,
): Promise<RecordedDecision> {
  const request = { pullspec: parsePullspec(text) };
  const { signal } = new AbortController();
  const dependencies = {
    mirror: releaseOnly(mirror),
    upstream: releaseOnly(upstream),
    objects,
    acceptances: createAcceptances(objects),
    questions: createQuestions(),
    now: () => FIXTURE_TIME,
    signal,
  };
  return await decideAndRecord(request, toAsked('api', text), trust, dependencies);
}

describe('where the signature that satisfied was', () => {
  test.each<[name: string, mirrored: readonly Uint8Array[], published: readonly Uint8Array[], string, boolean]>([
    ['in the mirror', [signature], [signature], 'accepted', false],
    ['in the mirror behind what does not verify', [junk, signature], [signature], 'accepted', false],
    ['upstream', [], [signature], 'accepted', true],
    ['upstream, and the mirror holds junk', [junk], [signature], 'accepted', true],
    ['nowhere', [], [], 'rejected', false],
    ['nowhere: upstream holds only junk', [], [junk], 'rejected', false],
  ])('%s', async (_, mirrored, published, outcome, wentUpstream) => {
    const upstream = storeOf('upstream', ...published);
    const decision = await decide(storeOf('mirror', ...mirrored), upstream);
    expect([decision.verdict.outcome, decision.unmirrored]).toEqual([
      outcome,
      wentUpstream ? [{ digest: DIGEST }] : [],
    ]);
    // Who is satisfied by the mirror does not touch upstream.
    if (outcome === 'accepted' && !wentUpstream) expect(upstream.contacts).toEqual([]);
  });

  test('a pullspec that policy rejects touches neither, and is recorded', async () => {
    const [mirror, upstream, objects] = [storeOf('mirror'), storeOf('upstream'), createMemoryObjectStore()];
    const decision = await decide(mirror, upstream, objects, `quay.io/evil/image@${DIGEST}`);
    expect(decision).toMatchObject({ verdict: { outcome: 'rejected' }, unmirrored: [] });
    expect([...mirror.contacts, ...upstream.contacts]).toEqual([]);
    expect((await readRecord(objects, DIGEST, decision.recordId))?.verdict).toEqual(decision.verdict);
  });
});

describe('the record', () => {
  test('is there when the verdict is given, with what was decided', async () => {
    const objects = createMemoryObjectStore();
    const { verdict, recordId } = await decide(storeOf('mirror'), storeOf('upstream', signature), objects);
    const record = await readRecord(objects, DIGEST, recordId);
    expect(record?.verdict).toEqual(verdict);
    expect(record?.signatures).toHaveLength(1);
  });

  test.each<[name: string, isFailing: (key: string) => boolean]>([
    ['the record', (key) => key.startsWith('records/by-id/')],
    ['its pointer', (key) => key.startsWith('records/sha256')],
  ])('when %s cannot be written there is no verdict', async (_, isFailing) => {
    const objects = createMemoryObjectStore();
    const failure = new StoreError('ConnectionFailed', 'no bucket');
    const failing: ObjectStore = {
      ...objects,
      createObject: async (key, bytes) => {
        if (isFailing(key)) throw failure;
        return await objects.createObject(key, bytes);
      },
    };
    for (const upstream of [storeOf('upstream', signature), storeOf('upstream')]) {
      await expect(decide(storeOf('mirror'), upstream, failing)).rejects.toBe(failure);
    }
    // Asked again when the bucket is back, it is decided and recorded.
    const { recordId } = await decide(storeOf('mirror'), storeOf('upstream', signature), objects);
    expect(await readRecord(objects, DIGEST, recordId)).toBeDefined();
  });
});
