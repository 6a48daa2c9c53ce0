/** A ratio ours : theirs that must be reached. */
export interface Goal {
  readonly kind: 'at least' | 'at most';
  readonly ratio: number;
}

/** Something that Signet's figure is held against, measured in the same run. */
export interface Comparison {
  /** What the other number is, such as `openssl speed rsa4096 verify`. */
  readonly beside: string;
  /** Undefined: it did not run here. */
  readonly theirs: number | undefined;
  /** Why it did not run. */
  readonly missing?: string | undefined;
  readonly goal?: Goal | undefined;
}

/** One row of the table: how Signet does beside something else; `others` are further peers, and the physical limit. */
export interface Row extends Comparison {
  /** For whoever reads the figure out of a report; never changed once it is given. */
  readonly id?: string | undefined;
  readonly name: string;
  readonly unit: string;
  /** NaN where the system does not tell. */
  readonly ours: number;
  readonly others?: readonly Comparison[] | undefined;
}

export type RowState = 'reached' | 'missed' | 'not run' | 'no goal';

/** From what `--check` minds most to what it does not mind. */
const SEVERITY: readonly RowState[] = ['missed', 'not run', 'reached', 'no goal'];

export function comparisonsOf(row: Row): readonly Comparison[] {
  return [row, ...(row.others ?? [])];
}

/** Ours : theirs; undefined where one of the two is not known. */
export function ratioOf({ ours }: Pick<Row, 'ours'>, { theirs }: Comparison): number | undefined {
  if (theirs === undefined || theirs === 0 || Number.isNaN(theirs) || Number.isNaN(ours)) return undefined;
  return ours / theirs;
}

/** How the row does in one comparison. */
export function comparisonState(row: Pick<Row, 'ours'>, comparison: Comparison): RowState {
  const ratio = ratioOf(row, comparison);
  if (ratio === undefined) return 'not run';
  const { goal } = comparison;
  if (goal === undefined) return 'no goal';
  const isReached = goal.kind === 'at least' ? ratio >= goal.ratio : ratio <= goal.ratio;
  return isReached ? 'reached' : 'missed';
}

/** The gravest state of the comparisons with a goal; without any, the one of the first. */
export function stateOf(row: Row): RowState {
  const withGoal = comparisonsOf(row).filter(({ goal }) => goal !== undefined);
  const states = withGoal.map((comparison) => comparisonState(row, comparison));
  return SEVERITY.find((state) => states.includes(state)) ?? comparisonState(row, row);
}

/** Whether `--check` fails by this row: a goal was missed, or what has a goal did not run. */
export function isShort(row: Row): boolean {
  return comparisonsOf(row).some((comparison) => {
    return comparison.goal !== undefined && comparisonState(row, comparison) !== 'reached';
  });
}

export function formatRows(rows: readonly Row[]): string {
  const header = ['what', 'Signet', 'beside', 'it', 'ratio', 'goal', ''];
  const lines = rows.flatMap(toLines);
  const widths = header.map((_, column) => Math.max(...[header, ...lines].map((line) => line[column]?.length ?? 0)));
  return [header, ...lines]
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A line for each comparison, the name and Signet's figure in the first alone. */
function toLines(row: Row): readonly (readonly string[])[] {
  return comparisonsOf(row).map((comparison, index) => [
    ...(index === 0 ? [row.name, formatFigure(row.ours, row.unit)] : ['', '']),
    ...toCells(row, comparison),
  ]);
}

/** What a table says of one comparison: beside, it, ratio, goal, state. */
export function toCells(row: Row, comparison: Comparison): readonly string[] {
  const { beside, theirs, missing, goal } = comparison;
  const notRun = missing === undefined ? 'not run' : `not run: ${missing}`;
  return [
    beside,
    theirs === undefined ? notRun : formatFigure(theirs, row.unit),
    ratioOf(row, comparison)?.toFixed(2) ?? '-',
    goal === undefined ? '-' : `${goal.kind === 'at least' ? '≥' : '≤'} ${goal.ratio}`,
    comparisonState(row, comparison),
  ];
}

export function formatFigure(value: number, unit: string): string {
  if (Number.isNaN(value)) return 'not known';
  return `${value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2)} ${unit}`.trim();
}

/** The middle value; the mean of both for an even count. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
}

/** The middle of what a peer was measured at; undefined where it did not run. */
export function medianOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : median(values);
}
