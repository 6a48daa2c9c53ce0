/** Whose bar it is: Signet's own, a peer's, or the physical limit. */
export type BarKind = 'signet' | 'peer' | 'limit';

export interface Bar {
  readonly label: string;
  /** Undefined: not run, and why is in the label. */
  readonly value: number | undefined;
  readonly kind: BarKind;
}

export interface BarGroup {
  readonly label: string;
  readonly bars: readonly Bar[];
}

export interface BarChart {
  readonly title: string;
  readonly unit: string;
  /** In words, below the title: more is better, or less. */
  readonly note: string;
  readonly groups: readonly BarGroup[];
}

const WIDTH = 860;
const LABEL_WIDTH = 300;
const VALUE_WIDTH = 90;
const BAR_HEIGHT = 16;
const BAR_GAP = 4;
const GROUP_GAP = 18;
const TOP = 58;
const COLORS: Readonly<Record<BarKind, string>> = { signet: '#1f6feb', peer: '#8c959f', limit: '#d4a72c' };

/** Horizontal bars on one scale from zero, as SVG that needs nothing but itself. */
export function toBarChart({ title, unit, note, groups }: BarChart): string {
  const values = groups.flatMap(({ bars }) => bars.flatMap(({ value }) => value ?? []));
  const scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / Math.max(...values, Number.MIN_VALUE);
  const body: string[] = [];
  let y = TOP;
  for (const { label, bars } of groups) {
    body.push(textAt(12, y + 12, label, 'font-weight="600"'));
    y += BAR_HEIGHT + BAR_GAP;
    for (const bar of bars) {
      body.push(...toBar(bar, y, scale, unit));
      y += BAR_HEIGHT + BAR_GAP;
    }
    y += GROUP_GAP;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" role="img" aria-label="${escapeXml(title)}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${y}" fill="#ffffff"/>`,
    textAt(12, 24, title, 'font-size="16" font-weight="600"'),
    textAt(12, 42, note, 'fill="#57606a"'),
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

function toBar({ label, value, kind }: Bar, y: number, scale: number, unit: string): readonly string[] {
  const name = textAt(LABEL_WIDTH - 8, y + 12, label, 'text-anchor="end"');
  if (value === undefined) return [name, textAt(LABEL_WIDTH, y + 12, 'not run', 'fill="#57606a"')];
  const width = Math.max(1, value * scale).toFixed(1);
  const shown = `${value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2)} ${unit}`;
  return [
    name,
    `<rect x="${LABEL_WIDTH}" y="${y}" width="${width}" height="${BAR_HEIGHT}" fill="${COLORS[kind]}"/>`,
    textAt(LABEL_WIDTH + Number(width) + 6, y + 12, shown),
  ];
}

function textAt(x: number, y: number, text: string, attributes = ''): string {
  const given = /fill=/.test(attributes) ? attributes : `fill="#1f2328" ${attributes}`.trim();
  return `<text x="${x}" y="${y}" ${given}>${escapeXml(text)}</text>`;
}

function escapeXml(text: string): string {
  const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => named[character] ?? character);
}
