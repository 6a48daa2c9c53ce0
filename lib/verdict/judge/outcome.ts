import type { Outcome } from './verdict.ts';

/**
 * The outcome of several things of which every one is required: requirements, the images of an index, policies, profiles.
 * A rejection outweighs an indeterminate result, which outweighs an acceptance. Nothing required is a rejection.
 */
export function allOf(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.length === 0 || outcomes.includes('rejected')) return 'rejected';
  return outcomes.every((outcome) => outcome === 'accepted') ? 'accepted' : 'indeterminate';
}

/**
 * The outcome of several things of which one is enough: signatures, stores, the names that an image may stand for. An
 * acceptance outweighs an indeterminate result, which outweighs a rejection. Nothing to choose from is a rejection.
 */
export function anyOf(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes('accepted')) return 'accepted';
  return outcomes.includes('indeterminate') ? 'indeterminate' : 'rejected';
}
