import { hash } from 'node:crypto';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import type { ObjectStore, StoredObject } from '../../platform/objects/port/object-store.ts';
import { parsePreparedTrust } from '../prepared/parse-prepared-trust.ts';
import type { PreparedTrust } from '../prepared/prepared-trust.ts';
import {
  type CurrentTrust,
  currentTrustKey,
  digestDocuments,
  MAX_CURRENT_BYTES,
  MAX_PREPARED_BYTES,
  parseCurrentTrust,
  preparedTrustKey,
  type TrustDocument,
  trustSourceKey,
} from '../prepared/trust-document.ts';
import { notePublication } from './publications.ts';

export interface Publication {
  /** `unchanged` when this compilation of this revision was already the current one. */
  readonly outcome: 'published' | 'unchanged';
  readonly profile: string;
  readonly revision: string;
  /** The revision that was current before, if there was one. */
  readonly previous: string | undefined;
  /** What was left out, and requirements that nothing can meet. */
  readonly warnings: readonly string[];
}

/**
 * Writes a revision, immutable, and only then makes it the current one: a reader sees the old trust or the new.
 *
 * @param documents What `trust` was prepared from.
 * @throws ConfigurationError `PublishConflict` when another publication came between, `RevisionInvalid` when the
 *   revision is stored with other bytes, `LimitExceeded`; StoreError
 */
export async function publishTrust(
  objects: ObjectStore,
  trust: PreparedTrust,
  documents: readonly TrustDocument[],
  now: Date = new Date(),
): Promise<Publication> {
  const { profile, revision } = trust;
  const prepared = toPreparedBytes(trust);
  const next: CurrentTrust = { schema: 1, revision, preparedSha256: sha256(prepared) };
  const key = currentTrustKey(profile);
  const stored = await objects.readObject(key, MAX_CURRENT_BYTES);
  const current = stored === undefined ? undefined : parseCurrentTrust(key, stored.bytes);
  for (const { name, bytes } of selectSources(trust, documents)) {
    await createImmutable(objects, trustSourceKey(profile, revision, name), bytes);
  }
  await createImmutable(objects, preparedTrustKey(profile, revision, next.preparedSha256), prepared);
  const publication = { profile, revision, previous: current?.revision, warnings: trust.warnings };
  if (current?.revision === next.revision && current.preparedSha256 === next.preparedSha256) {
    return { ...publication, outcome: 'unchanged' };
  }
  await switchCurrent(objects, key, next, stored);
  await notePublication(objects, profile, revision, now);
  return { ...publication, outcome: 'published' };
}

function toPreparedBytes(trust: PreparedTrust): Uint8Array {
  const bytes = new TextEncoder().encode(`${JSON.stringify(trust)}\n`);
  if (bytes.length > MAX_PREPARED_BYTES) {
    throw new ConfigurationError('LimitExceeded', `prepared trust is longer than ${MAX_PREPARED_BYTES} bytes`);
  }
  // Nothing is published that could not be loaded.
  parsePreparedTrust(preparedTrustKey(trust.profile, trust.revision, sha256(bytes)), bytes);
  return bytes;
}

function selectSources(trust: PreparedTrust, documents: readonly TrustDocument[]): TrustDocument[] {
  const digests = digestDocuments(documents);
  return trust.documents.map(({ name, sha256: expected }) => {
    const source = documents.find((document) => document.name === name);
    if (source !== undefined && digests.some((digest) => digest.name === name && digest.sha256 === expected)) {
      return source;
    }
    throw new ConfigurationError('RevisionInvalid', 'not the document that was prepared', {
      position: { document: name },
    });
  });
}

async function createImmutable(objects: ObjectStore, key: string, bytes: Uint8Array): Promise<void> {
  if (await objects.createObject(key, bytes)) return;
  const existing = await objects.readObject(key, MAX_PREPARED_BYTES);
  if (existing !== undefined && Buffer.compare(existing.bytes, bytes) === 0) return;
  // It may not be removed, and what made it may not be known: another revision has keys of its own.
  const remedy = 'see who wrote it, and change a comment of one document to publish another revision';
  throw new ConfigurationError('RevisionInvalid', `the revision is already stored, with other bytes here: ${remedy}`, {
    position: { document: key },
  });
}

async function switchCurrent(
  objects: ObjectStore,
  key: string,
  next: CurrentTrust,
  stored: StoredObject | undefined,
): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(next)}\n`);
  if (await objects.replaceObject(key, bytes, stored?.etag)) return;
  throw new ConfigurationError('PublishConflict', 'another publication came first; check it and publish again', {
    position: { document: key },
  });
}

function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes);
}
