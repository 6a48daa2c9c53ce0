import { parseCursor } from '../../lib/platform/lambda/page-parameters.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import type { DecisionRow } from '../../lib/verdict/records/decision-row.ts';
import { listDecisions, MAX_SCANNED } from '../../lib/verdict/records/list-decisions.ts';

/** Decisions that were made for the first time on one day, UTC. */
interface DayCounts {
  readonly day: string;
  readonly accepted: number;
  readonly rejected: number;
  readonly indeterminate: number;
  /** Of those that were accepted. */
  readonly forced: number;
}

export interface DecisionCounts {
  /** The first day that was asked for. */
  readonly since: string;
  /** Newest first; a day without decisions is left out. */
  readonly days: readonly DayCounts[];
  /** Set where there are too many to count: what is older was not looked at. */
  readonly scannedUntil?: string | undefined;
  /** Set until every record is in the index for the first time. */
  readonly isIncomplete?: true | undefined;
}

/** Pages that are read to count, each of at most {@link MAX_SCANNED} decisions and two packs. */
export const MAX_COUNTED_PAGES = 10;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Counts the decisions of the last days, today included, by outcome. @throws StoreError */
export async function countDecisions(objects: ObjectStore, days: number, now: Date): Promise<DecisionCounts> {
  const today = Date.parse(now.toISOString().slice(0, 10));
  const since = today - (days - 1) * DAY_MS;
  const counts = new Map<string, DayCounts>();
  let after = '';
  let isIncomplete = false;
  let scannedUntil: string | undefined;
  for (let pages = 0; pages < MAX_COUNTED_PAGES; pages += 1) {
    const page = await listDecisions(objects, { filter: { since }, limit: MAX_SCANNED, after });
    for (const row of page.verdicts) add(counts, row);
    isIncomplete ||= page.isIncomplete === true;
    scannedUntil = page.scannedUntil;
    if (page.next === undefined) break;
    after = parseCursor(page.next) ?? '';
  }
  return {
    since: new Date(since).toISOString().slice(0, 10),
    days: [...counts.values()].toSorted((one, other) => (one.day > other.day ? -1 : 1)),
    ...(scannedUntil === undefined ? {} : { scannedUntil }),
    ...(isIncomplete ? { isIncomplete: true } : {}),
  };
}

function add(counts: Map<string, DayCounts>, { decidedAt, outcome, forced }: DecisionRow): void {
  const day = decidedAt.slice(0, 10);
  const known = counts.get(day) ?? { day, accepted: 0, rejected: 0, indeterminate: 0, forced: 0 };
  counts.set(day, { ...known, [outcome]: known[outcome] + 1, forced: known.forced + (forced ? 1 : 0) });
}
