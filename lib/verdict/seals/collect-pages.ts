import { hash } from 'node:crypto';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import { evaluateStored, isUnreadable } from '../records/read-records.ts';
import { isRecordId, MAX_RECORD_BYTES, recordKey } from '../records/verdict-record.ts';
import { MAX_SEALED, type SealedRecord, toDay } from './seal.ts';

/** Records that are read before the time is looked at. */
const SLICE = 500;
const CONCURRENCY = 16;
/** Records of days to come that a run remembers: after a pause each is read once, and not again for each day. */
const MAX_REMEMBERED = 100_000;

/** A million of them are held. */
export function toShortId(id: string): string {
  return Buffer.from(id, 'hex').toString('latin1');
}

/** What one page of a day's seal has to hold. */
export interface Page {
  readonly sealed: readonly SealedRecord[];
  readonly isLast: boolean;
}

interface CollectRequest {
  readonly objects: ObjectStore;
  readonly isTimeUp: () => boolean;
}

/** What a run knows of records. */
interface Known {
  /** Short ids of those that a seal has. */
  readonly sealed: Set<string>;
  /** What was read, and is of a later day. */
  readonly later: Map<string, SealedRecord>;
}

/** What a day's seal has to hold, a page at a time; when the time is up, what was found so far. */
export async function* collectPages(
  { objects, isTimeUp }: CollectRequest,
  { sealed, later }: Known,
  day: string,
): AsyncGenerator<Page> {
  let found: SealedRecord[] = [];
  for await (const ids of listUnsealed(objects, sealed)) {
    const read = await runBounded(ids, CONCURRENCY, async (id) => later.get(id) ?? (await readSealed(objects, id)));
    for (const one of read) {
      if (one === undefined) continue;
      if (one.day > day) {
        if (later.size < MAX_REMEMBERED) later.set(one.id, one);
        continue;
      }
      later.delete(one.id);
      found.push(one);
    }
    while (found.length > MAX_SEALED) {
      yield take(found.slice(0, MAX_SEALED), sealed, false);
      found = found.slice(MAX_SEALED);
    }
    if (!isTimeUp()) continue;
    if (found.length > 0) yield take(found, sealed, false);
    return;
  }
  yield take(found, sealed, true);
}

function take(page: readonly SealedRecord[], sealed: Set<string>, isLast: boolean): Page {
  for (const { id } of page) sealed.add(toShortId(id));
  return { sealed: page, isLast };
}

async function* listUnsealed(objects: ObjectStore, sealed: ReadonlySet<string>): AsyncGenerator<readonly string[]> {
  const prefix = recordKey('').slice(0, -'.json'.length);
  let ids: string[] = [];
  for await (const { key } of objects.listObjects(prefix)) {
    const id = key.slice(prefix.length, -'.json'.length);
    if (!isRecordId(id) || recordKey(id) !== key || sealed.has(toShortId(id))) continue;
    ids.push(id);
    if (ids.length < SLICE) continue;
    yield ids;
    ids = [];
  }
  if (ids.length > 0) yield ids;
}

/** Undefined for what is no record: no seal has it, and an audit names it. */
async function readSealed(objects: ObjectStore, id: string): Promise<SealedRecord | undefined> {
  try {
    const stored = await objects.readObject(recordKey(id), MAX_RECORD_BYTES);
    if (stored === undefined) return undefined;
    const { record } = evaluateStored(id, stored.bytes);
    return record === undefined
      ? undefined
      : { day: toDay(Date.parse(record.firstDecidedAt)), id, sha256: hash('sha256', stored.bytes) };
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}
