import type { Repository } from '../../base/names/repository.ts';
import { evaluateRepository, type GraphPolicy, type Standing } from './evaluate-repository.ts';
import { listPayloads, type Payload } from './list-payloads.ts';
import type { UpdateGraph } from './update-graph.ts';

export interface RepositoryCount {
  readonly repository: Repository;
  readonly standing: Standing;
  /** Distinct digests. */
  readonly releases: number;
}

export interface GraphJudgement {
  /** Those with most releases first. */
  readonly repositories: readonly RepositoryCount[];
  /** Payloads that are neither in a canonical repository nor in an alias of one. */
  readonly outside: readonly Payload[];
}

/** Whether the payloads of graphs are where the profile has releases asked for: nothing is contacted for it. */
export function evaluateGraphs(graphs: Iterable<UpdateGraph>, policy: GraphPolicy): GraphJudgement {
  const counts = new Map<Repository, number>();
  const outside: Payload[] = [];
  for (const payload of listPayloads(graphs)) {
    counts.set(payload.repository, (counts.get(payload.repository) ?? 0) + 1);
    if (evaluateRepository(payload.repository, policy).kind === 'other') outside.push(payload);
  }
  const repositories = Array.from(counts, ([repository, releases]) => ({
    repository,
    standing: evaluateRepository(repository, policy),
    releases,
  }));
  return { repositories: repositories.toSorted((left, right) => right.releases - left.releases), outside };
}
