import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { parseRecord } from './parse-record.ts';
import { recordKey } from './record-keys.ts';
import { toRecordId } from './to-record-id.ts';
import { MAX_RECORD_BYTES, type VerdictRecord } from './verdict-record.ts';

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
