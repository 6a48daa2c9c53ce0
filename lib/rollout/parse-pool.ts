import { z } from 'zod';
import type { PoolState } from './pool-state.ts';
import type { SourceObject } from './read-objects.ts';
import { readShape } from './read-shape.ts';

const count = z.int().min(0);
const labels = z.record(z.string(), z.string());
const configuration = z.looseObject({
  name: z.string().optional(),
  source: z.array(z.looseObject({ name: z.string().min(1) })).optional(),
});
const schema = z.looseObject({
  metadata: z.looseObject({ name: z.string().min(1), generation: count.optional() }),
  spec: z.looseObject({
    paused: z.boolean().optional(),
    configuration: configuration.optional(),
    machineConfigSelector: z
      .looseObject({
        matchLabels: labels.nullish(),
        matchExpressions: z
          .array(z.looseObject({ key: z.string(), operator: z.string(), values: z.array(z.string()).nullish() }))
          .nullish(),
      })
      .optional(),
  }),
  status: z.looseObject({
    observedGeneration: count.optional(),
    configuration: configuration.optional(),
    machineCount: count.optional(),
    updatedMachineCount: count.optional(),
    readyMachineCount: count.optional(),
    unavailableMachineCount: count.optional(),
    degradedMachineCount: count.optional(),
    conditions: z
      .array(
        z.looseObject({
          type: z.string().min(1),
          status: z.string(),
          reason: z.string().nullish(),
          message: z.string().nullish(),
        }),
      )
      .nullish(),
  }),
});

type Configuration = z.output<typeof configuration>;

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
