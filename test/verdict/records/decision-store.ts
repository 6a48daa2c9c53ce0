import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import type { Outcome } from '../../../lib/verdict/judge/verdict.ts';
import { packPrefix, writeIndexState, writePack } from '../../../lib/verdict/records/decision-packs.ts';
import {
  entryPrefix,
  formatRow,
  indexRecord,
  listOrderings,
  toDecisionRow,
} from '../../../lib/verdict/records/decision-row.ts';
import type { VerdictRecord } from '../../../lib/verdict/records/verdict-record.ts';
import { recordKey, toRecordId } from '../../../lib/verdict/records/verdict-record.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { recordOf } from './sample-records.ts';

const OUTCOMES: readonly Outcome[] = ['accepted', 'accepted', 'accepted', 'rejected', 'indeterminate'];
const START_MS = Date.parse('2026-01-01T00:00:00.000Z');
const MINUTE_MS = 60_000;

export const sample = await recordOf({});

/** The n-th of many records, a minute after the one before. One in 50 is forced. */
export function manyRecord(index: number): VerdictRecord {
  const forced = index % 50 === 0;
  const outcome = forced ? 'accepted' : (OUTCOMES[index % OUTCOMES.length] ?? 'accepted');
  const time = new Date(START_MS + index * MINUTE_MS).toISOString();
  const profile = index % 3 === 0 ? 'okd' : 'ocp';
  return change({ source: index % 7 === 0 ? 'quay' : 'api', tag: `t${index}` }, { outcome, forced, profile }, time);
}

/** The sample with other members, its id and its time as they have to be then. */
export function change(
  asked: Partial<VerdictRecord['asked']>,
  verdict: Partial<VerdictRecord['verdict']>,
  time: string,
): VerdictRecord {
  const changed = {
    ...sample,
    asked: { ...sample.asked, ...asked },
    verdict: { ...sample.verdict, ...verdict, decidedAt: time },
    firstDecidedAt: time,
  };
  return { ...changed, id: toRecordId(changed.asked, changed.verdict) };
}

export async function putRecord(objects: ObjectStore, record: VerdictRecord): Promise<void> {
  await objects.createObject(recordKey(record.id), Buffer.from(JSON.stringify(record)));
}

/** An index of many records, without them: all but the newest rows of each ordering are packed. */
export async function fillIndex(objects: ObjectStore, count: number, fresh: number): Promise<void> {
  const filled = new Map<string, { isFresh: boolean; rows: string[] }>();
  for (let index = count - 1; index >= 0; index -= 1) {
    const record = manyRecord(index);
    const row = toDecisionRow(record);
    const text = formatRow(record, row);
    for (const ordering of listOrderings(row)) {
      const held = filled.get(ordering) ?? { isFresh: true, rows: [] };
      filled.set(ordering, held);
      held.rows.push(text);
      if (held.rows.length < (held.isFresh ? fresh : 1000)) continue;
      await flush(objects, ordering, held);
    }
  }
  for (const [ordering, held] of filled) await flush(objects, ordering, held);
  await writeIndexState(objects, { schema: 1, completedAt: '2026-11-30T00:00:00.000Z' }, undefined);
}

async function flush(
  objects: ObjectStore,
  ordering: string,
  held: { isFresh: boolean; rows: string[] },
): Promise<void> {
  const { isFresh, rows } = held;
  held.rows = [];
  held.isFresh = false;
  if (!isFresh && rows.length > 0) await writePack(objects, ordering, rows, undefined);
  if (!isFresh) return;
  for (const text of rows) await objects.createObject(toEntryKey(ordering, text), new Uint8Array());
}

/** The key of a row, as somebody would plant it: a long one in further segments, each with a dash before it. */
export function toEntryKey(ordering: string, text: string): string {
  const parts = Array.from({ length: Math.ceil(text.length / 250) }, (_, at) => text.slice(at * 250, (at + 1) * 250));
  return `${entryPrefix(ordering)}${parts.join('/-')}`;
}

/** The keys that are written for a record. */
export async function listEntryKeys(record: VerdictRecord): Promise<readonly string[]> {
  const objects = createMemoryObjectStore();
  await indexRecord(objects, record);
  return (await Array.fromAsync(objects.listObjects('decisions/new/'))).map(({ key }) => key);
}

export interface Requests {
  count: number;
}

/** Counts what S3 would be asked: a listing is a request for each thousand keys. */
export function countRequests(objects: ObjectStore): { readonly objects: ObjectStore; readonly requests: Requests } {
  const requests: Requests = { count: 0 };
  return {
    requests,
    objects: {
      ...objects,
      async readObject(key, limit) {
        requests.count += 1;
        return await objects.readObject(key, limit);
      },
      async *listObjects(prefix, start) {
        let listed = 0;
        requests.count += 1;
        for await (const one of objects.listObjects(prefix, start)) {
          if (listed > 0 && listed % 1000 === 0) requests.count += 1;
          listed += 1;
          yield one;
        }
      },
    },
  };
}

export async function keysOf(objects: ObjectStore, prefix: string): Promise<readonly string[]> {
  return (await Array.fromAsync(objects.listObjects(prefix))).map(({ key }) => key.slice(prefix.length));
}

export async function packsOf(objects: ObjectStore, ordering: string): Promise<readonly string[]> {
  return await keysOf(objects, packPrefix(ordering));
}
