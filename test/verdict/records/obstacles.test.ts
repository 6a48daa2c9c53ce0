import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parsePullspec } from '../../../lib/base/names/reference.ts';
import { createDirectoryObjectStore } from '../../../lib/platform/objects/directory/directory-object-store.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import type { ReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { decideAndRecord, type RecordedDecision } from '../../../lib/verdict/records/decide-and-record.ts';
import { createAcceptances, listAccepted } from '../../../lib/verdict/records/list-accepted.ts';
import { createQuestions } from '../../../lib/verdict/records/questions.ts';
import { readRecord, readRecords } from '../../../lib/verdict/records/read-records.ts';
import { recheckRecord } from '../../../lib/verdict/records/recheck-record.ts';
import {
  MAX_RECORD_BYTES,
  recordKey,
  toRecordId,
  type VerdictRecord,
} from '../../../lib/verdict/records/verdict-record.ts';
import { reportObstacles, toAsked, toRecord } from '../../../lib/verdict/records/write-record.ts';
import { FIXTURE_TIME } from '../../support/fixture-releases.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { createKeptTelemetry } from '../../support/quiet-telemetry.ts';
import { releaseOnly } from '../../support/untouched-store.ts';
import { DIGEST, decide, GOOD, serving, signer, stranger, trust } from './sample-records.ts';

if (DIGEST === undefined) throw new Error('the sample has a digest');
const signature = signer.sign(DIGEST);
const places = [serving('mirror'), serving('upstream', Buffer.from('junk'), signature)] as const;
const [mirror, upstream] = places;
/** What the service is about to record: all of it is public, and nothing has to be guessed. */
const real = toRecord(toAsked('api', GOOD), await decide({ stores: places }));
const encode = (content: unknown): Uint8Array => Buffer.from(JSON.stringify(content));

async function record(
  objects: ObjectStore,
  { by = trust, from = upstream, now = FIXTURE_TIME }: { by?: ReadyTrust; from?: typeof upstream; now?: Date } = {},
): Promise<RecordedDecision> {
  return await decideAndRecord({ pullspec: parsePullspec(GOOD) }, toAsked('api', GOOD), by, {
    mirror: releaseOnly(mirror),
    upstream: releaseOnly(from),
    objects,
    acceptances: createAcceptances(objects),
    questions: createQuestions(),
    now: () => now,
    signal: new AbortController().signal,
  });
}

const at = (time: string): Partial<VerdictRecord> => ({
  firstDecidedAt: time,
  verdict: { ...real.verdict, decidedAt: time },
});
const otherSignature = Buffer.from(stranger.sign(DIGEST)).toString('base64');

const PLANTED: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ['nothing', new Uint8Array()],
  ['no record', encode({})],
  ['no JSON', Buffer.from('{'.repeat(10_000))],
  ['of a schema of the future', encode({ schema: 99 })],
  ['longer than a record may be', Buffer.alloc(MAX_RECORD_BYTES + 1, 0x20)],
  ['the record of another decision', encode({ ...real, verdict: { ...real.verdict, outcome: 'rejected' } })],
  ['the record without its signatures', encode({ ...real, signatures: [] })],
  ['the record without evidence, long ago', encode({ ...real, ...at('2020-01-01T00:00:00.000Z'), signatures: [] })],
  ['the record without attempts', encode({ ...real, verdict: { ...real.verdict, attempts: [] } })],
  [
    'the record with the evidence of a time before the signature',
    encode({ ...real, ...at('2020-01-01T00:00:00.000Z') }),
  ],
  ['the record of a time that has not come', encode({ ...real, ...at('2036-01-01T00:00:00.000Z') })],
  [
    'the record with another signature',
    encode({ ...real, signatures: real.signatures.map((one) => ({ ...one, bytes: otherSignature })) }),
  ],
  [
    'the record with another signer',
    encode({
      ...real,
      verdict: { ...real.verdict, attempts: real.verdict.attempts.map((one) => ({ ...one, signer: 'A'.repeat(40) })) },
    }),
  ],
];

describe('what somebody else wrote where a record belongs', () => {
  test.each(PLANTED)('%s: the verdict is given, and recorded beside it', async (_, bytes) => {
    const key = recordKey(real.id);
    const objects = createMemoryObjectStore([[key, bytes]]);
    const { verdict, recordId, obstacles } = await record(objects);
    expect(verdict.outcome).toBe('accepted');
    expect(recordId).not.toBe(real.id);
    expect(obstacles).toMatchObject([{ key, fault: expect.stringMatching(/./) as unknown }]);
    // What was planted stays: it is evidence too.
    const left = await objects.readObject(key, 2 * MAX_RECORD_BYTES);
    expect(Buffer.compare(left?.bytes ?? Buffer.from('gone'), bytes)).toBe(0);
    const stored = await readRecord(objects, DIGEST, recordId);
    expect(stored).toMatchObject({ signatures: real.signatures, inPlaceOf: { id: real.id } });
    expect(stored === undefined ? undefined : await recheckRecord(stored, trust.prepared)).toMatchObject({
      outcome: 'confirmed',
    });
    const page = await readRecords(objects, DIGEST, { limit: 5 });
    expect(page.records.map(({ id }) => id)).toContain(recordId);
    const accepted = listAccepted(objects, { profile: verdict.profile, now: FIXTURE_TIME, days: 7 });
    expect(await Array.fromAsync(accepted)).toEqual([recordId]);
  });

  test('asked again, it is the same record beside it, and told again', async () => {
    const objects = createMemoryObjectStore([[recordKey(real.id), encode({})]]);
    const first = await record(objects);
    const again = await record(objects, { now: new Date(FIXTURE_TIME.getTime() + 1000) });
    expect(again.recordId).toBe(first.recordId);
    expect(again.obstacles).toEqual(first.obstacles);
    expect((await readRecords(objects, DIGEST, { limit: 5 })).records).toHaveLength(1);
  });

  test('nor does it help to plant at every id that can be foreseen', async () => {
    const objects = createMemoryObjectStore();
    const planted = encode({});
    let writes = 0;
    // Somebody who writes each object a moment before this service does.
    const raced: ObjectStore = {
      ...objects,
      async createObject(key, bytes) {
        if (key.startsWith('records/by-id/') && writes < 3) {
          writes += 1;
          await objects.createObject(key, planted);
        }
        return await objects.createObject(key, bytes);
      },
    };
    const { recordId, obstacles } = await record(raced);
    expect(obstacles).toHaveLength(3);
    const stored = await readRecord(objects, DIGEST, recordId);
    expect(stored?.inPlaceOf?.nonce).toMatch(/^[0-9a-f]{64}$/);
    // Without the nonce it would be another id.
    const { nonce: _, ...foreseen } = stored?.inPlaceOf ?? { id: '', fault: '' };
    expect(toRecordId(real.asked, real.verdict, foreseen)).not.toBe(recordId);
  });

  test('an object that the service may not read is in the way, and a store that does not answer is not', async () => {
    const objects = createMemoryObjectStore([[recordKey(real.id), encode({})]]);
    const failing = (code: 'NotAllowed' | 'StatusUnexpected' | 'ConnectionFailed' | 'TimedOut'): ObjectStore => ({
      ...objects,
      readObject: async (key, limit) => {
        if (key.startsWith('records/')) throw new StoreError(code, 'as with the key of another account');
        return await objects.readObject(key, limit);
      },
    });
    for (const code of ['NotAllowed', 'StatusUnexpected'] as const) {
      const { obstacles } = await record(failing(code), { now: new Date(FIXTURE_TIME.getTime() + 1) });
      expect(obstacles[0]?.fault).toMatch(/as with the key of another account/);
    }
    for (const code of ['ConnectionFailed', 'TimedOut'] as const) {
      await expect(record(failing(code))).rejects.toMatchObject({ code });
    }
  });

  test('a good record with evidence of its own, of another store or time, is the record', async () => {
    const objects = createMemoryObjectStore();
    const first = await record(objects);
    const later = await record(objects, {
      from: serving('elsewhere', signature),
      now: new Date(FIXTURE_TIME.getTime() + 60_000),
    });
    expect([later.recordId, later.obstacles]).toEqual([first.recordId, []]);
    // What was found good is replaced: it is looked at anew.
    const key = recordKey(first.recordId);
    const { etag } = (await objects.readObject(key, MAX_RECORD_BYTES)) ?? { etag: '' };
    await objects.replaceObject(key, encode({ ...real, signatures: [] }), etag);
    expect((await record(objects)).obstacles).toMatchObject([{ key }]);
  });
});

describe('on one machine', () => {
  let work = '';
  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'signet-obstacles-'));
  });
  afterAll(async () => rm(work, { recursive: true }));

  test.each<[name: string, plant: (file: string) => Promise<unknown>]>([
    ['a folder', (file) => mkdir(file)],
    ['a link', (file) => symlink('/dev/zero', file)],
    ['a file', (file) => writeFile(file, 'junk')],
  ])('%s in place of a record', async (name, plant) => {
    const root = path.join(work, name);
    await mkdir(path.join(root, 'records', 'by-id'), { recursive: true });
    await plant(path.join(root, recordKey(real.id)));
    const objects = createDirectoryObjectStore(root);
    const { verdict, recordId, obstacles } = await record(objects);
    expect([verdict.outcome, obstacles.length]).toEqual(['accepted', 1]);
    expect((await readRecord(objects, DIGEST, recordId))?.signatures).toEqual(real.signatures);
  });
});

test('the operator is told: a count to alarm by, and a line that names the object', () => {
  const telemetry = createKeptTelemetry();
  reportObstacles([], telemetry);
  expect([telemetry.lines, [...telemetry.counts]]).toEqual([[], []]);
  const obstacle = { key: recordKey(real.id), fault: 'it holds another decision' };
  reportObstacles([obstacle], telemetry);
  expect([...telemetry.counts]).toEqual([['RecordObstructed', 1]]);
  expect(telemetry.lines).toMatchObject([{ level: 'error', fields: obstacle }]);
});
