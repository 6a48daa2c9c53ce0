import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { isRecordId } from './record-keys.ts';

/**
 * Which records were accepted when, to the week: a record keeps the first time of its decision, and what was asked
 * for again yesterday is still in use. The weekly sweep reads it (docs/runbooks).
 */
export interface Acceptances {
  /** Notes that a record's question was answered with a yes. Noted already: nothing is written. @throws StoreError */
  note(profile: string, recordId: string, now: Date): Promise<void>;
}

/** Days of one prefix. */
export const WEEK_DAYS = 7;
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
export function acceptedPrefix(profile: string, time: Date): string {
  const week = Math.floor(time.getTime() / DAY_MS / WEEK_DAYS);
  return `accepted/${profile}/${new Date(week * WEEK_DAYS * DAY_MS).toISOString().slice(0, 10)}/`;
}

/** The prefixes of the weeks that the last `days` days touch, the latest first. */
export function listAcceptedPrefixes(profile: string, now: Date, days: number): readonly string[] {
  const weeks = Math.ceil(days / WEEK_DAYS) + 1;
  return Array.from({ length: weeks }, (_, index) =>
    acceptedPrefix(profile, new Date(now.getTime() - index * WEEK_DAYS * DAY_MS)),
  );
}

/** The record that a key below such a prefix names; undefined for another key. */
export function parseAcceptedKey(key: string): string | undefined {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return isRecordId(name) ? name : undefined;
}
