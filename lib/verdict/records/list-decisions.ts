import { toCursor } from '../../platform/lambda/page-parameters.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { packPrefix, readIndexState, readPack } from './decision-packs.ts';
import { chooseOrdering, type DecisionFilter, type DecisionQuery, matchesFilter } from './decision-query.ts';
import { type DecisionRow, entryPrefix, joinSegments, parseRow, toRowName, toRowTime } from './decision-row.ts';
import { isUnreadable } from './read-records.ts';
import { toInvertedTime } from './verdict-record.ts';

/** Decisions, newest first. */
export interface DecisionPage {
  readonly verdicts: readonly DecisionRow[];
  /** What stands in the index and is no entry of it; it hides no other. */
  readonly unreadable?: readonly { readonly key: string; readonly fault: string }[];
  /** Where the next page starts; missing after the last one. */
  readonly next?: string | undefined;
  /** With `next`: everything down to this time was looked at. */
  readonly scannedUntil?: string | undefined;
  /** Set until every record is in the index for the first time: some are not listed yet. */
  readonly isIncomplete?: true | undefined;
}

/** Entries that are looked at for one page. */
export const MAX_SCANNED = 10_000;
/** Of them, those that are not packed yet: one page of a listing. */
const MAX_NEW = 1000;
/** Packs that are read for one page: of an ordering that has only what is wanted, and of another. */
const MAX_EXACT_PACKS = 2;
const MAX_SCANNED_PACKS = 20;
const MAX_STRAYS = 50;

/** One thing in the index: `order` sorts it, and a listing after `at` starts behind it. */
interface Item {
  readonly order: string;
  readonly at: string;
  readonly content: Row | Stray | 'stop';
}

interface Row {
  readonly kind: 'row';
  readonly text: string;
  readonly key: string;
}

interface Stray {
  readonly kind: 'stray';
  readonly key: string;
  readonly fault: string;
}

/**
 * One page of decisions. Entries that are not packed yet and packs are merged as they are listed, so that a page costs
 * the same wherever it is. @throws StoreError
 */
export async function listDecisions(objects: ObjectStore, query: DecisionQuery): Promise<DecisionPage> {
  const { filter, limit } = query;
  const { ordering, isExact } = chooseOrdering(filter);
  const start = toStart(query);
  // Before the packs are listed: what is packed meanwhile is then in one of the two.
  const entries = await listEntries(objects, ordering, start, isExact ? limit + MAX_STRAYS : MAX_NEW);
  const packs = listPacked(objects, ordering, start, isExact ? MAX_EXACT_PACKS : MAX_SCANNED_PACKS);
  const isComplete = await readIsComplete(objects);
  const page = await collectPage(mergeItems(entries, packs), filter, limit);
  return { ...page, ...(isComplete ? {} : { isIncomplete: true }) };
}

/** What cannot be read as the state of the index says nothing. */
async function readIsComplete(objects: ObjectStore): Promise<boolean> {
  try {
    return (await readIndexState(objects)).state.completedAt !== undefined;
  } catch (error) {
    if (isUnreadable(error)) return false;
    throw error;
  }
}

async function collectPage(items: AsyncIterable<Item>, filter: DecisionFilter, limit: number): Promise<DecisionPage> {
  const verdicts: DecisionRow[] = [];
  const unreadable: { key: string; fault: string }[] = [];
  const end = filter.since === undefined ? undefined : `${toInvertedTime(filter.since)}~`;
  let scanned = 0;
  let last: string | undefined;
  let before: { readonly order: string; readonly text: string } | undefined;
  let next: string | undefined;
  const refuse = (key: string, fault: string): void => {
    if (unreadable.length < MAX_STRAYS) unreadable.push({ key, fault });
  };
  for await (const { order, at, content } of items) {
    if (end !== undefined && order > end) break;
    if (content === 'stop' || verdicts.length === limit || scanned === MAX_SCANNED) {
      next = content === 'stop' ? at : last;
      break;
    }
    scanned += 1;
    last = at;
    const row = content.kind === 'row' ? parseRow(content.text) : undefined;
    if (content.kind === 'stray') refuse(content.key, content.fault);
    else if (row === undefined) refuse(content.key, 'it is not an entry of the index');
    else if (before?.order !== order) {
      before = { order, text: content.text };
      if (matchesFilter(row, filter)) verdicts.push(row);
    } else if (before.text !== content.text) {
      refuse(content.key, 'it says something else than another entry of the same record');
    }
  }
  return {
    verdicts,
    ...(unreadable.length === 0 ? {} : { unreadable }),
    ...(next === undefined ? {} : { next: toCursor(next), scannedUntil: toRowTime(next) }),
  };
}

/** The later one of where the cursor is and where the time begins. */
function toStart({ after, filter }: DecisionQuery): string {
  const newest = filter.until === undefined ? '' : `${toInvertedTime(filter.until)}~`;
  return after > newest ? after : newest;
}

/** Of the same row, what is packed comes first: it was compared with the record. */
async function* mergeItems(entries: readonly Item[], packs: AsyncIterator<Item>): AsyncGenerator<Item> {
  const rest = entries.values();
  let entry = rest.next();
  let packed = await packs.next();
  while (entry.done !== true || packed.done !== true) {
    if (packed.done !== true && (entry.done === true || packed.value.order <= entry.value.order)) {
      yield packed.value;
      packed = await packs.next();
    } else if (entry.done !== true) {
      yield entry.value;
      entry = rest.next();
    }
  }
}

async function listEntries(
  objects: ObjectStore,
  ordering: string,
  start: string,
  max: number,
): Promise<readonly Item[]> {
  const prefix = entryPrefix(ordering);
  const items: Item[] = [];
  for await (const { key } of objects.listObjects(prefix, start === '' ? {} : { after: `${prefix}${start}` })) {
    const end = key.slice(prefix.length);
    const text = joinSegments(end);
    const name = toRowName(text);
    const content: Row | Stray =
      name === undefined ? { kind: 'stray', key, fault: 'it is not the name of an entry' } : { kind: 'row', text, key };
    items.push({ order: name ?? end, at: end, content });
    if (items.length < max) continue;
    items.push({ order: name ?? end, at: end, content: 'stop' });
    break;
  }
  return items;
}

async function* listPacked(
  objects: ObjectStore,
  ordering: string,
  start: string,
  maxPacks: number,
): AsyncGenerator<Item> {
  const prefix = packPrefix(ordering);
  let read = 0;
  let position = start;
  for await (const { key } of objects.listObjects(prefix, start === '' ? {} : { after: `${prefix}${start}` })) {
    const name = key.slice(prefix.length);
    if (toRowName(name) !== name) {
      yield { order: name, at: name, content: { kind: 'stray', key, fault: 'it is not the name of a pack' } };
      continue;
    }
    if (read === maxPacks) {
      yield { order: position, at: position, content: 'stop' };
      return;
    }
    read += 1;
    position = `${name}/`;
    const result = await readPack(objects, ordering, name);
    if (result.kind === 'broken') {
      yield { order: name, at: position, content: { kind: 'stray', key, fault: result.fault } };
    }
    if (result.kind !== 'pack') continue;
    for (const text of result.pack.texts) {
      const order = toRowName(text) ?? '';
      const at = `${order}/`;
      // It may have been listed before as an entry, and was packed since.
      if (at > start && !start.startsWith(`${order}.`)) yield { order, at, content: { kind: 'row', text, key } };
    }
  }
}
