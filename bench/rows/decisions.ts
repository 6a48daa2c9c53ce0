import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDirectoryObjectStore } from '../../lib/platform/objects/directory/directory-object-store.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { parseDecisionQuery } from '../../lib/verdict/records/decision-query.ts';
import { type DecisionPage, listDecisions, MAX_SCANNED } from '../../lib/verdict/records/list-decisions.ts';
import { countRequests, fillIndex, manyRecord } from '../../test/verdict/records/decision-store.ts';
import type { Effort } from '../effort.ts';
import { median, type Row } from '../row.ts';

const RECORDS: Readonly<Record<Effort, number>> = { full: 1_000_000, quick: 20_000 };
/** Entries that are not packed yet: one less than `reverify` packs. */
const FRESH = 999;
const MAX_REQUESTS = 5;
const PAGES = 20;
const ORDERINGS = [{}, { profile: 'okd' }, { outcome: 'accepted' }, { outcome: 'indeterminate' }, { forced: 'true' }];
/** A filter that no ordering has, and that nothing matches. */
const RARE = { repository: 'quay.io/nobody/nothing' };

interface Measured {
  readonly requests: number;
  readonly milliseconds: number;
  readonly isOld: boolean;
  readonly page: DecisionPage;
}

/** Pages of a list of decisions, at places all over it, from generated records. */
export async function measureDecisions(effort: Effort): Promise<readonly Row[]> {
  const count = RECORDS[effort];
  const many = await measurePages(count);
  const size = count.toLocaleString('en');
  return [
    {
      id: 'decisions-page',
      name: `a page of 100 of ${size} decisions, the worst of ${many.pages.length}`,
      unit: 'requests',
      ours: Math.max(...many.pages.map(({ requests }) => requests)),
      beside: 'what a page may ask of S3',
      theirs: MAX_REQUESTS,
      goal: { kind: 'at most', ratio: 1 },
    },
    {
      id: 'decisions-scan',
      name: `entries that one request looks at for a filter without an ordering, of ${size}`,
      unit: 'entries',
      ours: many.scanned,
      beside: 'what a request may look at',
      theirs: MAX_SCANNED,
      goal: { kind: 'at most', ratio: 1 },
    },
    {
      id: 'decisions-time',
      name: `a page of 100 of ${size} decisions from a folder, among the older ones`,
      unit: 'ms',
      ours: median(many.pages.filter(({ isOld }) => isOld).map(({ milliseconds }) => milliseconds)),
      beside: 'among the newer ones',
      theirs: median(many.pages.filter(({ isOld }) => !isOld).map(({ milliseconds }) => milliseconds)),
    },
  ];
}

async function measurePages(count: number): Promise<{ readonly pages: readonly Measured[]; readonly scanned: number }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'signet-bench-'));
  try {
    const objects = createDirectoryObjectStore(directory);
    await fillIndex(objects, count, FRESH);
    const pages: Measured[] = [];
    for (const filter of ORDERINGS) {
      for (const [at, until] of listPlaces(count).entries()) {
        const first = await measurePage(objects, { ...filter, until });
        const second = await measurePage(objects, { ...filter, after: first.page.next ?? '' });
        for (const one of [first, second]) pages.push({ ...one, isOld: at >= PAGES / 2 });
      }
    }
    const { page } = await measurePage(objects, RARE);
    return { pages, scanned: countNewer(count, page.scannedUntil) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Times all over the list, the newest first. */
function listPlaces(count: number): readonly string[] {
  return Array.from({ length: PAGES }, (_, at) => manyRecord(Math.floor(count * (1 - at / PAGES)) - 1).firstDecidedAt);
}

async function measurePage(
  objects: ObjectStore,
  parameters: Readonly<Record<string, string>>,
): Promise<Omit<Measured, 'isOld'>> {
  const counted = countRequests(objects);
  const { after, ...rest } = parameters;
  const query = parseDecisionQuery({ ...rest, ...(after === undefined || after === '' ? {} : { after }) });
  const started = performance.now();
  const page = await listDecisions(counted.objects, query);
  return { requests: counted.requests.count, milliseconds: performance.now() - started, page };
}

function countNewer(count: number, scannedUntil: string | undefined): number {
  for (let index = count - 1, newer = 1; index >= 0; index -= 1, newer += 1) {
    if (manyRecord(index).firstDecidedAt === scannedUntil) return newer;
  }
  return Number.NaN;
}
