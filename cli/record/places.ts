import { InputError } from '../../lib/base/errors/input-error.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { parseRecord } from '../../lib/verdict/records/parse-record.ts';
import { evaluateStored, isUnreadable } from '../../lib/verdict/records/read-records.ts';
import { MAX_RECORD_BYTES, recordKey, type VerdictRecord } from '../../lib/verdict/records/verdict-record.ts';

/** What lies where a record is. */
export type FoundRecord =
  | { readonly key: string; readonly record: VerdictRecord; readonly bytes?: Uint8Array; readonly fault?: undefined }
  | { readonly key: string; readonly record?: undefined; readonly fault: string };

/** How the names of attestations end, which may lie beside records. */
export const ATTESTATION_END = '.dsse.json';

const STORED = recordKey('').slice(0, -'.json'.length);

/** Whether an object store has an index of its decisions. @throws StoreError */
export async function hasIndex(place: string): Promise<boolean> {
  return await holdsAny(await openObjectStore(place), 'decisions/');
}

/**
 * Every record of an object store, or of a folder of records as files. @throws InputError `FileUnreadable` if there is
 * nothing of the kind; StoreError
 */
export async function* readRecordsIn(place: string): AsyncGenerator<FoundRecord> {
  const objects = await openObjectStore(place);
  const isStore = await holdsAny(objects, STORED);
  let found = 0;
  for await (const { key } of objects.listObjects(isStore ? STORED : '')) {
    if (!key.endsWith('.json') || key.endsWith(ATTESTATION_END)) continue;
    found += 1;
    yield await readFound(objects, key, isStore);
  }
  if (found === 0) throw new InputError('FileUnreadable', `there are no records in ${objects.description}`);
}

async function readFound(objects: ObjectStore, key: string, isStored: boolean): Promise<FoundRecord> {
  try {
    const stored = await objects.readObject(key, MAX_RECORD_BYTES);
    if (stored === undefined) return { key, fault: 'it is gone' };
    const { bytes } = stored;
    if (!isStored) return { key, record: parseRecord(key, bytes), bytes };
    const { record, error } = evaluateStored(key.slice(STORED.length, -'.json'.length), bytes);
    return record === undefined ? { key, fault: error.message } : { key, record, bytes };
  } catch (error) {
    if (isUnreadable(error)) return { key, fault: error.message };
    throw error;
  }
}

async function holdsAny(objects: ObjectStore, prefix: string): Promise<boolean> {
  for await (const _ of objects.listObjects(prefix)) return true;
  return false;
}
