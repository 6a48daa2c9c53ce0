import { cpus, type as systemName } from 'node:os';
import * as v from 'valibot';
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

const number = v.pipe(v.number(), v.finite());
/** JSON has no NaN: a figure that is not known is null there. */
const figure = v.pipe(
  v.nullable(number),
  v.transform((value) => value ?? Number.NaN),
);
const comparison = v.object({
  beside: v.string(),
  theirs: v.pipe(
    v.optional(v.nullable(number), null),
    v.transform((value) => value ?? undefined),
  ),
  missing: v.optional(v.string()),
  goal: v.optional(v.object({ kind: v.picklist(['at least', 'at most']), ratio: number })),
});
const row = v.object({
  ...comparison.entries,
  id: v.optional(v.string()),
  name: v.string(),
  unit: v.string(),
  ours: figure,
  others: v.optional(v.array(comparison)),
});
const report = v.object({
  schema: v.literal(1),
  effort: v.picklist(['full', 'quick']),
  measuredAt: v.pipe(v.string(), v.isoTimestamp(), v.endsWith('Z')),
  machine: v.object({ processor: v.string(), cores: number, system: v.string(), node: v.string() }),
  sections: v.array(v.object({ name: v.string(), rows: v.array(row) })),
});

export function toReport(sections: readonly Section[], effort: Effort, now: Date): Report {
  return { ...describeRun(effort, now), sections };
}

/** What the figures of a run hold for. */
export function describeRun(effort: Effort, now: Date): Omit<Report, 'sections'> {
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
  };
}

/** @throws Error when the text is not the report of a run */
export function parseReport(text: string): Report {
  return v.parse(report, JSON.parse(text));
}
