import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { parseRecord } from './parse-record.ts';
import { isRecordId, parsePointerName, pointerPrefix, recordKey, toPointerName, toRecordId } from './record-id.ts';
import { MAX_RECORD_BYTES, type VerdictRecord } from './verdict-record.ts';

/** Records of one page. */
export const MAX_PAGE_RECORDS = 50;
/** Bytes of the records of one page, unless its first one alone is longer. */
export const MAX_PAGE_BYTES = 4 * 1024 * 1024;

interface RecordPage {
  /** Newest first. */
  readonly records: readonly VerdictRecord[];
  /** Where the next page starts; undefined after the last one. */
  readonly next?: string | undefined;
}

export interface PageRequest {
  /** From 1 to {@link MAX_PAGE_RECORDS}. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

/**
 * The records of a digest, or of pullspecs without one (undefined), newest first.
 *
 * @throws InputError `ArgumentInvalid` for the page; StoreError, also for a pointer without its record;
 *   ConfigurationError `SchemaUnsupported`
 */
export async function readRecords(
  objects: ObjectStore,
  digest: Digest | undefined,
  { limit, after }: PageRequest,
): Promise<RecordPage> {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE_RECORDS) {
    throw new InputError('ArgumentInvalid', `a page has from 1 to ${MAX_PAGE_RECORDS} records`);
  }
  const start = after === undefined ? '' : parseCursor(after);
  const names = await listPointers(objects, pointerPrefix(digest), start, limit + 1);
  const records: VerdictRecord[] = [];
  let total = 0;
  for (const name of names.slice(0, limit)) {
    const { record, size } = await readPointed(objects, digest, name);
    total += size;
    if (records.length > 0 && total > MAX_PAGE_BYTES) break;
    records.push(record);
  }
  const last = records.at(-1);
  const isLast = last === undefined || records.length === names.length;
  return isLast ? { records } : { records, next: toCursor(toPointerName(last)) };
}

/** One record of a digest; undefined when there is none of this id and digest. @throws as {@link readRecords} */
export async function readRecord(
  objects: ObjectStore,
  digest: Digest | undefined,
  id: string,
): Promise<VerdictRecord | undefined> {
  if (!isRecordId(id)) throw new InputError('ArgumentInvalid', 'a record’s id is 64 lower-case hex digits');
  const record = (await readStoredRecord(objects, id))?.record;
  return record?.verdict.digest === digest ? record : undefined;
}

async function listPointers(
  objects: ObjectStore,
  prefix: string,
  start: string,
  count: number,
): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { key } of objects.listObjects(prefix)) {
    const name = key.slice(prefix.length);
    // Names are ASCII, so that their order as strings is the listing's.
    if (name <= start) continue;
    names.push(name);
    if (names.length === count) break;
  }
  return names;
}

async function readPointed(
  objects: ObjectStore,
  digest: Digest | undefined,
  name: string,
): Promise<{ readonly record: VerdictRecord; readonly size: number }> {
  const pointer = `${pointerPrefix(digest)}${name}`;
  const id = parsePointerName(name);
  const stored = id === undefined ? undefined : await readStoredRecord(objects, id);
  if (stored === undefined) throw new StoreError('BodyInvalid', `${pointer} points to no record`);
  if (stored.record.verdict.digest !== digest || toPointerName(stored.record) !== name) {
    throw new StoreError('BodyInvalid', `${pointer} points to a record of another digest or time`);
  }
  return stored;
}

function toCursor(name: string): string {
  return Buffer.from(name).toString('base64url');
}

/** A cursor is compared with names below the digest's own prefix, and never becomes part of a key. */
function parseCursor(cursor: string): string {
  const name = Buffer.from(cursor, 'base64url').toString('latin1');
  if (parsePointerName(name) !== undefined && toCursor(name) === cursor) return name;
  throw new InputError('ArgumentInvalid', 'the cursor is not one that a page before had as its next');
}

/**
 * The record with this id, and its size in bytes; undefined when there is none.
 *
 * @throws StoreError `BodyInvalid` for what is no record, or another decision's; ConfigurationError `SchemaUnsupported`
 */
export async function readStoredRecord(
  objects: ObjectStore,
  id: string,
): Promise<{ readonly record: VerdictRecord; readonly size: number } | undefined> {
  const key = recordKey(id);
  const stored = await objects.readObject(key, MAX_RECORD_BYTES);
  if (stored === undefined) return undefined;
  const record = parseRecord(key, stored.bytes);
  if (record.id !== id || toRecordId(record.asked, record.verdict) !== id) {
    throw new StoreError('BodyInvalid', `${key} holds another decision than its id says`);
  }
  return { record, size: stored.bytes.length };
}
