import type { Report } from '../report.ts';
import { type Comparison, comparisonsOf, type Row } from '../row.ts';
import type { BarChart, BarGroup } from './bar-chart.ts';

export interface NamedChart {
  /** Of the file, without its ending. */
  readonly name: string;
  readonly chart: BarChart;
}

interface ChartPlan {
  readonly name: string;
  readonly title: string;
  readonly note: string;
  /** Start of the IDs of the rows that are shown. */
  readonly rows: string;
}

const PLANS: readonly ChartPlan[] = [
  {
    name: 'verification',
    title: 'Verifying one signature in process',
    note: 'Signatures a second of processor time, one core; more is better.',
    rows: 'verify-',
  },
  {
    name: 'process',
    title: 'Verifying one signature by a process of its own',
    note: 'Milliseconds from start to exit; less is better.',
    rows: 'process-',
  },
  {
    name: 'start',
    title: 'Cold start of each function',
    note: 'Milliseconds from the start of the process to the first answer, network apart; less is better.',
    rows: 'start-',
  },
  {
    name: 'service',
    title: 'The local service under load',
    note: 'Answers a second, one process, over HTTP on loopback; more is better.',
    rows: 'load-',
  },
];

/** The charts that a run has rows for. */
export function toCharts(report: Report): readonly NamedChart[] {
  const rows = report.sections.flatMap((section) => section.rows);
  return PLANS.flatMap(({ name, title, note, rows: prefix }) => {
    const shown = rows.filter(({ id }) => id?.startsWith(prefix) === true);
    const [first] = shown;
    if (first === undefined) return [];
    const marked = report.effort === 'quick' ? `${note} A quick run on a busy machine: noise.` : note;
    return [{ name, chart: { title, unit: first.unit, note: marked, groups: shown.map(toGroup) } }];
  });
}

function toGroup(row: Row): BarGroup {
  const bars = comparisonsOf(row).map((comparison) => ({
    label: comparison.beside,
    value: comparison.theirs,
    kind: isLimit(comparison) ? ('limit' as const) : ('peer' as const),
  }));
  const ours = Number.isNaN(row.ours) ? undefined : row.ours;
  return { label: row.name, bars: [{ label: 'Signet', value: ours, kind: 'signet' }, ...bars] };
}

/** Rows say it in the name. */
function isLimit({ beside }: Comparison): boolean {
  return beside.endsWith('(limit)');
}
