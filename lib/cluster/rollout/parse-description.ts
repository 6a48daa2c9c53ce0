import { faultAt } from '../../base/documents/read-objects.ts';
import type { LabelSelector, PoolCondition, PoolState, RenderedConfiguration } from './pool-state.ts';
import { type Description, type Entry, findEntry, splitElements } from './read-description.ts';

const RENDERED = /^rendered-(.+)-[0-9a-f]{32}$/;

/**
 * Reads a MachineConfigPool from `oc describe`. Of an excerpt without a name, its rendered configuration tells it.
 *
 * @throws InputError `FileUnreadable` with the line
 */
export function parseDescription(file: string, description: Description): PoolState {
  const { sections, line, isCut } = description;
  const find = (entries: readonly Entry[], ...keys: readonly string[]): Entry | undefined => {
    const [key, ...rest] = keys;
    if (key === undefined) return undefined;
    const entry = findEntry(file, entries, key);
    return entry === undefined || rest.length === 0 ? entry : find(entry.children, ...rest);
  };
  const number = (...keys: readonly string[]): number | undefined => {
    const entry = find(sections, ...keys);
    if (entry === undefined) return undefined;
    if (/^[0-9]{1,9}$/.test(entry.value)) return Number(entry.value);
    throw faultAt(file, entry.line, `${keys.join('.')}: ${JSON.stringify(entry.value)} is not a whole number`);
  };
  const kind = find(sections, 'Kind');
  if (kind?.value !== 'MachineConfigPool' && !(isCut && kind === undefined)) {
    throw faultAt(file, kind?.line ?? line, `expected a MachineConfigPool, found ${kind?.value ?? 'no kind'}`);
  }
  const wanted = readConfiguration(file, find(sections, 'Spec', 'Configuration'));
  const current = readConfiguration(file, find(sections, 'Status', 'Configuration'));
  const name = find(sections, 'Name')?.value ?? RENDERED.exec(current?.name ?? wanted?.name ?? '')?.[1];
  if (name === undefined) throw faultAt(file, line, 'the name of the pool is not shown');
  if (!isCut && find(sections, 'Status') === undefined) {
    throw faultAt(file, line, `MachineConfigPool ${name}: the section Status is missing`);
  }
  return {
    name,
    origin: `${file}:${line}`,
    generation: number('Metadata', 'Generation'),
    observedGeneration: number('Status', 'Observed Generation'),
    paused: readPaused(file, find(sections, 'Spec', 'Paused')),
    wanted,
    current,
    machines: {
      total: number('Status', 'Machine Count'),
      updated: number('Status', 'Updated Machine Count'),
      ready: number('Status', 'Ready Machine Count'),
      unavailable: number('Status', 'Unavailable Machine Count'),
      degraded: number('Status', 'Degraded Machine Count'),
    },
    conditions: readConditions(file, find(sections, 'Status', 'Conditions')),
    selector: readSelector(file, find(sections, 'Spec', 'Machine Config Selector')),
  };
}

function readPaused(file: string, entry: Entry | undefined): boolean | undefined {
  if (entry === undefined) return undefined;
  if (entry.value === 'true') return true;
  if (entry.value === 'false') return false;
  throw faultAt(file, entry.line, `Spec.Paused: expected true or false, not ${JSON.stringify(entry.value)}`);
}

function readConfiguration(file: string, entry: Entry | undefined): RenderedConfiguration | undefined {
  if (entry === undefined) return undefined;
  const source = findEntry(file, entry.children, 'Source');
  return {
    name: findEntry(file, entry.children, 'Name')?.value,
    sources: splitElements(source?.children ?? []).map((element) => {
      const name = element.find(({ key }) => key === 'Name')?.value ?? '';
      if (name === '') throw faultAt(file, element[0]?.line ?? entry.line, 'a source without a name');
      return name;
    }),
  };
}

function readConditions(file: string, entry: Entry | undefined): readonly PoolCondition[] {
  const conditions = splitElements(entry?.children ?? []).map((element) => {
    const of = (key: string): string => element.find((one) => one.key === key)?.value ?? '';
    if (of('Type') === '') throw faultAt(file, element[0]?.line ?? 0, 'a condition without a type');
    return { type: of('Type'), status: of('Status'), reason: of('Reason'), message: of('Message') };
  });
  const twice = conditions.find(({ type }, index) => conditions.findIndex((one) => one.type === type) !== index);
  if (twice !== undefined) throw faultAt(file, entry?.line ?? 0, `the condition ${twice.type} twice`);
  return conditions;
}

function readSelector(file: string, entry: Entry | undefined): LabelSelector | undefined {
  if (entry === undefined) return undefined;
  const labels = findEntry(file, entry.children, 'Match Labels')?.children ?? [];
  const expressions = findEntry(file, entry.children, 'Match Expressions')?.children ?? [];
  return {
    matchLabels: Object.fromEntries(labels.map(({ key, value }) => [key, value])),
    matchExpressions: splitElements(expressions).map((element) => {
      const of = (key: string): Entry | undefined => element.find((one) => one.key === key);
      return { key: of('Key')?.value ?? '', operator: of('Operator')?.value ?? '', values: of('Values')?.items ?? [] };
    }),
  };
}
