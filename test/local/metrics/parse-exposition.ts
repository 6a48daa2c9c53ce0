import type { Exposition } from '../../../local/metrics/exposition.ts';

export interface ReadSample {
  readonly name: string;
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const META = new RegExp(`^# (HELP|TYPE|UNIT) (${NAME}) (.*)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`);

/**
 * A strict reader of both formats: metadata before samples and once for each family, families in one piece, counters with
 * `_total`, units as the end of names, each series once, and `# EOF` at the very end of OpenMetrics alone.
 */
export function parseExposition(text: string, exposition: Exposition): readonly ReadSample[] {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const lines = text.slice(0, -1).split('\n');
  if (exposition === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('there is no end');
  const samples: ReadSample[] = [];
  const done = new Set<string>();
  const series = new Set<string>();
  let family: { name: string; meta: Map<string, string> } | undefined;
  for (const line of lines) {
    const [, kind = '', name = '', rest = ''] = META.exec(line) ?? [];
    if (kind !== '') {
      if (family?.name !== name) {
        if (done.has(name)) throw new Error(`${name} is in two pieces`);
        done.add(name);
        family = { name, meta: new Map() };
      }
      if (family.meta.has(kind)) throw new Error(`${kind} of ${name} twice`);
      if (samples.some((one) => one.name.startsWith(name) && one.name.length - name.length <= 6)) {
        throw new Error(`${kind} of ${name} after its samples`);
      }
      if (kind === 'UNIT' && !name.endsWith(`_${rest}`)) throw new Error(`${name} does not end in ${rest}`);
      family.meta.set(kind, rest);
      continue;
    }
    const [, sample = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
    const type = family?.meta.get('TYPE');
    if (family === undefined || type === undefined || !family.meta.has('HELP')) throw new Error(`no family: ${line}`);
    const base = type === 'counter' && exposition === 'openmetrics' ? `${family.name}_total` : family.name;
    if (sample !== base || (type === 'counter' && !sample.endsWith('_total')))
      throw new Error(`not of its family: ${line}`);
    const number = Number(value.replace(/^\+?Inf$/, 'Infinity').replace('-Inf', '-Infinity'));
    if (Number.isNaN(number) && value !== 'NaN') throw new Error(`no number: ${line}`);
    const read = parseLabels(labels);
    const id = `${sample} ${JSON.stringify(read)}`;
    if (series.has(id)) throw new Error(`twice: ${line}`);
    series.add(id);
    samples.push({ name: sample, type, labels: read, value: number });
  }
  return samples;
}

function parseLabels(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  let rest = text;
  while (rest !== '') {
    const [whole = '', name = '', value = ''] =
      /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/.exec(rest) ?? [];
    if (whole === '' || Object.hasOwn(labels, name)) throw new Error(`not labels: ${rest}`);
    labels[name] = value.replaceAll(/\\[\\"n]/g, (one) => (one === '\\n' ? '\n' : one.slice(1)));
    rest = rest.slice(whole.length);
  }
  return labels;
}
