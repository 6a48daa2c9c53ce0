import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import {
  checkEntry,
  type Entry,
  MAX_PACK_ROWS,
  MIN_PACK_ROWS,
  PACK_ROWS,
  packPrefix,
  readPack,
  writePack,
} from './decision-packs.ts';
import { entryPrefix, joinSegments, toRowName } from './decision-row.ts';

/** What one run made of the entries of an ordering. */
export interface Packed {
  readonly packed: number;
  /** Entries that their records do not confirm: they are removed. */
  readonly refused: number;
  /** Packs that could not be read: they are removed, and every record has to be listed anew. */
  readonly broken: number;
}

/** Entries from which on an ordering is packed: fewer are one page of a listing. */
const MIN_NEW = 1000;
/** Entries that are packed in one go. */
const BATCH = 4000;
const CONCURRENCY = 16;
const NOTHING: Packed = { packed: 0, refused: 0, broken: 0 };

/**
 * Moves entries of an ordering into packs, the newest first. Each is compared with its record before. A pack is written
 * before its entries are removed, and only over what was read: it may be killed, and run twice, at any point.
 *
 * @throws StoreError `ConditionFailed` when another run has written in between
 */
export async function packDecisions(objects: ObjectStore, ordering: string, isTimeUp: () => boolean): Promise<Packed> {
  let total = NOTHING;
  let after = '';
  while (!isTimeUp()) {
    const { entries, strays, last } = await listBatch(objects, ordering, after);
    if (after === '' && entries.length + strays.length < MIN_NEW) break;
    if (last === undefined) break;
    const checked = await checkEntries(objects, ordering, entries);
    const refused = [...strays, ...checked.refused];
    await removeKeys(objects, refused);
    const { packed, broken } = await packBatch(objects, ordering, checked.confirmed);
    total = {
      packed: total.packed + packed,
      refused: total.refused + refused.length,
      broken: total.broken + broken,
    };
    after = last;
  }
  return total;
}

interface Batch {
  readonly entries: readonly Entry[];
  readonly strays: readonly string[];
  /** The end of the last key of the batch; undefined when there is none. */
  readonly last: string | undefined;
}

async function listBatch(objects: ObjectStore, ordering: string, after: string): Promise<Batch> {
  const prefix = entryPrefix(ordering);
  const entries: Entry[] = [];
  const strays: string[] = [];
  let last: string | undefined;
  for await (const { key } of objects.listObjects(prefix, after === '' ? {} : { after: `${prefix}${after}` })) {
    last = key.slice(prefix.length);
    const text = joinSegments(last);
    const name = toRowName(text);
    if (name === undefined) strays.push(key);
    else entries.push({ key, text, name });
    if (entries.length + strays.length === BATCH) break;
  }
  return { entries, strays, last };
}

interface Checked {
  readonly confirmed: readonly Entry[];
  /** Keys of entries of which there is no record, or one of another time or ordering: an entry is no evidence. */
  readonly refused: readonly string[];
}

async function checkEntries(objects: ObjectStore, ordering: string, entries: readonly Entry[]): Promise<Checked> {
  const answers = await runBounded(entries, CONCURRENCY, (entry) => checkEntry(objects, ordering, entry));
  const confirmed = answers.flatMap((answer) => (typeof answer === 'object' ? [answer] : []));
  return { confirmed, refused: entries.filter((_, at) => answers[at] === 'refused').map(({ key }) => key) };
}

async function packBatch(
  objects: ObjectStore,
  ordering: string,
  entries: readonly Entry[],
): Promise<{ readonly packed: number; readonly broken: number }> {
  let packed = 0;
  let broken = 0;
  const groups = await groupByPack(objects, ordering, entries);
  for (const [at, { name, group }] of groups.entries()) {
    const read = name === undefined ? undefined : await readPack(objects, ordering, name);
    if (read?.kind === 'broken') {
      if (!read.isLost) continue;
      await objects.deleteObject(`${packPrefix(ordering)}${name ?? ''}`);
      broken += 1;
    }
    const held = read?.kind === 'pack' ? read.pack : undefined;
    const first = toRowName(held?.texts[0] ?? '');
    const before = first === undefined ? group : group.filter((entry) => entry.name < first);
    const { chunks, rest } = toChunks(before);
    for (const chunk of chunks) packed += await addPack(objects, ordering, chunk);
    const inside = group.slice(before.length);
    // What is left over is newer than the chunks, and no pack may reach past another; what is newer than every pack
    // waits for more of its kind.
    const isWaiting = chunks.length > 0 || (at === 0 && inside.length === 0);
    const late = isWaiting ? inside : [...rest, ...inside];
    if (held !== undefined && late.length > 0) packed += await mergeInto(objects, ordering, held, late);
  }
  return { packed, broken };
}

interface Group {
  /** Of the pack whose last row is not newer than the group; undefined for what is older than every pack. */
  readonly name: string | undefined;
  readonly group: readonly Entry[];
}

/** Both are sorted: entries are taken as the packs are listed. */
async function groupByPack(
  objects: ObjectStore,
  ordering: string,
  entries: readonly Entry[],
): Promise<readonly Group[]> {
  const [newest] = entries;
  const prefix = packPrefix(ordering);
  const groups: Group[] = [];
  let rest = entries;
  if (newest === undefined) return groups;
  // A pack may end with the very entry.
  for await (const { key } of objects.listObjects(prefix, { after: `${prefix}${newest.name.slice(0, -1)}` })) {
    const name = key.slice(prefix.length);
    if (toRowName(name) !== name) continue;
    const end = rest.findIndex((entry) => entry.name > name);
    const group = end < 0 ? rest : rest.slice(0, end);
    if (group.length > 0) groups.push({ name, group });
    rest = end < 0 ? [] : rest.slice(end);
    if (rest.length === 0) return groups;
  }
  return [...groups, { name: undefined, group: rest }];
}

/** Packs from the oldest on; what is left over is the newest. */
function toChunks(entries: readonly Entry[]): { chunks: readonly (readonly Entry[])[]; rest: readonly Entry[] } {
  const chunks: (readonly Entry[])[] = [];
  let end = entries.length;
  while (end >= MIN_PACK_ROWS) {
    const start = Math.max(0, end - PACK_ROWS);
    chunks.push(entries.slice(start, end));
    end = start;
  }
  return { chunks, rest: entries.slice(0, end) };
}

async function addPack(objects: ObjectStore, ordering: string, chunk: readonly Entry[]): Promise<number> {
  const texts = toTexts(chunk);
  if (!(await writePack(objects, ordering, texts, undefined))) throw toConflict();
  return await removeEntries(objects, chunk);
}

async function mergeInto(
  objects: ObjectStore,
  ordering: string,
  { texts, etag }: { readonly texts: readonly string[]; readonly etag: string },
  late: readonly Entry[],
): Promise<number> {
  const known = new Set(texts.map(toRowName));
  const added = toTexts(late).filter((text) => !known.has(toRowName(text)));
  // What does not fit any more stays where it is, and is listed from there.
  if (texts.length + added.length > MAX_PACK_ROWS) return 0;
  const merged = [...texts, ...added].toSorted();
  if (added.length > 0 && !(await writePack(objects, ordering, merged, etag))) throw toConflict();
  return await removeEntries(objects, late);
}

/** Each row once. */
function toTexts(entries: readonly Entry[]): readonly string[] {
  return [...new Map(entries.map(({ name, text }) => [name, text])).values()];
}

async function removeEntries(objects: ObjectStore, entries: readonly Entry[]): Promise<number> {
  await removeKeys(
    objects,
    entries.map(({ key }) => key),
  );
  return entries.length;
}

async function removeKeys(objects: ObjectStore, keys: readonly string[]): Promise<void> {
  await runBounded(keys, CONCURRENCY, (key) => objects.deleteObject(key));
}

function toConflict(): StoreError {
  return new StoreError('ConditionFailed', 'another run packs the index of decisions');
}
