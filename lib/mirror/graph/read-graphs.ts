import { runBounded } from '../../platform/queues/run-bounded.ts';
import type { GraphPlace } from './graph-places.ts';
import { type ReadGraphOptions, readGraph } from './read-graph.ts';
import type { UpdateGraph } from './update-graph.ts';

/** Questions to update services under way at a time. */
export const GRAPH_CONCURRENCY = 4;

/** All graphs, in the order of their places; one that cannot be had ends the others. @throws as {@link readGraph} */
export async function readGraphs(
  places: readonly GraphPlace[],
  options: ReadGraphOptions,
): Promise<readonly UpdateGraph[]> {
  const others = new AbortController();
  const signal = AbortSignal.any([options.signal, others.signal]);
  try {
    return await runBounded(places, GRAPH_CONCURRENCY, (place) => readGraph(place, { ...options, signal }));
  } finally {
    others.abort();
  }
}
