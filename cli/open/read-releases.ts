import { InputError } from '../../lib/base/errors/input-error.ts';
import { parseDigest } from '../../lib/base/names/digest.ts';
import type { WantedRelease } from '../../lib/mirror/check/check-mirror.ts';
import { toGraphPlaces } from '../../lib/mirror/graph/graph-places.ts';
import { listReleases } from '../../lib/mirror/graph/list-releases.ts';
import { readGraphs } from '../../lib/mirror/graph/read-graph.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import type { StoreOptions } from '../shell/options.ts';
import { openClient } from './open-stores.ts';

/** Which releases a command is about. */
export interface ReleaseOptions extends Pick<StoreOptions, 'allowPrivateStores' | 'tlsCa'> {
  readonly graph: readonly string[];
  readonly channel: readonly string[];
  readonly arch: readonly string[];
  readonly digest: readonly string[];
}

/**
 * The releases of graphs, and single ones as of the profile's first canonical repository; each once.
 *
 * @throws InputError when there is none, or when channels are asked of no graph
 */
export async function readReleases(
  { graph, channel, arch, digest, ...access }: ReleaseOptions,
  prepared: PreparedTrust,
  signal: AbortSignal,
): Promise<readonly WantedRelease[]> {
  if (graph.length === 0 && digest.length === 0) {
    throw new InputError('ArgumentInvalid', 'say which releases: --graph or --digest');
  }
  if (graph.length === 0 && channel.length + arch.length > 0) {
    throw new InputError('ArgumentInvalid', '--channel and --arch are asked of a --graph');
  }
  const [repository] = prepared.canonicalRepositories;
  if (repository === undefined) throw new InputError('ArgumentInvalid', 'the profile has no canonical repository');
  const places = graph.flatMap((from) => toGraphPlaces(from, { channels: channel, architectures: arch }));
  const client = await openClient(access, prepared.storeAccess);
  try {
    const { releases } = listReleases(await readGraphs(places, { client, signal }), prepared);
    const named = releases.map(({ digest: release, versions, canonicalRepository }) => ({
      digest: release,
      versions,
      repository: canonicalRepository,
    }));
    const known = new Set(named.map((one) => one.digest));
    const single = [...new Set(digest.map(parseDigest))].filter((one) => !known.has(one));
    const all = [...named, ...single.map((one) => ({ digest: one, versions: [], repository }))];
    // An update service answers a channel that it does not know with no nodes.
    if (all.length === 0) throw new InputError('BodyInvalid', `there is no release in ${graph.join(', ')}`);
    return all;
  } finally {
    client.close();
  }
}
