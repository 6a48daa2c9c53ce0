import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { isRecordId } from './verdict-record.ts';

interface AcceptedQuery {
  readonly profile: string;
  readonly now: Date;
  /** How far back, in days. */
  readonly days: number;
  /** The id that was listed last; undefined: from the start. */
  readonly after?: string | undefined;
}

interface Week {
  readonly ids: AsyncIterator<string, undefined>;
  next: string | undefined;
}

/**
 * Ids of the records that were accepted lately, each once and sorted, however many weeks they were asked for in. The
 * weeks are merged as they are listed: one page of each is held at a time. @throws StoreError
 */
export async function* listAccepted(objects: ObjectStore, query: AcceptedQuery): AsyncIterable<string> {
  const prefixes = listAcceptedPrefixes(query.profile, query.now, query.days);
  const weeks: Week[] = prefixes.map((prefix) => ({ ids: listIds(objects, prefix, query.after), next: undefined }));
  for (const week of weeks) await advance(week);
  for (;;) {
    const lowest = weeks.flatMap(({ next }) => (next === undefined ? [] : [next])).toSorted()[0];
    if (lowest === undefined) return;
    yield lowest;
    for (const week of weeks) if (week.next === lowest) await advance(week);
  }
}

async function advance(week: Week): Promise<void> {
  week.next = (await week.ids.next()).value;
}

async function* listIds(
  objects: ObjectStore,
  prefix: string,
  after: string | undefined,
): AsyncGenerator<string, undefined> {
  const options = after === undefined ? {} : { after: `${prefix}${after}` };
  for await (const { key } of objects.listObjects(prefix, options)) {
    const id = parseAcceptedKey(key);
    if (id !== undefined) yield id;
  }
  return undefined;
}

/**
 * Which records were accepted when, to the week: a record keeps the first time of its decision, and what was asked
 * for again yesterday is still in use. The weekly sweep reads it (docs/runbooks).
 */
export interface Acceptances {
  /** Notes that a record's question was answered with a yes. Noted already: nothing is written. @throws StoreError */
  note(profile: string, recordId: string, now: Date): Promise<void>;
}

/** Days of one prefix. */
const WEEK_DAYS = 7;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Notes that a process remembers to have made; forgetting one costs a write that finds it there. */
const MAX_REMEMBERED = 10_000;

export function createAcceptances(objects: ObjectStore): Acceptances {
  const remembered = new Set<string>();
  return {
    async note(profile, recordId, now) {
      const key = `${acceptedPrefix(profile, now)}${recordId}`;
      if (remembered.has(key)) return;
      // False when it is there already.
      await objects.createObject(key, new Uint8Array());
      if (remembered.size >= MAX_REMEMBERED) remembered.clear();
      remembered.add(key);
    },
  };
}

/** `accepted/<profile>/<first day of the week>/`: weeks are counted from 1 January 1970. */
function acceptedPrefix(profile: string, time: Date): string {
  const week = Math.floor(time.getTime() / DAY_MS / WEEK_DAYS);
  return `accepted/${profile}/${new Date(week * WEEK_DAYS * DAY_MS).toISOString().slice(0, 10)}/`;
}

/** The prefixes of the weeks that the last `days` days touch, the latest first. */
function listAcceptedPrefixes(profile: string, now: Date, days: number): readonly string[] {
  const weeks = Math.ceil(days / WEEK_DAYS) + 1;
  return Array.from({ length: weeks }, (_, index) =>
    acceptedPrefix(profile, new Date(now.getTime() - index * WEEK_DAYS * DAY_MS)),
  );
}

/** The record that a key below such a prefix names; undefined for another key. */
function parseAcceptedKey(key: string): string | undefined {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return isRecordId(name) ? name : undefined;
}
