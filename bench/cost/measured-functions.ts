import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { parse } from 'yaml';
import type { Report } from '../report.ts';

/** A function as it was measured, with the memory that it is deployed with. */
export interface MeasuredFunction {
  readonly name: string;
  /** Of the processor, for one warm call. */
  readonly warmMilliseconds: number;
  /** From the start of the process to its first answer. */
  readonly coldMilliseconds: number;
  readonly usedMegabytes: number;
  readonly memoryMegabytes: number;
}

const SERVICE = path.join(import.meta.dirname, '../../serverless.yml');
const Service = v.object({
  provider: v.object({ memorySize: v.number() }),
  functions: v.record(v.string(), v.object({ memorySize: v.optional(v.number()) })),
});

/** @throws Error when the run did not measure it */
export function findMeasured(report: Report, name: string): MeasuredFunction {
  const figure = (id: string): number => {
    const row = report.sections.flatMap(({ rows }) => rows).find((candidate) => candidate.id === id);
    if (row === undefined || !Number.isFinite(row.ours)) throw new Error(`the run has no figure ${id}`);
    return row.ours;
  };
  return {
    name,
    warmMilliseconds: figure(`warm-${name}`),
    coldMilliseconds: figure(`start-${name}`),
    usedMegabytes: figure(`memory-${name}`),
    memoryMegabytes: readMemory(name),
  };
}

function readMemory(name: string): number {
  // The tags are CloudFormation's; what is read here has none.
  const { provider, functions } = v.parse(Service, parse(readFileSync(SERVICE, 'utf8'), { logLevel: 'silent' }));
  const deployed = functions[name];
  if (deployed === undefined) throw new Error(`serverless.yml has no function ${name}`);
  return deployed.memorySize ?? provider.memorySize;
}
