import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import { type IndexState, readIndexState, writeIndexState } from './decision-packs.ts';
import { indexedKey, indexRecord } from './decision-row.ts';
import { packDecisions } from './pack-decisions.ts';
import { isUnreadable, readStoredRecord } from './read-records.ts';
import { isRecordId, recordKey } from './verdict-record.ts';

/** What one run did for the index of decisions. */
export interface IndexResult {
  /** `busy`: another run works on it. */
  readonly kind: 'indexed' | 'busy';
  /** Records that were listed by this run. */
  readonly indexed: number;
  readonly packed: number;
  /** Entries that no record confirms, which were removed. */
  readonly refused: number;
  readonly broken: number;
  /** Whether all records were looked at since the last pass began. */
  readonly isComplete: boolean;
}

export interface IndexRequest {
  readonly objects: ObjectStore;
  /** Every profile that is configured: those whose entries are packed. */
  readonly profiles: readonly string[];
  readonly now: () => Date;
  readonly isTimeUp: () => boolean;
}

/** Hours between two passes over all records: what a crash left out is listed after that. */
const PASS_HOURS = 24;
const HOUR_MS = 60 * 60 * 1000;
/** Records that are looked at before the state is written. */
const SLICE = 500;
const CONCURRENCY = 16;

/**
 * Lists records that the index lacks, and packs what is new in it. Each pass goes over all records; it may be killed at
 * any point, and the next run goes on from the last slice. @throws StoreError, ConfigurationError
 */
export async function tendDecisions(request: IndexRequest): Promise<IndexResult> {
  const { objects } = request;
  let indexed = 0;
  let packs = { packed: 0, refused: 0, broken: 0 };
  try {
    let held = await readIndexState(objects);
    if (isDue(held.state, request.now())) {
      for await (const { state, count } of passRecords(request, held.state)) {
        held = { state, etag: await writeIndexState(objects, state, held.etag) };
        indexed += count;
      }
    }
    if (held.state.cursor === undefined) {
      packs = await packAll(request);
      if (packs.broken > 0) await writeIndexState(objects, { ...held.state, cursor: '', isRebuild: true }, held.etag);
    }
    return { kind: 'indexed', indexed, ...packs, isComplete: held.state.cursor === undefined && packs.broken === 0 };
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'ConditionFailed') throw error;
    return { kind: 'busy', indexed, ...packs, isComplete: false };
  }
}

function isDue({ cursor, isRebuild, completedAt }: IndexState, now: Date): boolean {
  if (cursor !== undefined || isRebuild === true || completedAt === undefined) return true;
  const age = now.getTime() - Date.parse(completedAt);
  // Below zero, or no number, it is a clock's fault: better once more than never again.
  return !(age >= 0 && age < PASS_HOURS * HOUR_MS);
}

/** Both listings are sorted by id: a record is listed unless its mark comes with it. */
async function* passRecords(
  { objects, now, isTimeUp }: IndexRequest,
  last: IndexState,
): AsyncGenerator<{ readonly state: IndexState; readonly count: number }> {
  const from = last.cursor ?? '';
  const marks = listIds(objects, indexedKey(''), '', from);
  let mark = await marks.next();
  let missing: string[] = [];
  let seen = 0;
  for await (const id of listIds(objects, recordKey('').slice(0, -'.json'.length), '.json', from)) {
    while (mark.done !== true && mark.value < id) mark = await marks.next();
    if (last.isRebuild === true || mark.done === true || mark.value !== id) missing.push(id);
    seen += 1;
    if (seen % SLICE > 0 && missing.length < SLICE) continue;
    yield { state: { ...last, cursor: id }, count: await indexMissing(objects, missing) };
    missing = [];
    if (isTimeUp()) return;
  }
  const { cursor: _, isRebuild: __, ...rest } = last;
  yield { state: { ...rest, completedAt: now().toISOString() }, count: await indexMissing(objects, missing) };
}

async function* listIds(
  objects: ObjectStore,
  prefix: string,
  suffix: string,
  from: string,
): AsyncGenerator<string, undefined> {
  const options = from === '' ? {} : { after: `${prefix}${from}${suffix}` };
  for await (const { key } of objects.listObjects(prefix, options)) {
    const name = key.slice(prefix.length);
    const id = name.endsWith(suffix) ? name.slice(0, name.length - suffix.length) : '';
    if (isRecordId(id)) yield id;
  }
  return undefined;
}

async function indexMissing(objects: ObjectStore, ids: readonly string[]): Promise<number> {
  const done = await runBounded(ids, CONCURRENCY, (id) => indexStored(objects, id));
  return done.filter((isIndexed) => isIndexed).length;
}

/** What cannot be read as a record is in no list; the page of its digest names it. */
async function indexStored(objects: ObjectStore, id: string): Promise<boolean> {
  try {
    const stored = await readStoredRecord(objects, id);
    if (stored === undefined) return false;
    await indexRecord(objects, stored.record);
    return true;
  } catch (error) {
    if (isUnreadable(error) || error instanceof InputError) return false;
    throw error;
  }
}

async function packAll({ objects, profiles, isTimeUp }: IndexRequest): Promise<{
  readonly packed: number;
  readonly refused: number;
  readonly broken: number;
}> {
  const outcomes = ['accepted', 'rejected', 'indeterminate'].map((outcome) => `outcome/${outcome}`);
  const orderings = ['all', 'forced', ...outcomes, ...profiles.map((profile) => `profile/${profile}`)];
  const total = { packed: 0, refused: 0, broken: 0 };
  for (const ordering of orderings) {
    const { packed, refused, broken } = await packDecisions(objects, ordering, isTimeUp);
    total.packed += packed;
    total.refused += refused;
    total.broken += broken;
  }
  return total;
}
