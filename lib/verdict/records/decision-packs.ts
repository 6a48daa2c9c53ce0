import * as v from 'valibot';
import { readSchema } from '../../base/documents/schema.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { formatRow, listOrderings, toDecisionRow, toRowName } from './decision-row.ts';
import { isUnreadable, readStoredRecord } from './read-records.ts';
import { parsePointerName, toPointerName } from './verdict-record.ts';

/** Rows of one ordering in one object, the newest first; its key ends in the name of the last one. */
interface Pack {
  readonly texts: readonly string[];
  readonly etag: string;
}

/** What is read for a pack: it, nothing, or why it is none. */
export type ReadPack =
  | { readonly kind: 'pack'; readonly pack: Pack }
  | { readonly kind: 'absent' }
  /** `isLost`: whoever reads it will find no rows in it. Else it may be readable for others, or later. */
  | { readonly kind: 'broken'; readonly fault: string; readonly isLost: boolean };

/** How far the index has come. */
export interface IndexState {
  readonly schema: 1;
  /** The record that was looked at last; missing while no pass is under way. */
  readonly cursor?: string | undefined;
  /** The first pass, or a pack was lost: every record is listed anew, whatever its mark says. */
  readonly isRebuild?: boolean | undefined;
  /** When a pass over all records was finished the last time; missing before the first. */
  readonly completedAt?: string | undefined;
}

/** Rows that a pack has when it is made, at least and at most; it grows up to twice as many by what comes late. */
export const MIN_PACK_ROWS = 500;
export const PACK_ROWS = 1000;
export const MAX_PACK_ROWS = 2000;
/** Bytes of a pack. */
const MAX_PACK_BYTES = 4 * 1024 * 1024;
const STATE_KEY = 'decisions/state.json';
const MAX_STATE_BYTES = 4096;

/** Faults of what was read, which stay. */
const LOST: ReadonlySet<string> = new Set(['BodyInvalid', 'LimitExceeded']);

export function packPrefix(ordering: string): string {
  return `decisions/packs/${ordering}/`;
}

const packSchema = v.strictObject({ schema: v.literal(1), rows: v.array(v.string()) });
const stateSchema: v.GenericSchema<unknown, IndexState> = v.strictObject({
  schema: v.literal(1),
  cursor: v.optional(v.string()),
  isRebuild: v.optional(v.boolean()),
  completedAt: v.optional(v.string()),
});

/** @throws StoreError where it is the store that fails */
export async function readPack(objects: ObjectStore, ordering: string, name: string): Promise<ReadPack> {
  const key = `${packPrefix(ordering)}${name}`;
  try {
    const stored = await objects.readObject(key, MAX_PACK_BYTES);
    if (stored === undefined) return { kind: 'absent' };
    const { rows } = readSchema(packSchema, key, stored.bytes, 1);
    const names = rows.map(toRowName);
    const isSorted = names.every((one, at) => one !== undefined && (at === 0 || one > (names[at - 1] ?? '')));
    if (!isSorted || names.at(-1) !== name) {
      return { kind: 'broken', isLost: true, fault: 'its rows are not those that its name says, in their order' };
    }
    return { kind: 'pack', pack: { texts: rows, etag: stored.etag } };
  } catch (error) {
    if (isInvalid(error)) return { kind: 'broken', isLost: true, fault: error.message };
    if (isUnreadable(error)) return { kind: 'broken', isLost: LOST.has(error.code), fault: error.message };
    throw error;
  }
}

/** False when somebody else wrote in between. @throws StoreError */
export async function writePack(
  objects: ObjectStore,
  ordering: string,
  texts: readonly string[],
  etag: string | undefined,
): Promise<boolean> {
  const bytes = new TextEncoder().encode(`${JSON.stringify({ schema: 1, rows: texts })}\n`);
  const name = toRowName(texts.at(-1) ?? '') ?? '';
  return await objects.replaceObject(`${packPrefix(ordering)}${name}`, bytes, etag);
}

/** A row that is not packed yet. */
export interface Entry {
  readonly key: string;
  readonly text: string;
  readonly name: string;
}

/** The entry with what its record says; `unknown` while the record cannot be read. */
export async function checkEntry(
  objects: ObjectStore,
  ordering: string,
  entry: Entry,
): Promise<Entry | 'refused' | 'unknown'> {
  try {
    const stored = await readStoredRecord(objects, parsePointerName(entry.name) ?? '');
    if (stored === undefined || toPointerName(stored.record) !== entry.name) return 'refused';
    const row = toDecisionRow(stored.record);
    return listOrderings(row).includes(ordering) ? { ...entry, text: formatRow(stored.record, row) } : 'refused';
  } catch (error) {
    if (error instanceof InputError) return 'refused';
    if (isUnreadable(error)) return LOST.has(error.code) ? 'refused' : 'unknown';
    throw error;
  }
}

function isInvalid(error: unknown): error is ConfigurationError {
  return error instanceof ConfigurationError && error.code === 'RevisionInvalid';
}

/** @throws StoreError, ConfigurationError */
export async function readIndexState(
  objects: ObjectStore,
): Promise<{ readonly state: IndexState; readonly etag: string | undefined }> {
  const stored = await objects.readObject(STATE_KEY, MAX_STATE_BYTES);
  // Marks alone are no reason to leave a record out: what they say is believed after a whole pass.
  if (stored === undefined) return { state: { schema: 1, isRebuild: true }, etag: undefined };
  try {
    return { state: readSchema(stateSchema, STATE_KEY, stored.bytes, 1), etag: stored.etag };
  } catch (error) {
    if (!isInvalid(error)) throw error;
    // It holds nothing that a pass over all records does not find again.
    return { state: { schema: 1, isRebuild: true }, etag: stored.etag };
  }
}

/** @throws StoreError `ConditionFailed` when another run has written in between */
export async function writeIndexState(
  objects: ObjectStore,
  state: IndexState,
  etag: string | undefined,
): Promise<string> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(state)}\n`);
  const isWritten = await objects.replaceObject(STATE_KEY, bytes, etag);
  const stored = isWritten ? await objects.readObject(STATE_KEY, MAX_STATE_BYTES) : undefined;
  if (stored !== undefined && Buffer.compare(stored.bytes, bytes) === 0) return stored.etag;
  throw new StoreError('ConditionFailed', 'another run works on the index of decisions');
}
