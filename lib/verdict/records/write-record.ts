import { hash } from 'node:crypto';
import { StoreError } from '../../base/errors/store-error.ts';
import { parsePullspec, repositoryHost, repositoryPath } from '../../base/names/reference.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Manifest } from '../../registry/client/registry-client.ts';
import type { Decision } from '../decide/decide-image.ts';
import { readStoredRecord } from './read-records.ts';
import { pointerPrefix, recordKey, toPointerName, toRecordId } from './record-id.ts';
import {
  type Asked,
  MAX_EMBEDDED_BYTES,
  MAX_RECORD_BYTES,
  type RecordedManifest,
  type RecordedSignature,
  type VerdictRecord,
} from './verdict-record.ts';

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

/** What somebody asked for by pullspec alone. @throws InputError `PullspecInvalid` or `DigestInvalid` */
export function toAsked(source: 'api' | 'cli', text: string): Asked {
  const { repository, tag } = parsePullspec(text);
  const names = { registry: repositoryHost(repository), repository: repositoryPath(repository) };
  return { source, ...names, ...(tag === undefined ? {} : { tag }), pullspec: text };
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
