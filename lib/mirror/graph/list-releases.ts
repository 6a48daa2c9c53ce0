import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { listMirrorSources } from '../../verdict/judge/pullspec-policy.ts';
import type { GraphNode, UpdateGraph } from './parse-graph.ts';

/** A release whose signatures are mirrored. */
export interface Release extends Omit<Payload, 'repository'> {
  /** The repositories in the graphs: canonical ones and aliases of them. */
  readonly repositories: readonly Repository[];
  /** The canonical repository of the profile. */
  readonly canonicalRepository: Repository;
}

interface ReleaseList {
  /** Each digest once. */
  readonly releases: readonly Release[];
  /** Payloads of other repositories, which are not mirrored. A release may have the same digest. */
  readonly outside: readonly Payload[];
}

/** The releases of graphs, by the canonical repositories and graph aliases of one profile. */
export function listReleases(graphs: Iterable<UpdateGraph>, policy: GraphPolicy): ReleaseList {
  const releases = new Map<Digest, Release>();
  const outside: Payload[] = [];
  for (const payload of listPayloads(graphs)) {
    const standing = evaluateRepository(payload.repository, policy);
    if (standing.kind === 'other') {
      outside.push(payload);
      continue;
    }
    const canonicalRepository = standing.kind === 'canonical' ? payload.repository : standing.canonicalRepository;
    const { repository, ...facts } = payload;
    const known = releases.get(payload.digest);
    const release = { ...facts, repositories: [repository], canonicalRepository };
    releases.set(payload.digest, known === undefined ? release : join(known, release));
  }
  return { releases: [...releases.values()], outside };
}

/** The digests of releases and those that their metadata names beside them, each once. */
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

/** The part of a profile that decides about the repositories of graphs. */
export type GraphPolicy = Pick<PreparedTrust, 'canonicalRepositories' | 'graphAliases'> &
  Partial<Pick<PreparedTrust, 'mirrorRules'>>;

/** The role of a repository in a graph. */
export type Standing =
  | { readonly kind: 'canonical' }
  /** The profile's `graphAliases` map it to this canonical repository. Only a graph may name it. */
  | { readonly kind: 'alias'; readonly canonicalRepository: Repository }
  /** A mirror set of the profile redirects pulls of this canonical repository to it: a local update service names it. */
  | { readonly kind: 'mirror'; readonly canonicalRepository: Repository }
  | { readonly kind: 'other' };

/** An alias or a mirror counts only if it leads to a canonical repository: neither adds one. */
function evaluateRepository(repository: Repository, policy: GraphPolicy): Standing {
  const { canonicalRepositories, graphAliases, mirrorRules = [] } = policy;
  if (canonicalRepositories.includes(repository)) return { kind: 'canonical' };
  const alias = Object.hasOwn(graphAliases, repository) ? graphAliases[repository] : undefined;
  if (alias !== undefined && canonicalRepositories.includes(alias)) {
    return { kind: 'alias', canonicalRepository: alias };
  }
  const sources = listMirrorSources(repository, mirrorRules);
  const mirrored = canonicalRepositories.find((canonical) => sources.includes(canonical));
  return mirrored === undefined ? { kind: 'other' } : { kind: 'mirror', canonicalRepository: mirrored };
}

/** Why payloads are left out, and how they are led back. */
export function describeOutside(
  outside: readonly { readonly repository: string }[],
  { canonicalRepositories }: Pick<GraphPolicy, 'canonicalRepositories'>,
): string {
  const repositories = [...new Set(outside.map(({ repository }) => repository))];
  const [first = ''] = repositories;
  const more = repositories.length > 1 ? ` and ${repositories.length - 1} more` : '';
  return `nothing leads ${first}${more} back to ${canonicalRepositories.join(', ')}: put its mirror set into the profile, or map it in the profile’s graphAliases`;
}

/** An image that graphs name in one repository, once, with everything that they say of it. */
export interface Payload {
  readonly repository: Repository;
  readonly digest: Digest;
  readonly versions: readonly string[];
  /** Empty where no graph tells. */
  readonly architectures: readonly string[];
  readonly channels: readonly string[];
  /** Other digests that the metadata names for the same releases. */
  readonly alsoNamed: readonly Digest[];
}

/** Each repository and digest once, in the order in which the graphs name them first. */
function listPayloads(graphs: Iterable<UpdateGraph>): readonly Payload[] {
  const found = new Map<Repository, Map<Digest, GraphNode[]>>();
  const groups: GraphNode[][] = [];
  for (const { nodes } of graphs) {
    for (const node of nodes) {
      const digests = found.get(node.repository) ?? new Map<Digest, GraphNode[]>();
      found.set(node.repository, digests);
      const group = digests.get(node.digest);
      if (group === undefined) {
        const first = [node];
        digests.set(node.digest, first);
        groups.push(first);
      } else {
        group.push(node);
      }
    }
  }
  return groups.flatMap((group) => toPayload(group));
}

function toPayload(nodes: readonly GraphNode[]): readonly Payload[] {
  const [first] = nodes;
  if (first === undefined) return [];
  return [
    {
      repository: first.repository,
      digest: first.digest,
      versions: unique(nodes.map(({ version }) => version)),
      architectures: unique(nodes.flatMap(({ architecture }) => architecture ?? [])),
      channels: nodes.length === 1 ? first.channels : unique(nodes.flatMap(({ channels }) => channels)),
      alsoNamed: unique(nodes.flatMap(({ manifestRef }) => manifestRef ?? [])),
    },
  ];
}

function unique<T>(values: readonly T[]): readonly T[] {
  return values.length < 2 ? values : [...new Set(values)];
}

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
