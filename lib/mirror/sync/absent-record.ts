import { hash } from 'node:crypto';
import * as v from 'valibot';
import { readSchema } from '../../base/documents/read-schema.ts';
import { utcTime } from '../../base/documents/schema.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest, toKeySegment } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { parseUnlessBroken } from './parse-unless-broken.ts';

/** Who was asked, and by which trust: an answer counts for the same question alone. */
export interface AskedStores {
  readonly profile: string;
  readonly trustRevision: string;
  /** Descriptions of the stores. */
  readonly stores: readonly string[];
}

/** A digest that every store was asked about, and that is not all there: when, and when next. */
export interface AbsentRecord {
  readonly schema: 1;
  readonly digest: Digest;
  readonly profile: string;
  readonly trustRevision: string;
  /** SHA-256 of the stores' descriptions. */
  readonly storesSha256: string;
  /** `incomplete`: signatures are there, and a keyring is not satisfied. */
  readonly outcome: 'absent' | 'incomplete';
  /** How often it was so in a row. */
  readonly times: number;
  readonly askedAt: string;
  readonly nextAt: string;
}

export interface StoredAbsent {
  /** Undefined for what is no record: it says nothing, and is replaced. */
  readonly record: AbsentRecord | undefined;
  readonly etag: string;
}

export const ABSENT_PREFIX = 'absent/';
const MAX_BYTES = 16 * 1024;
const HOUR_MS = 60 * 60 * 1000;
/** Hours until a digest is asked about again: four times as long each time, and a week at most. */
const FIRST_HOURS = 1;
const GROWTH = 4;
const MAX_HOURS = 7 * 24;
const MAX_TRIES = 8;

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const schema: v.GenericSchema<unknown, AbsentRecord> = v.strictObject({
  schema: v.literal(1),
  digest: v.custom<Digest>((value) => typeof value === 'string' && isDigest(value)),
  profile: v.string(),
  trustRevision: sha256,
  storesSha256: sha256,
  outcome: v.picklist(['absent', 'incomplete']),
  times: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  askedAt: utcTime,
  nextAt: utcTime,
});

function absentKey(digest: Digest): string {
  return `${ABSENT_PREFIX}${toKeySegment(digest)}.json`;
}

/** @throws StoreError; ConfigurationError `SchemaUnsupported` for a newer one */
export async function readAbsent(objects: ObjectStore, digest: Digest): Promise<StoredAbsent | undefined> {
  const key = absentKey(digest);
  const stored = await objects.readObject(key, MAX_BYTES);
  if (stored === undefined) return undefined;
  const record = parseUnlessBroken(() => readSchema(schema, key, stored.bytes));
  return { record: record?.digest === digest ? record : undefined, etag: stored.etag };
}

/**
 * Whether a digest need not be asked about yet. Another trust or other stores are another question, and nothing rests
 * for longer than the longest interval, whatever a record says.
 */
export function isRestful(record: AbsentRecord, asked: AskedStores, now: Date): boolean {
  const rest = Date.parse(record.nextAt) - now.getTime();
  return isSameQuestion(record, asked) && rest > 0 && rest <= MAX_HOURS * HOUR_MS;
}

/**
 * What was remembered and still rests stays as it is: a message that comes twice makes the interval no longer.
 *
 * @throws StoreError, ConfigurationError
 */
export async function rememberAbsent(
  objects: ObjectStore,
  digest: Digest,
  outcome: AbsentRecord['outcome'],
  asked: AskedStores,
  now: Date,
): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const stored = await readAbsent(objects, digest);
    const known = stored?.record;
    if (known?.outcome === outcome && isRestful(known, asked, now)) return;
    const times = known !== undefined && isSameQuestion(known, asked) ? known.times + 1 : 1;
    const hours = Math.min(FIRST_HOURS * GROWTH ** (times - 1), MAX_HOURS);
    const record: AbsentRecord = {
      schema: 1,
      digest,
      profile: asked.profile,
      trustRevision: asked.trustRevision,
      storesSha256: hashStores(asked.stores),
      outcome,
      times,
      askedAt: now.toISOString(),
      nextAt: new Date(now.getTime() + hours * HOUR_MS).toISOString(),
    };
    const bytes = new TextEncoder().encode(`${JSON.stringify(record)}\n`);
    if (await objects.replaceObject(absentKey(digest), bytes, stored?.etag)) return;
  }
  throw new StoreError('ConditionFailed', `${absentKey(digest)} keeps changing; retry`);
}

function isSameQuestion(record: AbsentRecord, { profile, trustRevision, stores }: AskedStores): boolean {
  return (
    record.profile === profile && record.trustRevision === trustRevision && record.storesSha256 === hashStores(stores)
  );
}

function hashStores(stores: readonly string[]): string {
  return hash('sha256', stores.toSorted().join('\n'));
}
