import { cpus, type as systemName } from 'node:os';
import { z } from 'zod';
import type { Effort } from './effort.ts';
import type { Row } from './row.ts';

export interface Section {
  readonly name: string;
  readonly rows: readonly Row[];
}

/** A run of the benchmarks, as `-o json` prints it and the charts and costs read it. */
export interface Report {
  readonly schema: 1;
  readonly effort: Effort;
  /** RFC 3339, UTC. */
  readonly measuredAt: string;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly system: string;
    readonly node: string;
  };
  readonly sections: readonly Section[];
}

/** JSON has no NaN: a figure that is not known is null there. */
const figure = z.union([z.number(), z.null().transform(() => Number.NaN)]);
const comparison = z.object({
  beside: z.string(),
  theirs: z
    .number()
    .nullish()
    .transform((value) => value ?? undefined),
  missing: z.string().optional(),
  goal: z.object({ kind: z.enum(['at least', 'at most']), ratio: z.number() }).optional(),
});
const row = comparison.extend({
  id: z.string().optional(),
  name: z.string(),
  unit: z.string(),
  ours: figure,
  others: z.array(comparison).optional(),
});
const report = z.object({
  schema: z.literal(1),
  effort: z.enum(['full', 'quick']),
  measuredAt: z.iso.datetime(),
  machine: z.object({ processor: z.string(), cores: z.number(), system: z.string(), node: z.string() }),
  sections: z.array(z.object({ name: z.string(), rows: z.array(row) })),
});

export function toReport(sections: readonly Section[], effort: Effort, now: Date): Report {
  const [first] = cpus();
  return {
    schema: 1,
    effort,
    measuredAt: now.toISOString(),
    machine: {
      processor: first?.model.trim() || 'unknown',
      cores: cpus().length,
      system: `${systemName()} ${process.arch}`,
      node: process.versions.node,
    },
    sections,
  };
}

/** @throws Error when the text is not the report of a run */
export function parseReport(text: string): Report {
  return report.parse(JSON.parse(text));
}
