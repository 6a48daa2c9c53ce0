import type { Repository } from '../../base/names/repository.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';

/** The part of a profile that graphs are held against. */
export type GraphPolicy = Pick<PreparedTrust, 'canonicalRepositories' | 'graphAliases'>;

/** What a repository is to a profile, in a graph. */
export type Standing =
  | { readonly kind: 'canonical' }
  /** The profile's `graphAliases` take it for this canonical repository; nothing else than a graph may name it. */
  | { readonly kind: 'alias'; readonly canonicalRepository: Repository }
  | { readonly kind: 'other' };

/** An alias of what is not canonical is none: aliases widen nothing. */
export function evaluateRepository(repository: Repository, policy: GraphPolicy): Standing {
  const { canonicalRepositories, graphAliases } = policy;
  if (canonicalRepositories.includes(repository)) return { kind: 'canonical' };
  const canonicalRepository = Object.hasOwn(graphAliases, repository) ? graphAliases[repository] : undefined;
  if (canonicalRepository === undefined || !canonicalRepositories.includes(canonicalRepository))
    return { kind: 'other' };
  return { kind: 'alias', canonicalRepository };
}
