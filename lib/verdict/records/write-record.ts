import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { readStoredRecord } from './read-stored-record.ts';
import { pointerPrefix, recordKey, toPointerName } from './record-keys.ts';
import { MAX_RECORD_BYTES, type VerdictRecord } from './verdict-record.ts';

/**
 * Writes a record, once for each decision: the first one claims the id and keeps its time. The pointer follows from
 * what is stored, so that a crash between the two writes is repaired by the next write of the same decision.
 *
 * @throws StoreError, also for a stored record that is broken; ConfigurationError `SchemaUnsupported`
 */
export async function writeRecord(objects: ObjectStore, record: VerdictRecord): Promise<'created' | 'exists'> {
  const key = recordKey(record.id);
  const bytes = new TextEncoder().encode(`${JSON.stringify(record)}\n`);
  if (bytes.length > MAX_RECORD_BYTES) {
    throw new StoreError('LimitExceeded', `a record has at most ${MAX_RECORD_BYTES} bytes`);
  }
  const isNew = await objects.createObject(key, bytes);
  const stored = isNew ? record : (await readStoredRecord(objects, record.id))?.record;
  if (stored === undefined) throw new StoreError('ConditionFailed', `${key} was taken, and is gone`);
  const pointer = `${pointerPrefix(stored.verdict.digest)}${toPointerName(stored)}`;
  // False when it is there already.
  await objects.createObject(pointer, new Uint8Array());
  return isNew ? 'created' : 'exists';
}
