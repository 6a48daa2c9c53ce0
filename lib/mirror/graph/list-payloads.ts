import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';
import type { GraphNode, UpdateGraph } from './update-graph.ts';

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
export function listPayloads(graphs: Iterable<UpdateGraph>): readonly Payload[] {
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
