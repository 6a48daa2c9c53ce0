import * as v from 'valibot';
import type { SourceObject } from '../../base/documents/read-objects.ts';
import { readShape } from '../../base/documents/read-objects.ts';
import { plainObject, recordOf } from '../../base/documents/schema.ts';
import type { PoolState } from './pool-state.ts';

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

/** Reads a MachineConfigPool. @throws InputError `FileUnreadable` that names the object and the field */
export function parsePool(source: SourceObject): PoolState {
  const { metadata, spec, status } = readShape(schema, source);
  const { machineConfigSelector: selector } = spec;
  return {
    name: metadata.name,
    origin: `${source.file}:${source.line}`,
    generation: metadata.generation,
    observedGeneration: status.observedGeneration,
    // The API leaves out a false and a zero.
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
