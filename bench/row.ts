/** One line of the table: how Signet does beside something else, measured in the same run. */
export interface Row {
  readonly name: string;
  /** What the other number is, such as `openssl speed rsa4096 verify`. */
  readonly beside: string;
  readonly unit: string;
  readonly ours: number;
  /** Undefined: what it is held against is not on this machine. */
  readonly theirs: number | undefined;
  /** The ratio ours : theirs that must be reached, if one must. */
  readonly goal?: { readonly kind: 'at least' | 'at most'; readonly ratio: number } | undefined;
}

export type RowState = 'reached' | 'missed' | 'not run' | 'no goal';

export function ratioOf({ ours, theirs }: Row): number | undefined {
  return theirs === undefined || theirs === 0 ? undefined : ours / theirs;
}

export function stateOf(row: Row): RowState {
  const ratio = ratioOf(row);
  if (row.goal === undefined) return ratio === undefined ? 'not run' : 'no goal';
  if (ratio === undefined) return 'not run';
  const isReached = row.goal.kind === 'at least' ? ratio >= row.goal.ratio : ratio <= row.goal.ratio;
  return isReached ? 'reached' : 'missed';
}

export function formatRows(rows: readonly Row[]): string {
  const header = ['what', 'Signet', 'beside', 'it', 'ratio', 'goal', ''];
  const lines = rows.map((row) => [
    row.name,
    formatNumber(row.ours, row.unit),
    row.beside,
    row.theirs === undefined ? 'not run' : formatNumber(row.theirs, row.unit),
    ratioOf(row)?.toFixed(2) ?? '-',
    row.goal === undefined ? '-' : `${row.goal.kind === 'at least' ? '≥' : '≤'} ${row.goal.ratio}`,
    stateOf(row),
  ]);
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

function formatNumber(value: number, unit: string): string {
  return `${value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2)} ${unit}`;
}

/** The middle value; the mean of both for an even count. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
}
