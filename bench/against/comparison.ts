import { formatFigure, median } from '../row.ts';

/** What was measured on one side. */
export interface Measured {
  readonly median: number;
  /** Between these lies the median with 95 percent; both are the figure itself where it was read and not measured. */
  readonly low: number;
  readonly high: number;
}

/** `worse` and `better`: the medians are too far apart, and the intervals do not overlap. */
export type Change = 'same' | 'better' | 'worse';

/** One figure of the old and the new code. The less, the better. */
export interface ChangeRow {
  readonly id: string;
  readonly name: string;
  readonly unit: string;
  readonly old: Measured;
  readonly new: Measured;
  readonly change: Change;
}

/** How far the medians may be apart: a twentieth of the old one; for bytes, which do not vary, a hundredth. */
const ALLOWED = { time: 1 / 20, bytes: 1 / 100 } as const;

/** A time that was taken again and again on both sides. */
export function toTimeRow(
  names: Pick<ChangeRow, 'id' | 'name'>,
  old: readonly number[],
  now: readonly number[],
): ChangeRow {
  return toRow({ ...names, unit: 'ms' }, toMeasured(old), toMeasured(now), ALLOWED.time);
}

/** The bytes of a file. */
export function toBytesRow(names: Pick<ChangeRow, 'id' | 'name'>, old: number, now: number): ChangeRow {
  const read = (bytes: number): Measured => ({ median: bytes, low: bytes, high: bytes });
  return toRow({ ...names, unit: 'B' }, read(old), read(now), ALLOWED.bytes);
}

function toRow(
  names: Pick<ChangeRow, 'id' | 'name' | 'unit'>,
  old: Measured,
  now: Measured,
  allowed: number,
): ChangeRow {
  return { ...names, old, new: now, change: compare(old, now, allowed) };
}

function compare(old: Measured, now: Measured, allowed: number): Change {
  if (now.median > old.median * (1 + allowed) && now.low > old.high) return 'worse';
  return old.median > now.median * (1 + allowed) && old.low > now.high ? 'better' : 'same';
}

/**
 * The median of a sample, and between which of its values the median of the whole lies with 95 percent, whatever the
 * distribution: the ranks are those of the binomial distribution with a half, by its normal approximation.
 */
function toMeasured(values: readonly number[]): Measured {
  const sorted = values.toSorted((one, other) => one - other);
  const rank = Math.max(1, Math.floor((sorted.length - NORMAL_95 * Math.sqrt(sorted.length)) / 2));
  const [low = Number.NaN, high = Number.NaN] = [sorted[rank - 1], sorted[sorted.length - rank]];
  return { median: median(values), low, high };
}

/** Of the normal distribution, 95 percent are that many standard deviations around the mean. */
const NORMAL_95 = 1.96;

export function formatChanges(rows: readonly ChangeRow[]): string {
  const lines = [['what', 'old', '', 'new', '', 'new : old', ''], ...rows.map(toCells)];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function toCells({ name, unit, old, new: now, change }: ChangeRow): readonly string[] {
  const show = (value: number): string => formatFigure(value, '');
  const interval = ({ low, high }: Measured): string => (low === high ? '' : `${show(low)} to ${show(high)}`);
  const ratio = (now.median / old.median).toFixed(3);
  return [
    name,
    formatFigure(old.median, unit),
    interval(old),
    formatFigure(now.median, unit),
    interval(now),
    ratio,
    change,
  ];
}
