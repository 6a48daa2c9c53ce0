import { hash } from 'node:crypto';
import * as v from 'valibot';
import { utcTime } from '../../base/documents/schema.ts';
import { type Digest, isDigest, toKeySegment } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import {
  type RememberedObject,
  readRemembered,
  type Unreadable,
  unlessUnreadable,
  updateRemembered,
} from './remembered-object.ts';

/** The stores that were asked, and the trust. An answer counts only for the same ones. */
export interface AskedStores {
  readonly profile: string;
  readonly trustRevision: string;
  /** Descriptions of the stores. */
  readonly stores: readonly string[];
}

/** A digest whose signatures no store has in full: when the stores were asked, and when they are asked again. */
export interface AbsentRecord {
  readonly schema: 1;
  readonly digest: Digest;
  readonly profile: string;
  readonly trustRevision: string;
  /** SHA-256 of the stores' descriptions. */
  readonly storesSha256: string;
  /** `incomplete`: signatures are there, and a keyring is not satisfied. */
  readonly outcome: 'absent' | 'incomplete';
  /** How often in a row. */
  readonly times: number;
  readonly askedAt: string;
  readonly nextAt: string;
}

export const ABSENT_PREFIX = 'absent/';
const MAX_BYTES = 16 * 1024;
const HOUR_MS = 60 * 60 * 1000;
/** Hours until the stores are asked again: four times as long each time, and at most a week. */
const FIRST_HOURS = 1;
const GROWTH = 4;
const MAX_HOURS = 7 * 24;

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

/** The answer that is remembered for a digest. @throws StoreError; ConfigurationError for one of a newer version */
export async function readAbsent(objects: ObjectStore, digest: Digest): Promise<AbsentRecord | undefined> {
  return ofDigest(await readRemembered(objects, toRemembered(digest)), digest);
}

/**
 * Whether an answer is recent enough that the stores are not asked again. It counts only for the same trust and stores.
 * Whatever a record says, no answer is recent for longer than the longest interval.
 */
function isRecent(record: AbsentRecord, asked: AskedStores, now: Date): boolean {
  const rest = Date.parse(record.nextAt) - now.getTime();
  return isSameQuestion(record, asked) && rest > 0 && rest <= MAX_HOURS * HOUR_MS;
}

/**
 * Remembers the answer of the stores. A recent one with the same outcome is kept, so that a message delivered twice does
 * not lengthen the interval. Where something else is in the way, nothing is remembered, and the stores are asked each time.
 *
 * @throws StoreError
 */
export async function rememberAbsent(
  objects: ObjectStore,
  digest: Digest,
  outcome: AbsentRecord['outcome'],
  asked: AskedStores,
  now: Date,
): Promise<void> {
  const toRecord = (stored: AbsentRecord | undefined): AbsentRecord | undefined => {
    const known = ofDigest(stored, digest);
    if (known?.outcome === outcome && isRecent(known, asked, now)) return undefined;
    const times = known !== undefined && isSameQuestion(known, asked) ? known.times + 1 : 1;
    const hours = Math.min(FIRST_HOURS * GROWTH ** (times - 1), MAX_HOURS);
    return {
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
  };
  await unlessUnreadable(() => updateRemembered(objects, toRemembered(digest), toRecord));
}

function toRemembered(digest: Digest): RememberedObject<AbsentRecord> {
  return { key: `${ABSENT_PREFIX}${toKeySegment(digest)}.json`, maxBytes: MAX_BYTES, schema };
}

/** A record of another digest under this key says nothing, and is replaced. */
function ofDigest(record: AbsentRecord | undefined, digest: Digest): AbsentRecord | undefined {
  return record?.digest === digest ? record : undefined;
}

function isSameQuestion(record: AbsentRecord, { profile, trustRevision, stores }: AskedStores): boolean {
  return (
    record.profile === profile && record.trustRevision === trustRevision && record.storesSha256 === hashStores(stores)
  );
}

function hashStores(stores: readonly string[]): string {
  return hash('sha256', stores.toSorted().join('\n'));
}

export interface RestingRequest {
  readonly objects: ObjectStore;
  readonly asked: AskedStores;
  /** Digests that are read even if they were absent lately. */
  readonly insisted?: ReadonlySet<Digest> | undefined;
  readonly now: Date;
  readonly signal: AbortSignal;
}

const CONCURRENCY = 16;

/** What was looked up lately, and is not yet again. @throws StoreError; the abort reason of the signal */
export async function findResting(
  { objects, asked, insisted, now, signal }: RestingRequest,
  digests: readonly Digest[],
): Promise<{ readonly resting: ReadonlySet<Digest>; readonly unreadable: readonly Unreadable[] }> {
  const known = new Set<string>();
  for await (const { key } of objects.listObjects(ABSENT_PREFIX)) {
    signal.throwIfAborted();
    known.add(key.slice(ABSENT_PREFIX.length));
  }
  const isKnown = (digest: Digest): boolean => known.has(`${digest.replace(':', '-')}.json`);
  const candidates = digests.filter((digest) => isKnown(digest) && insisted?.has(digest) !== true);
  const unreadable: Unreadable[] = [];
  const isResting = await runBounded(candidates, CONCURRENCY, async (digest) => {
    const { value: record, fault } = await unlessUnreadable(() => readAbsent(objects, digest));
    if (fault !== undefined) unreadable.push(fault);
    return record !== undefined && isRecent(record, asked, now);
  });
  return { resting: new Set(candidates.filter((_, index) => isResting[index] === true)), unreadable };
}
