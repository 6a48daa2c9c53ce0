import type { DecisionPage, DecisionRow } from '../../api/answers.ts';
import { read } from '../../api/ask.ts';
import { saveText } from '../../api/save.ts';
import { type Query, toSearch } from '../../text/address.ts';
import { formatCsv, toFileName } from '../../text/csv.ts';

/** Rows that a spreadsheet takes. */
const MAX_ROWS = 1_000_000;

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
  'codes',
  'caller',
  'id',
] as const;

/**
 * Saves all decisions of a filter as CSV, with the filter in the file's name.
 *
 * @param tell how many were read so far
 * @returns what to tell at the end
 */
export async function saveDecisions(filter: Query, tell: (count: number) => void): Promise<string> {
  const rows: DecisionRow[] = [];
  let after: string | undefined;
  do {
    const { value, fault } = await read<DecisionPage>(`/v1/verdicts?${toSearch({ ...filter, after, limit: '100' })}`);
    if (fault !== undefined) return `Not saved: ${fault.detail}`;
    rows.push(...value.verdicts);
    tell(rows.length);
    after = value.next;
  } while (after !== undefined && rows.length < MAX_ROWS);
  if (after !== undefined) return `Not saved: more than ${MAX_ROWS} decisions; narrow the times`;
  const name = toFileName('signet-decisions', filter, 'csv');
  saveText(name, formatCsv([COLUMNS, ...rows.map(toCells)]), 'text/csv');
  return `${rows.length} saved as ${name}`;
}

function toCells(row: DecisionRow): readonly string[] {
  const { decidedAt, outcome, forced, profile, mode, source, pullspec, digest = '', pushed = '', codes, id } = row;
  const caller = row.caller === undefined ? '' : JSON.stringify(row.caller);
  return [
    decidedAt,
    outcome,
    String(forced),
    profile,
    mode,
    source,
    pullspec,
    digest,
    pushed,
    codes.join(' '),
    caller,
    id,
  ];
}
