import * as v from 'valibot';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import { untilAborted } from '../../lib/platform/time/deadline.ts';
import {
  type DecisionQuery,
  MAX_PAGE_ROWS,
  matchesFilter,
  parseDecisionQuery,
} from '../../lib/verdict/records/decision-query.ts';
import { type DecisionRow, toDecisionRow } from '../../lib/verdict/records/decision-row.ts';
import { type DecisionPage, listDecisions } from '../../lib/verdict/records/list-decisions.ts';
import { toPointerName } from '../../lib/verdict/records/verdict-record.ts';
import type { OutputFormat } from '../shell/options.ts';
import { formatTable, print, printResult } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';
import { fetchPage, isApi } from './api.ts';
import { walkPages } from './pages.ts';
import { hasIndex, readRecordsIn } from './places.ts';

export interface RecordListOptions {
  readonly profile?: string;
  readonly outcome?: string;
  readonly repository?: string;
  readonly since?: string;
  readonly until?: string;
  readonly forced?: string;
  readonly source?: string;
  /** All pages where it is left out. */
  readonly limit?: number;
  readonly output: OutputFormat | 'table' | 'csv';
}

const FILTERS = ['profile', 'outcome', 'repository', 'since', 'until', 'forced', 'source'] as const;

interface Listing {
  readonly verdicts: readonly DecisionRow[];
  readonly unreadable: readonly { readonly key: string; readonly fault: string }[];
  readonly isIncomplete: boolean;
}

/** @returns the exit status */
export async function listRecords(place: string, options: RecordListOptions, signal: AbortSignal): Promise<number> {
  const { limit = Number.POSITIVE_INFINITY, output } = options;
  const given = FILTERS.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]] as const]));
  const parameters = Object.fromEntries(given);
  const query = parseDecisionQuery(parameters);
  const listing = await untilAborted(readListing(place, parameters, query, limit), signal);
  if (output === 'csv') print(formatCsv(listing.verdicts));
  else printResult(output === 'table' ? 'text' : output, listing, formatListing);
  for (const { key, fault } of listing.unreadable) {
    process.stderr.write(`signet: not read: ${JSON.stringify(key)}: ${fault}\n`);
  }
  if (listing.isIncomplete) {
    process.stderr.write('signet: the index is not complete yet: some records are not listed\n');
  }
  return ExitStatus.done;
}

async function readListing(
  place: string,
  parameters: Readonly<Record<string, string>>,
  query: DecisionQuery,
  limit: number,
): Promise<Listing> {
  if (!isApi(place) && !(await hasIndex(place))) return await readFolder(place, query, limit);
  const objects = isApi(place) ? undefined : await openObjectStore(place);
  const verdicts: DecisionRow[] = [];
  const unreadable: { key: string; fault: string }[] = [];
  let isIncomplete = false;
  const ask = async (after: string | undefined): Promise<DecisionPage | v.InferOutput<typeof pageSchema>> => {
    const page = { limit: String(Math.min(MAX_PAGE_ROWS, limit - verdicts.length)) };
    const asked = { ...parameters, ...page, ...(after === undefined ? {} : { after }) };
    return objects === undefined
      ? await fetchRows(place, asked)
      : await listDecisions(objects, parseDecisionQuery(asked));
  };
  for await (const answer of walkPages(`${place}: the list of decisions`, ask, (page) => page.verdicts.length)) {
    verdicts.push(...answer.verdicts);
    unreadable.push(...(answer.unreadable ?? []));
    isIncomplete ||= answer.isIncomplete === true;
    if (verdicts.length >= limit) break;
  }
  return { verdicts, unreadable, isIncomplete };
}

/** Records that no index lists: each is read. */
async function readFolder(place: string, { filter }: DecisionQuery, limit: number): Promise<Listing> {
  const rows: { readonly name: string; readonly row: DecisionRow }[] = [];
  const unreadable: { key: string; fault: string }[] = [];
  for await (const { key, record, fault } of readRecordsIn(place)) {
    if (record === undefined) unreadable.push({ key, fault });
    else rows.push({ name: toPointerName(record), row: toDecisionRow(record) });
  }
  const matching = rows.filter(({ row }) => matchesFilter(row, filter));
  const sorted = matching.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return { verdicts: sorted.slice(0, limit).map(({ row }) => row), unreadable, isIncomplete: false };
}

const text = v.string();
const row: v.GenericSchema<unknown, DecisionRow> = v.object({
  id: text,
  decidedAt: text,
  outcome: v.picklist(['accepted', 'rejected', 'indeterminate']),
  forced: v.boolean(),
  profile: text,
  mode: v.picklist(['enforce', 'warn']),
  source: text,
  pullspec: text,
  repository: text,
  digest: v.optional(text),
  pushed: v.optional(text),
  codes: v.array(text),
  caller: v.optional(v.record(text, text)),
  isCut: v.optional(v.literal(true)),
});
const pageSchema = v.object({
  verdicts: v.array(row),
  unreadable: v.optional(v.array(v.object({ key: text, fault: text }))),
  next: v.optional(text),
  isIncomplete: v.optional(v.literal(true)),
});

async function fetchRows(api: string, parameters: Readonly<Record<string, string>>) {
  const result = v.safeParse(pageSchema, await fetchPage(api, '/v1/verdicts', parameters));
  if (!result.success) throw new StoreError('BodyInvalid', `${api}: the answer is no page of verdicts`);
  return result.output;
}

const COLUMNS = [
  'decidedAt',
  'outcome',
  'forced',
  'profile',
  'mode',
  'source',
  'pullspec',
  'digest',
  'pushed',
] as const;

function formatListing({ verdicts }: Listing): string {
  if (verdicts.length === 0) return 'no decisions';
  const header = ['DECIDED', 'OUTCOME', 'PROFILE', 'SOURCE', 'WHY', 'PULLSPEC', 'RECORD'];
  const rows = verdicts.map(({ decidedAt, outcome, forced, profile, source, codes, pullspec, id }) => [
    decidedAt,
    forced ? `${outcome} (FORCED)` : outcome,
    profile,
    source,
    codes.join(' '),
    pullspec,
    id.slice(0, 12),
  ]);
  return formatTable([header, ...rows]).join('\n');
}

function formatCsv(rows: readonly DecisionRow[]): string {
  const lines = rows.map((one) =>
    [...COLUMNS.map((name) => one[name]), one.codes.join(' '), JSON.stringify(one.caller ?? ''), one.id].map(toCell),
  );
  return [[...COLUMNS, 'codes', 'caller', 'id'], ...lines].map((cells) => cells.join(',')).join('\r\n');
}

/** Quoted as RFC 4180 says; what a spreadsheet would take for a formula is text. */
function toCell(value: string | boolean | undefined): string {
  const shown = value === undefined || value === '""' ? '' : String(value);
  const inert = /^[=+\-@\t\r]/.test(shown) ? `'${shown}` : shown;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
