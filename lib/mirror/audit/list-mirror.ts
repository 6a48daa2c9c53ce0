import * as v from 'valibot';
import { readSchema, recordOf, utcTime } from '../../base/documents/schema.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { type Digest, isDigest, toStoreSegment } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { isUnreadable } from '../../verdict/records/read-records.ts';
import { ABSENT_PREFIX, type AbsentRecord, readAbsent } from '../sync/absent-record.ts';
import { listMirroredDigests } from './list-mirrored-digests.ts';

/** What a mirror has of one kind: held signatures, those taken out, and digests that wait to be looked up again. */
export type MirrorState = 'held' | 'quarantined' | 'waiting';

/** A signature that was taken out of the mirror, without its bytes. */
export interface QuarantinedSignature {
  readonly digest: Digest;
  readonly location: string;
  readonly sha256: string;
  readonly quarantinedAt: string;
  readonly reasons: readonly {
    readonly profile: string;
    readonly keyring?: string | undefined;
    readonly signer?: string | undefined;
    readonly code: string;
    readonly message: string;
  }[];
}

type Waiting = Pick<AbsentRecord, 'digest' | 'profile' | 'outcome' | 'times' | 'askedAt' | 'nextAt'>;
/** What lies there and is no entry; it hides no other. */
interface Stray {
  readonly key: string;
  readonly fault: string;
}

export interface MirrorPage {
  readonly entries: readonly ({ readonly digest: Digest } | QuarantinedSignature | Waiting | Stray)[];
  /** The key or folder that a listing goes on behind. */
  readonly next?: string | undefined;
}

export interface MirrorQuery {
  readonly state: MirrorState;
  /** From 1 to {@link MAX_PAGE_ENTRIES}. */
  readonly limit: number;
  readonly after: string | undefined;
  readonly signal: AbortSignal;
}

export const MAX_PAGE_ENTRIES = 100;
const QUARANTINE_PREFIX = 'quarantine/';
const MAX_ENTRY_BYTES = 4 * 1024 * 1024;
/** Bytes of the entries of one page, unless its first one alone is longer. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;
const MAX_REASONS = 20;
const OBSTRUCTED = 'it is not a directory';

/** One page, in the order of keys; it costs the same wherever it is. @throws StoreError */
export async function listMirror(objects: ObjectStore, query: MirrorQuery): Promise<MirrorPage> {
  switch (query.state) {
    case 'held': {
      const { digests, obstructed, next } = await listMirroredDigests(objects, query);
      const toEntry = (digest: Digest) =>
        obstructed.has(digest) ? { key: `signatures/${toStoreSegment(digest)}`, fault: OBSTRUCTED } : { digest };
      return { entries: digests.map(toEntry), next };
    }
    case 'quarantined':
      return await readPage(objects, QUARANTINE_PREFIX, query, readQuarantined);
    case 'waiting':
      return await readPage(objects, ABSENT_PREFIX, query, readWaiting);
    default:
      throw new TypeError(`unknown state ${JSON.stringify(query.state satisfies never)}`);
  }
}

/** What was taken out of the folder of one digest. @throws StoreError */
export async function listQuarantined(
  objects: ObjectStore,
  folder: string,
  query: Pick<MirrorQuery, 'limit' | 'signal'>,
): Promise<MirrorPage> {
  return await readPage(objects, `${QUARANTINE_PREFIX}${folder}/`, { ...query, after: undefined }, readQuarantined);
}

type ReadEntry = (objects: ObjectStore, key: string, size: number) => Promise<MirrorPage['entries'][number]>;

async function readPage(
  objects: ObjectStore,
  prefix: string,
  { limit, after, signal }: Omit<MirrorQuery, 'state'>,
  read: ReadEntry,
): Promise<MirrorPage> {
  const entries: MirrorPage['entries'][number][] = [];
  let bytes = 0;
  let last: string | undefined;
  for await (const { key, size } of objects.listObjects(prefix, after === undefined ? {} : { after: prefix + after })) {
    signal.throwIfAborted();
    bytes += Math.min(size, MAX_ENTRY_BYTES);
    if (entries.length === limit || (entries.length > 0 && bytes > MAX_PAGE_BYTES)) return { entries, next: last };
    last = key.slice(prefix.length);
    entries.push(await unlessBroken(key, () => read(objects, key, size)));
  }
  return { entries };
}

async function unlessBroken(key: string, read: () => Promise<MirrorPage['entries'][number]>) {
  try {
    return await read();
  } catch (error) {
    if (isUnreadable(error) || error instanceof ConfigurationError) return { key, fault: error.message };
    throw error;
  }
}

const digest = v.custom<Digest>((value) => typeof value === 'string' && isDigest(value));
const text = v.pipe(v.string(), v.maxLength(2000));
const attempt = v.object({ keyring: v.optional(text), signer: v.optional(text), code: text, message: text });
const schema = v.object({
  schema: v.literal(1),
  digest,
  location: text,
  sha256: text,
  quarantinedAt: utcTime,
  attempts: recordOf(v.string(), v.array(attempt)),
});

async function readQuarantined(objects: ObjectStore, key: string): Promise<QuarantinedSignature | Stray> {
  const stored = await objects.readObject(key, MAX_ENTRY_BYTES);
  if (stored === undefined) return { key, fault: 'it is gone' };
  const { attempts, schema: _, ...entry } = readSchema(schema, key, stored.bytes);
  const reasons = Object.entries(attempts).flatMap(([profile, made]) => made.map((one) => ({ profile, ...one })));
  return { ...entry, reasons: reasons.slice(0, MAX_REASONS) };
}

async function readWaiting(objects: ObjectStore, key: string): Promise<Waiting | Stray> {
  const name = key.slice(ABSENT_PREFIX.length, -'.json'.length).replace('-', ':');
  const record = isDigest(name) ? await readAbsent(objects, name) : undefined;
  if (record === undefined) return { key, fault: 'it is not the record of a digest' };
  const { digest: named, profile, outcome, times, askedAt, nextAt } = record;
  return { digest: named, profile, outcome, times, askedAt, nextAt };
}
