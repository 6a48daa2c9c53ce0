/** Values of one metric, by labels. */
export interface Family {
  /** Without `_total`. */
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  /** The last part of the name, where it is a unit. */
  readonly unit?: 'seconds' | 'days' | undefined;
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** OpenMetrics 1.0, or the older text format for who does not ask for it. */
export type Exposition = 'openmetrics' | 'text';

export const MEDIA_TYPES: Readonly<Record<Exposition, string>> = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  text: 'text/plain; version=0.0.4; charset=utf-8',
};

const NAME = /^[a-z][a-z0-9_]*$/;

/** @param accept header of the request */
export function chooseExposition(accept: string | undefined): Exposition {
  return /(?:^|[\s,])application\/openmetrics-text(?:[\s;,]|$)/.test(accept ?? '') ? 'openmetrics' : 'text';
}

/** A family without samples is left out: nothing is known of it. */
export function formatFamilies(families: readonly Family[], exposition: Exposition): string {
  const lines = families.filter(({ samples }) => samples.length > 0).flatMap((one) => formatFamily(one, exposition));
  return `${[...lines, ...(exposition === 'openmetrics' ? ['# EOF'] : [])].join('\n')}\n`;
}

function formatFamily({ name, kind, help, unit, samples }: Family, exposition: Exposition): readonly string[] {
  const sampleName = kind === 'counter' ? `${name}_total` : name;
  // The older format names a counter as its samples are named.
  const family = exposition === 'openmetrics' ? name : sampleName;
  return [
    `# HELP ${family} ${escapeText(help)}`,
    `# TYPE ${family} ${kind}`,
    ...(unit === undefined || exposition === 'text' ? [] : [`# UNIT ${family} ${unit}`]),
    ...samples.map(({ labels, value }) => `${sampleName}${formatLabels(labels)} ${formatValue(value)}`),
  ];
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    if (!NAME.test(name)) throw new TypeError(`${name} is no name of a label`);
    return `${name}="${escapeText(value)}"`;
  });
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** Others' text must make no lines of its own. */
function escapeText(text: string): string {
  return text.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}
