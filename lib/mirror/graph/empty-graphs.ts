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
 * A channel and an architecture may both have releases in one service, only not together: few channels are there for every
 * architecture. What another service has says nothing of this one.
 */
export function findEmptyGraphs(read: readonly ReadPlace[]): readonly ReadPlace[] {
  const filled = read.filter(({ graph: { nodes } }) => nodes.length > 0);
  return read.filter((one) => !filled.includes(one) && !isElsewhere(one, filled));
}

function isElsewhere({ place }: ReadPlace, filled: readonly ReadPlace[]): boolean {
  const asked = readAsked(place);
  if (asked?.channel === undefined || asked.architecture === undefined) return false;
  const others = filled.map((one) => readAsked(one.place)).filter((one) => one?.service === asked.service);
  return (
    others.some((one) => one?.channel === asked.channel) &&
    others.some((one) => one?.architecture === asked.architecture)
  );
}

/** What was asked of which service; undefined for a file. */
function readAsked(place: GraphPlace) {
  if (place.kind !== 'url') return undefined;
  const { origin, pathname, searchParams } = place.url;
  return {
    service: `${origin}${pathname}`,
    channel: searchParams.get('channel') ?? undefined,
    architecture: place.architecture,
  };
}

/** Places that a message names; there may be hundreds. */
const MAX_NAMED = 4;

/** What was asked for and is in no graph. */
export function noRelease(places: readonly string[]): InputError {
  const rest = places.length - MAX_NAMED;
  const shown = [...places.slice(0, MAX_NAMED), ...(rest > 0 ? [`${rest} more`] : [])];
  return new InputError('BodyInvalid', `there is no release in ${shown.join(', ')}`);
}
