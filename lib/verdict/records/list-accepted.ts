import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { listAcceptedPrefixes, parseAcceptedKey } from './acceptances.ts';

export interface AcceptedQuery {
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
