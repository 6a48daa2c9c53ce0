import type { ReadyTrust } from '../../../trust/source/trust-source.ts';
import type { Explanation, Fix, PullFacts, ReleaseFacts } from '../explanation.ts';
import { findSignatures, type SearchedPlace, type SignatureSearch } from '../find-signatures.ts';
import type { GateFacts } from '../patterns/statement.ts';
import { toPullFixes } from './to-pull-fixes.ts';
import { toReleaseFixes } from './to-release-fixes.ts';
import { toGateFixes } from './to-tool-fixes.ts';

/** What a text says, and what to do about each thing in it. */
export interface Explained extends Omit<Explanation, 'releases' | 'pulls' | 'gates'> {
  readonly releases: readonly ExplainedRelease[];
  readonly pulls: readonly (PullFacts & { readonly fixes: readonly Fix[] })[];
  readonly gates: readonly (GateFacts & { readonly fixes: readonly Fix[] })[];
}

export interface ExplainedRelease extends ReleaseFacts {
  /** Null when no place was searched. */
  readonly search: Pick<SignatureSearch, 'places'> | null;
  readonly fixes: readonly Fix[];
}

/** Where signatures of the releases in a text are searched, and what verifies them. */
interface Search {
  readonly trust: ReadyTrust;
  readonly places: readonly SearchedPlace[];
  readonly now: Date;
  readonly signal: AbortSignal;
  /** Releases that are searched for at most; all when left out. */
  readonly limit?: number | undefined;
}

/**
 * Adds what to do.
 *
 * @param command what the reader runs to be told again
 * @param search undefined: nothing is read, and what is held is not known
 * @throws the abort reason of the signal
 */
export async function toExplained(explanation: Explanation, command: string, search?: Search): Promise<Explained> {
  const releases: ExplainedRelease[] = [];
  for (const facts of explanation.releases) releases.push(await toExplainedRelease(facts, command, search, releases));
  return {
    ...explanation,
    releases,
    pulls: explanation.pulls.map((facts) => ({ ...facts, fixes: toPullFixes(facts) })),
    gates: explanation.gates.map((facts) => ({ ...facts, fixes: toGateFixes(facts) })),
  };
}

async function toExplainedRelease(
  facts: ReleaseFacts,
  command: string,
  search: Search | undefined,
  before: readonly ExplainedRelease[],
): Promise<ExplainedRelease> {
  const { digest } = facts;
  if (search === undefined) return { ...facts, search: null, fixes: toReleaseFixes(facts, { command }) };
  const { trust, places, now, signal, limit = Infinity } = search;
  const isSearched = digest !== undefined && before.filter((one) => one.search !== null).length < limit;
  const found = isSearched ? await findSignatures(digest, trust, places, now, signal) : undefined;
  const fixes = toReleaseFixes(facts, { search: found, trust: trust.prepared, command });
  return { ...facts, search: found === undefined ? null : { places: found.places }, fixes };
}
