import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseDigest, toKeySegment } from '../../../lib/base/names/digest.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import {
  MAX_PAGE_BYTES,
  MAX_PAGE_RECORDS,
  readRecord,
  readRecords,
} from '../../../lib/verdict/records/read-records.ts';
import { findRecordFault } from '../../../lib/verdict/records/recheck-record.ts';
import {
  MAX_RECORD_BYTES,
  MAX_TIME_MS,
  toRecordId,
  type VerdictRecord,
} from '../../../lib/verdict/records/verdict-record.ts';
import { writeRecord } from '../../../lib/verdict/records/write-record.ts';
import { toDigest } from '../../fixtures/make/payload.ts';
import { FIXTURE_TIME } from '../../support/fixture-releases.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { GOOD, recordOf, serving, signer, trust } from './sample-records.ts';

const DIGEST = parseDigest(GOOD.slice(-71));
const good = await recordOf({ stores: [serving('store', Buffer.from('junk'), signer.sign(DIGEST))] });
const undigested = await recordOf({ pullspec: 'quay.io/openshift-release-dev/ocp-release:4.99.0' });
const prefix = `records/${toKeySegment(DIGEST)}/`;
const pointer = `${prefix}${MAX_TIME_MS - FIXTURE_TIME.getTime()}-${good.id}`;

const never = new AbortController().signal;
/** By the trust of the samples, as of when these records say that they were made. */
const confirm = (stored: VerdictRecord): Promise<string | undefined> =>
  findRecordFault(stored, trust.prepared, FIXTURE_TIME, never);
const encode = (content: unknown): Uint8Array => Buffer.from(JSON.stringify(content));
const keysOf = async (objects: ObjectStore): Promise<readonly string[]> =>
  (await Array.fromAsync(objects.listObjects('records/'))).map(({ key }) => key);

/** The same decision, asked by another source, at another time. */
function variant(index: number, change: Partial<VerdictRecord> = {}): VerdictRecord {
  const asked = { ...good.asked, source: `source-${index}` };
  const decidedAt = new Date(FIXTURE_TIME.getTime() + index * 1000).toISOString();
  const verdict = { ...good.verdict, decidedAt };
  return { ...good, asked, verdict, id: toRecordId(asked, verdict), firstDecidedAt: decidedAt, ...change };
}

async function holding(...records: readonly VerdictRecord[]): Promise<ObjectStore> {
  const objects = createMemoryObjectStore();
  for (const record of records) await writeRecord(objects, record, confirm);
  return objects;
}

describe('writing', () => {
  test('claims the id, then points to it', async () => {
    const objects = createMemoryObjectStore();
    expect(await writeRecord(objects, good, confirm)).toEqual({ id: good.id, kind: 'created', obstacles: [] });
    expect(await keysOf(objects)).toEqual([`records/by-id/${good.id}.json`, pointer]);
    expect(await readRecord(objects, DIGEST, good.id)).toEqual(good);
  });

  test('the same decision again changes nothing, and the first time stays', async () => {
    const objects = await holding(good);
    const decidedAt = '2026-12-24T00:00:00.000Z';
    const again = { ...good, verdict: { ...good.verdict, decidedAt }, firstDecidedAt: decidedAt };
    expect(await writeRecord(objects, again, confirm)).toEqual({ id: good.id, kind: 'exists', obstacles: [] });
    expect(await keysOf(objects)).toEqual([`records/by-id/${good.id}.json`, pointer]);
    expect((await readRecord(objects, DIGEST, good.id))?.firstDecidedAt).toBe(good.firstDecidedAt);
  });

  test('a crash between the two writes is repaired by the next one, with the first time', async () => {
    const objects = createMemoryObjectStore();
    const crashing: ObjectStore = {
      ...objects,
      async createObject(key, bytes) {
        if (!key.startsWith('records/by-id/')) throw new StoreError('ConnectionFailed', 'gone');
        return objects.createObject(key, bytes);
      },
    };
    await expect(writeRecord(crashing, good, confirm)).rejects.toThrow('gone');
    expect((await readRecords(objects, DIGEST, { limit: 1 })).records).toEqual([]);
    const decidedAt = '2026-12-24T00:00:00.000Z';
    expect(await writeRecord(objects, { ...good, firstDecidedAt: decidedAt }, confirm)).toEqual({
      id: good.id,
      kind: 'exists',
      obstacles: [],
    });
    expect(await keysOf(objects)).toContain(pointer);
    expect((await readRecords(objects, DIGEST, { limit: 1 })).records).toEqual([good]);
  });

  test('twenty writers of one decision make one record', async () => {
    const objects = createMemoryObjectStore();
    const results = await Promise.all(Array.from({ length: 20 }, () => writeRecord(objects, good, confirm)));
    expect(results.filter(({ kind }) => kind === 'created')).toHaveLength(1);
    expect(await keysOf(objects)).toHaveLength(2);
  });

  test('a pullspec without a digest is listed apart', async () => {
    const objects = await holding(good, undigested);
    expect((await readRecords(objects, undefined, { limit: 5 })).records).toEqual([undigested]);
    expect(await readRecord(objects, undefined, undigested.id)).toEqual(undigested);
    expect((await keysOf(objects)).some((key) => key.startsWith('records/undigested/'))).toBe(true);
  });

  test('refuses a record that could not be read again', async () => {
    const long = { ...good, asked: { ...good.asked, source: 'x'.repeat(MAX_RECORD_BYTES) } };
    await expect(writeRecord(createMemoryObjectStore(), long, confirm)).rejects.toMatchObject({
      code: 'LimitExceeded',
    });
  });
});

describe('reading', () => {
  test('newest first, in pages that miss and repeat nothing', async () => {
    const records = Array.from({ length: 7 }, (_, index) => variant(index));
    const objects = await holding(...records.toSorted((left, right) => (left.id < right.id ? -1 : 1)));
    const read: VerdictRecord[] = [];
    const sizes: number[] = [];
    for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
      const page = await readRecords(objects, DIGEST, { limit: 3, after });
      sizes.push(page.records.length);
      read.push(...page.records);
      after = page.next;
    }
    expect(sizes).toEqual([3, 3, 1]);
    expect(read).toEqual(records.toReversed());
  });

  test('a full last page has no next', async () => {
    const objects = await holding(variant(1), variant(2));
    expect((await readRecords(objects, DIGEST, { limit: 2 })).next).toBeUndefined();
  });

  test('a page ends before it grows too long', async () => {
    const long = (index: number): VerdictRecord =>
      variant(index, { signatures: [{ store: 'x'.repeat(MAX_PAGE_BYTES / 2), location: '', sha256: '0'.repeat(64) }] });
    const objects = await holding(long(1), long(2));
    const page = await readRecords(objects, DIGEST, { limit: 2 });
    expect(page.records.map(({ id }) => id)).toEqual([long(2).id]);
    const rest = await readRecords(objects, DIGEST, { limit: 2, after: page.next });
    expect([rest.records[0]?.id, rest.next]).toEqual([long(1).id, undefined]);
  });

  test.each<[string, string]>([
    ['empty', ''],
    ['not one of ours', 'abc'],
    ['a path', Buffer.from('../../trust/ocp/current').toString('base64url')],
    ['another prefix', Buffer.from(`by-id/${good.id}`).toString('base64url')],
    ['a whole key', Buffer.from(pointer).toString('base64url')],
    ['a name with more after it', Buffer.from(`0000000000000-${'0'.repeat(64)}/x`).toString('base64url')],
    ['another spelling of base64', `${Buffer.from(`0000000000000-${'0'.repeat(64)}`).toString('base64url')}=`],
  ])('a cursor that is %s is refused', async (_, after) => {
    await expect(readRecords(await holding(good), DIGEST, { limit: 1, after })).rejects.toThrow(InputError);
  });

  test('a cursor of another digest stays below the digest that is asked for', async () => {
    const objects = await holding(good, undigested);
    const after = Buffer.from(`0000000000000-${'0'.repeat(64)}`).toString('base64url');
    expect((await readRecords(objects, DIGEST, { limit: 5, after })).records).toEqual([good]);
  });

  test.each([0, -1, 1.5, MAX_PAGE_RECORDS + 1, Number.NaN])('a limit of %s is refused', async (limit) => {
    await expect(readRecords(await holding(good), DIGEST, { limit })).rejects.toThrow(InputError);
  });

  test('one that is absent, or of another digest, is not there', async () => {
    const objects = await holding(good);
    expect(await readRecord(objects, DIGEST, '0'.repeat(64))).toBeUndefined();
    expect(await readRecord(objects, parseDigest(toDigest('another')), good.id)).toBeUndefined();
    expect(await readRecord(objects, undefined, good.id)).toBeUndefined();
    await expect(readRecord(objects, DIGEST, '../x')).rejects.toThrow(InputError);
  });
});

describe('what is broken is told', () => {
  const body = (change: object): Uint8Array => encode({ ...good, ...change });
  test.each<[string, Uint8Array]>([
    ['no JSON', Buffer.from('{')],
    ['a member twice', Buffer.from(JSON.stringify(good).replace('{', '{"schema":1,'))],
    ['an unknown member', body({ note: 'x' })],
    ['a member is missing', encode({ schema: 1 })],
    ['an unknown code', body({ verdict: { ...good.verdict, reasons: [{ code: 'Fine', message: '' }] } })],
    ['a digest that is none', body({ verdict: { ...good.verdict, digest: 'sha256:00' } })],
    ['a time that is none', body({ firstDecidedAt: 'yesterday' })],
    ['a time before 1970', body({ firstDecidedAt: '1969-12-31T23:59:59.999Z' })],
    ['a time beyond the pointers', body({ firstDecidedAt: '2300-01-01T00:00:00.000Z' })],
    [
      'base64 in another spelling',
      body({ signatures: [{ store: '', location: '', sha256: '0'.repeat(64), bytes: 'QQ' }] }),
    ],
    ['another decision under its id', body({ verdict: { ...good.verdict, outcome: 'rejected' } })],
    ['another record’s id', body({ id: '0'.repeat(64) })],
    ['schema 0', body({ schema: 0 })],
  ])('%s', async (_, bytes) => {
    const objects = createMemoryObjectStore([
      [`records/by-id/${good.id}.json`, bytes],
      [pointer, new Uint8Array()],
    ]);
    await expect(readRecord(objects, DIGEST, good.id)).rejects.toThrow(StoreError);
    const later = variant(1);
    await writeRecord(objects, later, confirm);
    const page = await readRecords(objects, DIGEST, { limit: 5 });
    expect(page.records).toEqual([later]);
    expect(page.unreadable).toMatchObject([{ key: pointer }]);
  });

  test('a newer schema is refused as such', async () => {
    const objects = createMemoryObjectStore([[`records/by-id/${good.id}.json`, body({ schema: 3, more: true })]]);
    const refusal = readRecord(objects, DIGEST, good.id);
    await expect(refusal).rejects.toThrow(ConfigurationError);
    await expect(refusal).rejects.toMatchObject({ code: 'SchemaUnsupported' });
  });

  test.each<[string, string]>([
    ['to no record', `${prefix}0000000000000-${'0'.repeat(64)}`],
    ['with another time', `${prefix}0000000000000-${good.id}`],
    ['of another digest', `records/${toKeySegment(parseDigest(toDigest('another')))}/0000000000000-${good.id}`],
    ['of a form that is none', `${prefix}x`],
  ])('a pointer %s', async (_, key) => {
    const objects = await holding(good);
    await objects.createObject(key, new Uint8Array());
    const digest = key.startsWith(prefix) ? DIGEST : parseDigest(toDigest('another'));
    const { records, unreadable } = await readRecords(objects, digest, { limit: 5 });
    expect(records).toEqual(digest === DIGEST ? [good] : []);
    expect(unreadable).toMatchObject([{ key }]);
  });

  test('a store that refuses every read is a failure, and not a page without records', async () => {
    const refused = new StoreError('NotAllowed', '403');
    const objects = { ...(await holding(good)), readObject: () => Promise.reject(refused) };
    await expect(readRecords(objects, DIGEST, { limit: 5 })).rejects.toBe(refused);
  });
});
