import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseReport, type Report } from './report.ts';

const NEWEST = path.join(import.meta.dirname, 'results/latest.json');

/** The run that charts and costs are made from: the file that is named, else the committed one. */
export function readResults(file: string = NEWEST): Report {
  return parseReport(readFileSync(file, 'utf8'));
}

/** Which run it was, in a sentence; a quick run is marked as what it is. */
export function describeRun({ measuredAt, effort, machine }: Report): string {
  const { processor, cores, system, node } = machine;
  const run = `Run of ${measuredAt.slice(0, 10)}: ${processor}, ${cores} cores, ${system}, Node ${node}.`;
  if (effort === 'full') return run;
  return `${run} **This was a quick run (\`--quick\`) on a busy machine: it shows that every row works, and its figures are noise.**`;
}
