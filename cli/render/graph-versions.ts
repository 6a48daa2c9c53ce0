import type { ReleaseVersion } from '../../lib/cluster/render/release-version.ts';
import { toGraphPlaces } from '../../lib/mirror/graph/graph-places.ts';
import { readGraphs } from '../../lib/mirror/graph/read-graph.ts';
import type { StoreAccess } from '../../lib/trust/prepared/prepared-trust.ts';
import { openClient } from '../open/open-stores.ts';
import type { StoreOptions } from '../shell/options.ts';

/**
 * The versions that update graphs, in files or behind URLs, give to digests. They are not signed: they name ConfigMaps
 * and decide nothing.
 *
 * @throws InputError, StoreError
 */
export async function readGraphVersions(
  graphs: readonly string[],
  options: Omit<StoreOptions, 'store'>,
  storeAccess: StoreAccess,
): Promise<readonly ReleaseVersion[]> {
  const places = graphs.flatMap((graph) => toGraphPlaces(graph, { channels: [], architectures: [] }));
  if (places.length === 0) return [];
  const client = await openClient(options, storeAccess);
  try {
    const read = await readGraphs(places, { client, signal: new AbortController().signal });
    return read.flatMap(({ nodes }) =>
      nodes.flatMap(({ version, digest, manifestRef }) =>
        [digest, manifestRef].flatMap((named) => (named === undefined ? [] : [{ digest: named, version }])),
      ),
    );
  } finally {
    client.close();
  }
}
