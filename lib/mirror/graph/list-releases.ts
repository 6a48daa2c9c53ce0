import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';
import { evaluateRepository, type GraphPolicy } from './evaluate-repository.ts';
import { listPayloads, type Payload } from './list-payloads.ts';
import type { UpdateGraph } from './update-graph.ts';

/** A digest that a mirror wants the signatures of. */
export interface Release extends Omit<Payload, 'repository'> {
  /** What the graphs name for it, as they name it: canonical repositories and aliases of them. */
  readonly repositories: readonly Repository[];
  /** Where the profile has its releases asked for. */
  readonly canonicalRepository: Repository;
}

export interface ReleaseList {
  /** Each digest once. */
  readonly releases: readonly Release[];
  /** Payloads of other repositories, which are not mirrored: the same digest may be in a release too. */
  readonly outside: readonly Payload[];
}

/** What a mirror needs of graphs, by the repositories and the graph aliases of one profile. */
export function listReleases(graphs: Iterable<UpdateGraph>, policy: GraphPolicy): ReleaseList {
  const releases = new Map<Digest, Release>();
  const outside: Payload[] = [];
  for (const payload of listPayloads(graphs)) {
    const standing = evaluateRepository(payload.repository, policy);
    if (standing.kind === 'other') {
      outside.push(payload);
      continue;
    }
    const canonicalRepository = standing.kind === 'alias' ? standing.canonicalRepository : payload.repository;
    const { repository, ...facts } = payload;
    const known = releases.get(payload.digest);
    const release = { ...facts, repositories: [repository], canonicalRepository };
    releases.set(payload.digest, known === undefined ? release : join(known, release));
  }
  return { releases: [...releases.values()], outside };
}

/** The digests of releases, those that the metadata names beside them included, each once. */
export function listDigests(releases: readonly Release[]): readonly Digest[] {
  return [...new Set(releases.flatMap(({ digest, alsoNamed }) => [digest, ...alsoNamed]))];
}

function join(known: Release, more: Release): Release {
  return {
    digest: known.digest,
    canonicalRepository: known.canonicalRepository,
    repositories: unite(known.repositories, more.repositories),
    versions: unite(known.versions, more.versions),
    architectures: unite(known.architectures, more.architectures),
    channels: unite(known.channels, more.channels),
    alsoNamed: unite(known.alsoNamed, more.alsoNamed),
  };
}

function unite<T>(some: readonly T[], others: readonly T[]): readonly T[] {
  return [...new Set([...some, ...others])];
}
