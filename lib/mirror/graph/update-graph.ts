import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';

/** Bytes of one graph: several times those of the largest channels. */
export const MAX_GRAPH_BYTES = 32 * 1024 * 1024;
export const MAX_GRAPH_NODES = 50_000;
/** Characters of a version. */
export const MAX_VERSION_LENGTH = 128;
/** Channels that the metadata of one node may name. */
export const MAX_NODE_CHANNELS = 256;

/** What an update service (Cincinnati) answers, as far as a mirror needs it: releases, without the ways between them. */
export interface UpdateGraph {
  /** The file or URL that it was read from, as messages may show it. */
  readonly source: string;
  readonly nodes: readonly GraphNode[];
}

/** One release of a graph: where its payload is, parsed, and not judged by anything. */
export interface GraphNode {
  readonly version: string;
  readonly repository: Repository;
  readonly digest: Digest;
  /** What the metadata says, such as `multi`, else what was asked for; undefined where neither tells. */
  readonly architecture: string | undefined;
  readonly channels: readonly string[];
  /** The metadata's `manifestref` where it is another digest than the payload's. */
  readonly manifestRef: Digest | undefined;
}
