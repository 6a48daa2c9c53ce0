import * as v from 'valibot';
import { faultAt, readShape, type SourceObject } from '../../base/documents/read-objects.ts';
import { plainObject, recordOf } from '../../base/documents/schema.ts';
import type { LabelSelector, PoolCondition, PoolState, RenderedConfiguration } from './pool-state.ts';
import { type Description, type Entry, findEntry, splitElements } from './read-description.ts';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const labels = recordOf(v.string(), v.string());
const configuration = v.pipe(
  plainObject,
  v.looseObject({
    name: v.optional(v.string()),
    source: v.optional(v.array(v.looseObject({ name: v.pipe(v.string(), v.minLength(1)) }))),
  }),
);
const labelSelector = v.pipe(
  plainObject,
  v.looseObject({
    matchLabels: v.nullish(labels),
    matchExpressions: v.nullish(
      v.array(v.looseObject({ key: v.string(), operator: v.string(), values: v.nullish(v.array(v.string())) })),
    ),
  }),
);
const condition = v.looseObject({
  type: v.pipe(v.string(), v.minLength(1)),
  status: v.string(),
  reason: v.nullish(v.string()),
  message: v.nullish(v.string()),
});
const schema = v.looseObject({
  metadata: v.looseObject({ name: v.pipe(v.string(), v.minLength(1)), generation: v.optional(count) }),
  spec: v.pipe(
    plainObject,
    v.looseObject({
      paused: v.optional(v.boolean()),
      configuration: v.optional(configuration),
      machineConfigSelector: v.optional(labelSelector),
    }),
  ),
  status: v.pipe(
    plainObject,
    v.looseObject({
      observedGeneration: v.optional(count),
      configuration: v.optional(configuration),
      machineCount: v.optional(count),
      updatedMachineCount: v.optional(count),
      readyMachineCount: v.optional(count),
      unavailableMachineCount: v.optional(count),
      degradedMachineCount: v.optional(count),
      conditions: v.nullish(v.array(condition)),
    }),
  ),
});

type Configuration = v.InferOutput<typeof configuration>;

/** Parses a MachineConfigPool of YAML or JSON. @throws InputError `FileUnreadable` that names the object and field */
export function parsePool(source: SourceObject): PoolState {
  const { metadata, spec, status } = readShape(schema, source);
  const { machineConfigSelector: selector } = spec;
  return {
    name: metadata.name,
    origin: `${source.file}:${source.line}`,
    generation: metadata.generation,
    observedGeneration: status.observedGeneration,
    // The API omits false and zero.
    paused: spec.paused ?? false,
    wanted: toConfiguration(spec.configuration),
    current: toConfiguration(status.configuration),
    machines: {
      total: status.machineCount,
      updated: status.updatedMachineCount,
      ready: status.readyMachineCount,
      unavailable: status.unavailableMachineCount ?? 0,
      degraded: status.degradedMachineCount ?? 0,
    },
    conditions: (status.conditions ?? []).map(({ type, status: state, reason, message }) => ({
      type,
      status: state,
      reason: reason ?? '',
      message: message ?? '',
    })),
    selector: selector && {
      matchLabels: selector.matchLabels ?? {},
      matchExpressions: (selector.matchExpressions ?? []).map(({ key, operator, values }) => ({
        key,
        operator,
        values: values ?? [],
      })),
    },
  };
}

function toConfiguration(value: Configuration | undefined): PoolState['wanted'] {
  return value && { name: value.name, sources: (value.source ?? []).map(({ name }) => name) };
}

const RENDERED = /^rendered-(.+)-[0-9a-f]{32}$/;

/**
 * Parses a MachineConfigPool of `oc describe`. The name of an excerpt without one comes from its rendered configuration.
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
  if (twice !== undefined) throw faultAt(file, entry?.line ?? 0, `the condition ${twice.type} occurs twice`);
  return conditions;
}

function readSelector(file: string, entry: Entry | undefined): LabelSelector | undefined {
  if (entry === undefined) return undefined;
  const pairs = findEntry(file, entry.children, 'Match Labels')?.children ?? [];
  const expressions = findEntry(file, entry.children, 'Match Expressions')?.children ?? [];
  return {
    matchLabels: Object.fromEntries(pairs.map(({ key, value }) => [key, value])),
    matchExpressions: splitElements(expressions).map((element) => {
      const of = (key: string): Entry | undefined => element.find((one) => one.key === key);
      return { key: of('Key')?.value ?? '', operator: of('Operator')?.value ?? '', values: of('Values')?.items ?? [] };
    }),
  };
}
