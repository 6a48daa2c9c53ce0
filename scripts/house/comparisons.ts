import { readFileSync } from 'node:fs';
import { fromRoot, stripComments } from './sources.ts';

/** The one module that may compare outcomes. */
export const OUTCOME_MODULE = 'lib/verdict/judge/outcome.ts';

/** A search for one outcome among several, and a function that picks the worse. */
const COMPARISONS = [
  /\boutcomes\.includes\(|\.includes\('(?:accepted|rejected|indeterminate)'\)/,
  /\.(?:some|every)\([^\n]*\boutcome\b[^\n]*'(?:accepted|rejected|indeterminate)'/,
  /\bfunction (?:worst|combine)\w*\([^)]*\bOutcome\b/,
];

export interface Comparison {
  /** Below the root of the repository. */
  readonly file: string;
  readonly line: number;
}

/** The lines of these sources that compare outcomes: by the words, so that what avoids them is left to a reader. */
export function findComparisons(sources: readonly string[]): readonly Comparison[] {
  return sources.flatMap((source) =>
    stripComments(readFileSync(source, 'utf8'))
      .split('\n')
      .flatMap((text, at) => (comparesOutcomes(text) ? [{ file: fromRoot(source), line: at + 1 }] : [])),
  );
}

function comparesOutcomes(line: string): boolean {
  return COMPARISONS.some((comparison) => comparison.test(line));
}
