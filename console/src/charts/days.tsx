import type { JSX } from 'preact';
import type { DayCounts } from '../api/answers.ts';
import { Table } from '../parts/table.tsx';
import { type Outcome, toOutcomeWord } from '../text/phrases.ts';
import { formatDay } from '../text/times.ts';

const OUTCOMES: readonly Outcome[] = ['accepted', 'rejected', 'indeterminate'];
/** Whole class names: the build leaves out the styles of those that no source names. */
const FILLS: Readonly<Record<Outcome, string>> = {
  accepted: 'sg-fill-accepted',
  rejected: 'sg-fill-rejected',
  indeterminate: 'sg-fill-indeterminate',
};
const PATTERNS: Readonly<Record<Outcome, string>> = {
  accepted: 'sg-pattern-accepted',
  rejected: 'sg-pattern-rejected',
  indeterminate: 'sg-pattern-indeterminate',
};
const WIDTH = 420;
const HEIGHT = 190;
const LEFT = 30;
const TOP = 10;
const BOTTOM = 24;
const PLOT = HEIGHT - TOP - BOTTOM;

/** Every day of the chart, those without decisions too. */
export function fillDays(days: readonly string[], counted: readonly DayCounts[]): readonly DayCounts[] {
  const byDay = new Map(counted.map((one) => [one.day, one]));
  return days.map((day) => byDay.get(day) ?? { day, accepted: 0, rejected: 0, indeterminate: 0, forced: 0 });
}

/** The next round number, so that the axis keeps its words. */
function toTop(most: number): number {
  const step = 10 ** Math.floor(Math.log10(Math.max(1, most)));
  return [1, 2, 4, 5, 10].map((factor) => factor * step).find((top) => top >= most) ?? 10 * step;
}

/** Decisions by day and outcome, stacked. The outcomes differ by pattern as well as by colour. */
export function DayBars({ days }: { readonly days: readonly DayCounts[] }): JSX.Element {
  const totals = days.map((day) => OUTCOMES.reduce((sum, outcome) => sum + day[outcome], 0));
  const top = toTop(Math.max(1, ...totals));
  const slot = (WIDTH - LEFT) / days.length;
  const all = totals.reduce((sum, one) => sum + one, 0);
  return (
    <div>
      <svg class="sg-chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={describe(days, all)}>
        <Patterns />
        {[0, top / 2, top].map((value) => {
          const y = TOP + PLOT * (1 - value / top);
          return (
            <g key={value}>
              <line class="sg-grid" x1={LEFT} x2={WIDTH} y1={y} y2={y} />
              {Number.isInteger(value) && (
                <text class="sg-axis" x={LEFT - 6} y={y + 4} text-anchor="end">
                  {value}
                </text>
              )}
            </g>
          );
        })}
        {days.map((day, index) => (
          <DayBar
            key={day.day}
            day={day}
            x={LEFT + index * slot}
            slot={slot}
            top={top}
            name={toName(index, days.length)}
          />
        ))}
      </svg>
      <ul class="sg-legend" aria-hidden="true">
        {OUTCOMES.map((outcome) => (
          <li key={outcome}>
            <svg class="sg-legend__mark" viewBox="0 0 12 12" aria-hidden="true">
              <rect width="12" height="12" class={FILLS[outcome]} />
              <rect width="12" height="12" class={PATTERNS[outcome]} />
            </svg>
            {toOutcomeWord(outcome)}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Every fourth day has its name, counted from the last one. */
function toName(index: number, days: number): 'middle' | 'end' | undefined {
  const before = days - 1 - index;
  return before === 0 ? 'end' : before % 4 === 0 ? 'middle' : undefined;
}

interface BarProps {
  readonly day: DayCounts;
  readonly x: number;
  readonly slot: number;
  readonly top: number;
  /** How its name stands below it; undefined: without a name. */
  readonly name: 'middle' | 'end' | undefined;
}

function DayBar({ day, x, slot, top, name }: BarProps): JSX.Element {
  const width = Math.max(4, slot * 0.62);
  const left = x + (slot - width) / 2;
  let y = TOP + PLOT;
  return (
    <g>
      <title>{`${formatDay(day.day)}: ${OUTCOMES.map((one) => `${day[one]} ${toOutcomeWord(one).toLowerCase()}`).join(', ')}`}</title>
      <rect class="sg-hit" x={x} y={TOP} width={slot} height={PLOT} />
      {OUTCOMES.filter((outcome) => day[outcome] > 0).map((outcome) => {
        const height = (PLOT * day[outcome]) / top;
        y -= height;
        return (
          <g key={outcome}>
            <rect class={FILLS[outcome]} x={left} y={y} width={width} height={height} />
            <rect class={PATTERNS[outcome]} x={left} y={y} width={width} height={height} />
          </g>
        );
      })}
      {name !== undefined && (
        <text class="sg-axis" x={name === 'end' ? x + slot : x + slot / 2} y={HEIGHT - 6} text-anchor={name}>
          {formatDay(day.day)}
        </text>
      )}
    </g>
  );
}

/** Stripes for rejected, dots for not decided. */
function Patterns(): JSX.Element {
  return (
    <defs>
      <pattern id="sg-stripes" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect class="sg-pattern-ink" width="2" height="6" />
      </pattern>
      <pattern id="sg-dots" width="5" height="5" patternUnits="userSpaceOnUse">
        <circle class="sg-pattern-ink" cx="2.500" cy="2.500" r="1.200" />
      </pattern>
    </defs>
  );
}

function describe(days: readonly DayCounts[], all: number): string {
  const [first] = days;
  const sum = (outcome: Outcome): string =>
    `${days.reduce((total, day) => total + day[outcome], 0)} ${toOutcomeWord(outcome).toLowerCase()}`;
  return `${all} decisions since ${first === undefined ? '' : formatDay(first.day)}: ${OUTCOMES.map(sum).join(', ')}`;
}

/** The same as a table, newest first. */
export function DayTable({ days }: { readonly days: readonly DayCounts[] }): JSX.Element {
  return (
    <Table
      label="Decisions by day and outcome"
      rows={days.toReversed()}
      toKey={({ day }) => day}
      columns={[
        { name: 'Day (UTC)', cell: ({ day }) => day },
        ...OUTCOMES.map((outcome) => ({
          name: toOutcomeWord(outcome),
          cell: (day: DayCounts) => day[outcome],
          isNumber: true,
        })),
        { name: 'Forced', cell: ({ forced }) => forced, isNumber: true },
      ]}
    />
  );
}

/** The last days of one number, without an axis: its trend. */
export function Trend({ values, label }: { readonly values: readonly number[]; readonly label: string }): JSX.Element {
  const most = Math.max(1, ...values);
  return (
    <svg
      class="sg-trend"
      viewBox={`0 0 ${values.length * 6} 24`}
      role="img"
      aria-label={label}
      preserveAspectRatio="none"
    >
      {values.map((value, index) => (
        <rect
          key={index}
          x={index * 6}
          y={value === 0 ? 23 : 24 - Math.max(2, (22 * value) / most)}
          width="4"
          height="24"
        />
      ))}
    </svg>
  );
}
