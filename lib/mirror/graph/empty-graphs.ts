import { InputError } from '../../base/errors/input-error.ts';
import type { UpdateGraph } from './parse-graph.ts';
import type { GraphPlace } from './read-graph.ts';

/** A graph, and where it was read. */
export interface ReadPlace {
  readonly place: GraphPlace;
  readonly graph: UpdateGraph;
}

/**
 * The graphs without a release. An update service answers what it does not know, a misspelt channel among it, with no
 * nodes: what holds for all releases of such a graph was looked at nowhere.
 *
 * A channel and an architecture may both have releases, only not together: few channels are there for every architecture.
 */
export function findEmptyGraphs(read: readonly ReadPlace[]): readonly ReadPlace[] {
  const filled = read.filter(({ graph: { nodes } }) => nodes.length > 0);
  return read.filter((one) => !filled.includes(one) && !isElsewhere(one, filled));
}

function isElsewhere({ place }: ReadPlace, filled: readonly ReadPlace[]): boolean {
  const [channel, architecture] = readAsked(place);
  if (channel === undefined || architecture === undefined) return false;
  const others = filled.map((one) => readAsked(one.place));
  return others.some(([one]) => one === channel) && others.some(([, one]) => one === architecture);
}

function readAsked(place: GraphPlace): readonly [channel: string | undefined, architecture: string | undefined] {
  return place.kind === 'url'
    ? [place.url.searchParams.get('channel') ?? undefined, place.architecture]
    : [undefined, undefined];
}

/** Places that a message names; there may be hundreds. */
const MAX_NAMED = 4;

/** What was asked for and is in no graph. */
export function noRelease(places: readonly string[]): InputError {
  const rest = places.length - MAX_NAMED;
  const shown = [...places.slice(0, MAX_NAMED), ...(rest > 0 ? [`${rest} more`] : [])];
  return new InputError('BodyInvalid', `there is no release in ${shown.join(', ')}`);
}
