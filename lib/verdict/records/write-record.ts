import { hash, randomBytes } from 'node:crypto';
import { StoreError } from '../../base/errors/store-error.ts';
import { parsePullspec, repositoryHost, repositoryPath } from '../../base/names/reference.ts';
import type { Telemetry } from '../../platform/lambda/telemetry.ts';
import type { ObjectStore, StoredObject } from '../../platform/objects/port/object-store.ts';
import type { Manifest } from '../../registry/client/registry-client.ts';
import type { Decision } from '../decide/decide-image.ts';
import { createEntries, indexedKey } from './decision-row.ts';
import { evaluateStored, isUnreadable } from './read-records.ts';
import {
  type Asked,
  MAX_EMBEDDED_BYTES,
  MAX_RECORD_BYTES,
  pointerPrefix,
  type RecordedManifest,
  type RecordedSignature,
  recordKey,
  toPointerName,
  toRecordId,
  type VerdictRecord,
} from './verdict-record.ts';

/** Something else than the record of a decision, at the key where that record belongs. */
export interface Obstacle {
  readonly key: string;
  /** What is wrong with it. */
  readonly fault: string;
}

export interface WrittenRecord {
  /** Of the record that holds the decision. */
  readonly id: string;
  readonly kind: 'created' | 'exists';
  /** What was in the way, one for each id that was taken. */
  readonly obstacles: readonly Obstacle[];
}

/** What is wrong with a stored record of this decision; undefined if its evidence leads to the decision. */
export type ConfirmRecord = (stored: VerdictRecord) => Promise<string | undefined>;

/** Ids that are tried. Only the last one cannot be foreseen, so that the others stay the same for the same obstacles. */
const MAX_IDS = 4;

/**
 * Writes a record, once for each decision: the first one claims the id and keeps its time. The pointer follows from
 * what is stored, so that a crash between the two writes is repaired by the next write of the same decision.
 *
 * Ids can be foreseen, and so somebody else may have written there first. What is no record, or one that its own evidence
 * refutes, stays where it is: this record is written beside it, under an id that follows from what was found.
 *
 * @param confirm called for a stored record
 * @throws StoreError
 */
export async function writeRecord(
  objects: ObjectStore,
  record: VerdictRecord,
  confirm: ConfirmRecord,
): Promise<WrittenRecord> {
  const obstacles: Obstacle[] = [];
  let next = record;
  for (let tries = 1; ; tries += 1) {
    const result = await writeAt(objects, next, confirm);
    if (result.kind !== 'taken') {
      await listRecord(objects, result);
      return { id: next.id, kind: result.kind, obstacles };
    }
    const { sha256, fault } = result;
    obstacles.push({ key: recordKey(next.id), fault });
    if (tries === MAX_IDS) throw new StoreError('ConditionFailed', `${recordKey(next.id)} is taken: ${fault}`);
    const nonce = tries === MAX_IDS - 1 ? { nonce: randomBytes(32).toString('hex') } : {};
    const inPlaceOf = { id: next.id, ...(sha256 === undefined ? {} : { sha256 }), fault, ...nonce };
    next = { ...record, id: toRecordId(record.asked, record.verdict, inPlaceOf), inPlaceOf };
  }
}

type WrittenAt = Exclude<WriteResult, { readonly kind: 'taken' }>;

type WriteResult =
  /** `readRecord`: what is stored. */
  | {
      readonly kind: 'created' | 'exists';
      readonly pointer: string;
      readonly readRecord: () => VerdictRecord | undefined;
    }
  | { readonly kind: 'taken'; readonly sha256?: string; readonly fault: string };

async function writeAt(objects: ObjectStore, record: VerdictRecord, confirm: ConfirmRecord): Promise<WriteResult> {
  const key = recordKey(record.id);
  const bytes = new TextEncoder().encode(`${JSON.stringify(record)}\n`);
  if (bytes.length > MAX_RECORD_BYTES) {
    throw new StoreError('LimitExceeded', `a record has at most ${MAX_RECORD_BYTES} bytes`);
  }
  let stored: StoredObject | undefined;
  try {
    if (await objects.createObject(key, bytes))
      return { kind: 'created', pointer: toPointer(record), readRecord: () => record };
    stored = await objects.readObject(key, MAX_RECORD_BYTES);
  } catch (error) {
    if (isUnreadable(error)) return { kind: 'taken', fault: `it cannot be read: ${error.message}` };
    throw error;
  }
  if (stored === undefined) throw new StoreError('ConditionFailed', `${key} was taken, and is gone`);
  return await checkStored(record.id, stored.bytes, confirm);
}

/** By key and SHA-256 of what is there: the pointer of what was found to be the decision's record. */
const confirmed = new Map<string, string>();
/** Records that a process remembers to have confirmed; forgetting one costs deciding from its evidence again. */
const MAX_REMEMBERED = 10_000;

async function checkStored(id: string, bytes: Uint8Array, confirm: ConfirmRecord): Promise<WriteResult> {
  const sha256 = hash('sha256', bytes);
  const name = `${id} ${sha256}`;
  const known = confirmed.get(name);
  if (known !== undefined)
    return { kind: 'exists', pointer: known, readRecord: () => evaluateStored(id, bytes).record };
  const stored = evaluateStored(id, bytes);
  if (stored.record === undefined) return { kind: 'taken', sha256, fault: stored.error.message };
  const fault = await confirm(stored.record);
  if (fault !== undefined) return { kind: 'taken', sha256, fault };
  const pointer = toPointer(stored.record);
  if (confirmed.size >= MAX_REMEMBERED) confirmed.clear();
  confirmed.set(name, pointer);
  return { kind: 'exists', pointer, readRecord: () => stored.record };
}

/** The entries of the index come first: while the pointer is missing, the next write of the decision lists it again. */
async function listRecord(objects: ObjectStore, { kind, pointer, readRecord }: WrittenAt): Promise<void> {
  if (kind === 'exists' && (await isPresent(objects, pointer))) return;
  const record = readRecord();
  if (record !== undefined) await createEntries(objects, record);
  const keys = [...(record === undefined ? [] : [indexedKey(record.id)]), pointer];
  await Promise.all(keys.map((key) => objects.createObject(key, new Uint8Array())));
}

/** A pointer is empty. Whatever else lies there, no other can be written. */
async function isPresent(objects: ObjectStore, pointer: string): Promise<boolean> {
  try {
    return (await objects.readObject(pointer, 1)) !== undefined;
  } catch (error) {
    if (isUnreadable(error)) return true;
    throw error;
  }
}

function toPointer(record: VerdictRecord): string {
  return `${pointerPrefix(record.verdict.digest)}${toPointerName(record)}`;
}

/** Counts and logs what was in the way of a record: somebody else may write where records are. */
export function reportObstacles(obstacles: readonly Obstacle[], telemetry: Telemetry): void {
  if (obstacles.length === 0) return;
  telemetry.count('RecordObstructed', obstacles.length);
  for (const { key, fault } of obstacles) {
    telemetry.log('error', 'something else is stored where a record belongs, which was written beside it', {
      key,
      fault,
    });
  }
}

/** What somebody asked for by pullspec alone. @throws InputError `PullspecInvalid` or `DigestInvalid` */
export function toAsked(source: 'api' | 'cli', text: string, caller?: Asked['caller']): Asked {
  const { repository, tag } = parsePullspec(text);
  const names = { registry: repositoryHost(repository), repository: repositoryPath(repository) };
  const who = caller === undefined ? {} : { caller };
  return { source, ...names, ...(tag === undefined ? {} : { tag }), pullspec: text, ...who };
}

/** The record of a decision, with every signature that was examined for it. */
export function toRecord(asked: Asked, decision: Decision): VerdictRecord {
  const { verdict } = decision;
  return {
    schema: 2,
    id: toRecordId(asked, verdict),
    asked,
    verdict,
    manifests: decision.manifests.map(toRecordedManifest),
    signatures: toRecordedSignatures(decision),
    firstDecidedAt: verdict.decidedAt,
  };
}

function toRecordedManifest({ digest, mediaType, bytes }: Manifest): RecordedManifest {
  return { digest, mediaType, bytes: Buffer.from(bytes).toString('base64') };
}

function toRecordedSignatures(decision: Pick<Decision, 'verified' | 'examined'>): readonly RecordedSignature[] {
  const embedded = new Set(selectEmbedded(decision).keys());
  return decision.examined.map(({ store, location, image, bytes }) => {
    const sha256 = hash('sha256', bytes);
    // Deletes what it finds: each is embedded once.
    const isEmbedded = embedded.delete(sha256);
    const signature = { store, location, ...(image === undefined ? {} : { image }), sha256 };
    return isEmbedded ? { ...signature, bytes: Buffer.from(bytes).toString('base64') } : signature;
  });
}

/** Of the distinct signatures, those that fit: what verifies first, then the others. */
function selectEmbedded({ verified, examined }: Pick<Decision, 'verified' | 'examined'>): Map<string, Uint8Array> {
  const candidates = verified.map(({ bytes }) => bytes);
  const selected = new Map<string, Uint8Array>();
  let total = 0;
  for (const bytes of [...candidates, ...examined.map((signature) => signature.bytes)]) {
    const sha256 = hash('sha256', bytes);
    if (selected.has(sha256) || total + bytes.length > MAX_EMBEDDED_BYTES) continue;
    selected.set(sha256, bytes);
    total += bytes.length;
  }
  return selected;
}
