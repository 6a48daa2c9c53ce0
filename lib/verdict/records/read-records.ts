import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { toPlaceFailure } from '../../base/errors/evaluate-candidate.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { parseRecord } from './parse-record.ts';
import {
  isRecordId,
  MAX_RECORD_BYTES,
  parsePointerName,
  pointerPrefix,
  recordKey,
  toPointerName,
  toRecordId,
  type VerdictRecord,
} from './verdict-record.ts';

/** Records of one page. */
export const MAX_PAGE_RECORDS = 50;
/** Names of a page that are listed because they are no record's. */
const MAX_STRAYS = 50;
/** Bytes of the records of one page, unless its first one alone is longer. */
export const MAX_PAGE_BYTES = 4 * 1024 * 1024;

interface RecordPage {
  /** Newest first. */
  readonly records: readonly VerdictRecord[];
  /** What stands among them and is no record; missing where there is nothing of that kind. */
  readonly unreadable?: readonly UnreadableRecord[];
  /** Where the next page starts; undefined after the last one. */
  readonly next?: string | undefined;
}

/** Something that lies where a record or its pointer belongs. It hides no record. */
interface UnreadableRecord {
  readonly key: string;
  readonly fault: string;
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
 * @throws InputError `ArgumentInvalid` for the page; StoreError
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
  const { names, strays } = await listPointers(objects, pointerPrefix(digest), start, limit + 1);
  const records: VerdictRecord[] = [];
  const unreadable = strays.map((key): UnreadableRecord => ({ key, fault: 'it is not the name of a record' }));
  let last: string | undefined;
  let failure: StoreError | ConfigurationError | undefined;
  let total = 0;
  for (const name of names.slice(0, limit)) {
    const { record, size, error } = await readPointed(objects, digest, name);
    total += size;
    if (records.length > 0 && total > MAX_PAGE_BYTES) break;
    if (record === undefined) unreadable.push({ key: `${pointerPrefix(digest)}${name}`, fault: error.message });
    else records.push(record);
    failure ??= error;
    last = name;
  }
  // Where nothing can be read at all, it may be the store that refuses.
  if (records.length === 0 && failure !== undefined && !isContentFault(failure)) throw failure;
  const isLast = last === undefined || last === names.at(-1);
  return {
    records,
    ...(unreadable.length === 0 ? {} : { unreadable }),
    ...(isLast || last === undefined ? {} : { next: toCursor(last) }),
  };
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
): Promise<{ readonly names: readonly string[]; readonly strays: readonly string[] }> {
  const names: string[] = [];
  const strays: string[] = [];
  for await (const { key } of objects.listObjects(prefix)) {
    const name = key.slice(prefix.length);
    // Names are ASCII, so that their order as strings is the listing's.
    if (name <= start) continue;
    if (parsePointerName(name) !== undefined) names.push(name);
    else if (strays.length < MAX_STRAYS) strays.push(key);
    if (names.length === count) break;
  }
  return { names, strays };
}

type PointedRecord =
  | { readonly record: VerdictRecord; readonly size: number; readonly error?: undefined }
  | { readonly record?: undefined; readonly size: number; readonly error: StoreError | ConfigurationError };

async function readPointed(objects: ObjectStore, digest: Digest | undefined, name: string): Promise<PointedRecord> {
  try {
    const stored = await readStoredRecord(objects, parsePointerName(name) ?? '');
    const isSame = stored?.record.verdict.digest === digest && stored !== undefined;
    if (isSame && toPointerName(stored.record) === name) return stored;
    const fault = stored === undefined ? 'it points to no record' : 'it points to a record of another digest or time';
    return { size: stored?.size ?? 0, error: new StoreError('BodyInvalid', fault) };
  } catch (error) {
    if (isUnreadable(error)) return { size: 0, error };
    throw error;
  }
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
  const stored = await objects.readObject(recordKey(id), MAX_RECORD_BYTES);
  if (stored === undefined) return undefined;
  const { record, error } = evaluateStored(id, stored.bytes);
  if (record === undefined) throw error;
  return { record, size: stored.bytes.length };
}

type EvaluatedRecord =
  | { readonly record: VerdictRecord; readonly error?: undefined }
  | { readonly record?: undefined; readonly error: StoreError | ConfigurationError };

/** What is stored for an id: a record of that decision, or the error that says what else. */
export function evaluateStored(id: string, bytes: Uint8Array): EvaluatedRecord {
  const key = recordKey(id);
  try {
    const record = parseRecord(key, bytes);
    if (record.id === id && toRecordId(record.asked, record.verdict, record.inPlaceOf) === id) return { record };
  } catch (error) {
    if (error instanceof StoreError || error instanceof ConfigurationError) return { error };
    // The writer of these bytes may not be Signet: any failure to read them is a fault of the object.
    const { message } = error instanceof InputError ? error : toPlaceFailure(key, error);
    return { error: new StoreError('BodyInvalid', message, { cause: error }) };
  }
  return { error: new StoreError('BodyInvalid', `${key} holds another decision than its id says`) };
}

/** Of what was read. */
const CONTENT_FAULTS: ReadonlySet<string> = new Set(['BodyInvalid', 'LimitExceeded', 'SchemaUnsupported']);
/** Of one object, as one that is encrypted with another's key, or a folder; but a whole store may answer so, too. */
const OBJECT_FAULTS: ReadonlySet<string> = new Set(['KeyRefused', 'NotAllowed', 'StatusUnexpected']);

function isContentFault({ code }: StoreError | ConfigurationError): boolean {
  return CONTENT_FAULTS.has(code);
}

/** Whether an error may be about one object, which somebody else can have put there, and not about the store. */
export function isUnreadable(error: unknown): error is StoreError | ConfigurationError {
  const isKnown = error instanceof StoreError || error instanceof ConfigurationError;
  return isKnown && (isContentFault(error) || OBJECT_FAULTS.has(error.code));
}
