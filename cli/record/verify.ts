import { stat } from 'node:fs/promises';
import { isJsonObject, type JsonValue } from '../../lib/base/documents/json-value.ts';
import { parseStrictJson, StrictJsonError } from '../../lib/base/documents/parse-strict-json.ts';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { untilAborted } from '../../lib/platform/time/deadline.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import { loadRevision } from '../../lib/trust/source/load-trust.ts';
import { toDecisionRow } from '../../lib/verdict/records/decision-row.ts';
import { parseRecord } from '../../lib/verdict/records/parse-record.ts';
import { isUnreadable, readStoredRecord } from '../../lib/verdict/records/read-records.ts';
import { type Recheck, recheckRecord } from '../../lib/verdict/records/recheck-record.ts';
import { isRecordId, MAX_RECORD_BYTES, type VerdictRecord } from '../../lib/verdict/records/verdict-record.ts';
import { openTrust } from '../open/trust.ts';
import type { OutputOptions } from '../shell/options.ts';
import { countOf, printResult } from '../shell/output.ts';
import { readInput } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';
import { type FoundRecord, readRecordsIn } from './places.ts';

export interface RecordVerifyOptions extends OutputOptions {
  readonly trust?: string;
  readonly objects?: string;
}

/** What became of many records. */
interface Summary {
  readonly checked: number;
  readonly confirmed: number;
  /** Those that differ, with what is different. */
  readonly differs: readonly { readonly id: string; readonly differences: readonly string[] }[];
  /** What could not be checked, and why. */
  readonly unchecked: readonly { readonly key: string; readonly fault: string }[];
}

/** Bytes of a page of the API. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;

/** @returns the exit status */
export async function verifyRecord(place: string, options: RecordVerifyOptions, signal: AbortSignal): Promise<number> {
  if (await isStore(place)) {
    const trust = options.trust === undefined && options.objects === undefined ? { objects: place } : options;
    return await untilAborted(verifyAll(readRecordsIn(place), { ...options, ...trust }), signal);
  }
  const bytes = await readInput(place, MAX_PAGE_BYTES);
  const page = readPage(bytes, options);
  if (page !== undefined) return await untilAborted(verifyAll(page, options), signal);
  const record = parseRecordFile(place, bytes);
  const recheck = await recheckRecord(record, await untilAborted(openTrusts(options)(record), signal));
  printResult(options.output, { id: record.id, ...recheck }, formatRecheck);
  return recheck.outcome === 'confirmed' ? ExitStatus.accepted : ExitStatus.rejected;
}

/** Whether a place is a bucket or a folder, and no file. */
export async function isStore(place: string): Promise<boolean> {
  if (place.startsWith('s3://')) return true;
  const stats = await stat(place).catch(() => undefined);
  return stats?.isDirectory() === true;
}

/** @throws InputError `FileUnreadable` for what is no record */
export function parseRecordFile(file: string, bytes: Uint8Array): VerdictRecord {
  if (bytes.length > MAX_RECORD_BYTES) {
    throw new InputError('FileUnreadable', `cannot read ${file}: it is longer than ${MAX_RECORD_BYTES} bytes`);
  }
  try {
    return parseRecord(file, bytes);
  } catch (cause) {
    // What is broken here is the caller's file, not a store.
    if (cause instanceof StoreError) throw new InputError('FileUnreadable', cause.message, { cause });
    throw cause;
  }
}

/** The records of an answer of the API; undefined for what is no page. */
function readPage(bytes: Uint8Array, options: RecordVerifyOptions): AsyncIterable<FoundRecord> | undefined {
  const content = tryJson(bytes);
  if (!isJsonObject(content)) return undefined;
  const { records, verdicts } = content;
  if (Array.isArray(records)) return toRecords(records);
  return Array.isArray(verdicts) ? readListed(verdicts, options) : undefined;
}

function tryJson(bytes: Uint8Array): JsonValue | undefined {
  try {
    return parseStrictJson(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    if (error instanceof StrictJsonError) return undefined;
    throw error;
  }
}

async function* toRecords(records: readonly JsonValue[]): AsyncGenerator<FoundRecord> {
  for (const [index, content] of records.entries()) {
    const key = `records[${index}]`;
    yield await Promise.resolve(
      attempt(key, () => ({ key, record: parseRecord(key, Buffer.from(JSON.stringify(content))) })),
    );
  }
}

/** Rows prove nothing: each is compared with its record. */
async function* readListed(
  rows: readonly JsonValue[],
  { objects: location }: RecordVerifyOptions,
): AsyncGenerator<FoundRecord> {
  if (location === undefined) {
    throw new InputError(
      'ArgumentInvalid',
      'a list of verdicts holds no evidence: name its object store with --objects',
    );
  }
  const objects = await openObjectStore(location);
  for (const [index, content] of rows.entries()) {
    const key = `verdicts[${index}]`;
    const id = isJsonObject(content) && typeof content['id'] === 'string' ? content['id'] : '';
    const stored = await readNamed(objects, id);
    if (typeof stored === 'string') yield { key, fault: stored };
    else if (stored === undefined) yield { key, fault: 'there is no such record' };
    else if (isSameRow(content, stored.record)) yield { key, record: stored.record };
    else yield { key, fault: `it says something else than the record ${id}` };
  }
}

/** Or why what is stored by this id is no record: that hides no other one. @throws StoreError */
async function readNamed(objects: ObjectStore, id: string) {
  if (!isRecordId(id)) return undefined;
  try {
    return await readStoredRecord(objects, id);
  } catch (error) {
    if (isUnreadable(error)) return error.message;
    throw error;
  }
}

function isSameRow(row: JsonValue, record: VerdictRecord): boolean {
  const expected: Readonly<Record<string, unknown>> = { ...toDecisionRow(record) };
  if (!isJsonObject(row)) return false;
  const cut = row['isCut'] === true ? ['caller', 'codes', 'pushed', 'isCut'] : [];
  const names = [...new Set([...Object.keys(expected), ...Object.keys(row)])].filter((name) => !cut.includes(name));
  return names.every((name) => JSON.stringify(row[name]) === JSON.stringify(expected[name]));
}

function attempt(key: string, read: () => FoundRecord): FoundRecord {
  try {
    return read();
  } catch (error) {
    if (error instanceof StoreError || error instanceof ConfigurationError) return { key, fault: error.message };
    throw error;
  }
}

async function verifyAll(found: AsyncIterable<FoundRecord>, options: RecordVerifyOptions): Promise<number> {
  const readTrust = openTrusts(options);
  const differs: { id: string; differences: readonly string[] }[] = [];
  const unchecked: { key: string; fault: string }[] = [];
  let confirmed = 0;
  let checked = 0;
  for await (const { key, record, fault } of found) {
    checked += 1;
    const recheck = record === undefined ? fault : await tryRecheck(record, readTrust);
    if (typeof recheck === 'string') unchecked.push({ key, fault: recheck });
    else if (recheck.outcome === 'confirmed') confirmed += 1;
    else differs.push({ id: record?.id ?? '', differences: recheck.differences });
  }
  // A page without one shows nothing.
  if (checked === 0) throw new InputError('FileUnreadable', 'there are no records in it');
  printResult(options.output, { checked, confirmed, differs, unchecked }, formatSummary);
  return confirmed === checked ? ExitStatus.accepted : ExitStatus.rejected;
}

/** The recheck of one record, or why there is none: what is wrong with one hides no other. */
export async function tryRecheck(record: VerdictRecord, readTrust: ReadTrust): Promise<Recheck | string> {
  try {
    return await recheckRecord(record, await readTrust(record));
  } catch (error) {
    if (error instanceof InputError || error instanceof ConfigurationError || isUnreadable(error)) return error.message;
    throw error;
  }
}

type ReadTrust = (record: VerdictRecord) => Promise<PreparedTrust>;

/** Documents are compiled anew; an object store is trusted to hold what was published. Each revision is read once. */
export function openTrusts({ trust, objects }: Pick<RecordVerifyOptions, 'trust' | 'objects'>): ReadTrust {
  if (trust === undefined && objects === undefined) {
    throw new InputError('ArgumentInvalid', 'name the trust with --trust or --objects');
  }
  const known = new Map<string, Promise<PreparedTrust>>();
  const read = async (profile: string, revision: string): Promise<PreparedTrust> =>
    objects === undefined
      ? (await openTrust({ trust: trust ?? '', profile })).prepared
      : await loadRevision(await openObjectStore(objects), profile, revision);
  return async ({ verdict: { profile, trustRevision } }) => {
    const name = `${profile} ${trustRevision}`;
    const found = known.get(name) ?? read(profile, trustRevision);
    known.set(name, found);
    return await found;
  };
}

function formatRecheck({ id, outcome, differences, takenAsRecorded }: Recheck & { readonly id: string }): string {
  return [
    `${outcome}  ${id}`,
    ...differences.map((difference) => `  differs   ${difference}`),
    ...takenAsRecorded.map((believed) => `  believed  ${believed}`),
  ].join('\n');
}

function formatSummary({ checked, confirmed, differs, unchecked }: Summary): string {
  return [
    ...differs.flatMap(({ id, differences }) => [`differs  ${id}`, ...differences.map((one) => `  differs   ${one}`)]),
    ...unchecked.map(({ key, fault }) => `not checked  ${key}: ${fault}`),
    `${countOf(checked, 'record')}: ${confirmed} confirmed, ${differs.length} differ, ${unchecked.length} not checked`,
  ].join('\n');
}
