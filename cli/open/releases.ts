import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { parseNamedDigest } from '../../lib/base/names/reference.ts';
import type { ReleaseVersion } from '../../lib/cluster/render/release-version.ts';
import type { LeftOutPayload, WantedRelease } from '../../lib/mirror/check/check-mirror.ts';
import { findEmptyGraphs, noRelease, type ReadPlace } from '../../lib/mirror/graph/empty-graphs.ts';
import { describeOutside, listReleases } from '../../lib/mirror/graph/list-releases.ts';
import type { UpdateGraph } from '../../lib/mirror/graph/parse-graph.ts';
import { readGraphs, toGraphPlaces } from '../../lib/mirror/graph/read-graph.ts';
import type { PreparedTrust, StoreAccess } from '../../lib/trust/prepared/prepared-trust.ts';
import type { Judged } from '../shell/formats/judgement.ts';
import type { StoreOptions } from '../shell/options.ts';
import { countOf, toPrintable } from '../shell/output.ts';
import { openClient } from './stores.ts';

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
): Promise<ReadReleases> {
  requireReleases({ graph, channel, arch, digest });
  const [repository] = prepared.canonicalRepositories;
  if (repository === undefined) throw new InputError('ArgumentInvalid', 'the profile has no canonical repository');
  const graphs = await openGraphs(graph, { channel, arch, ...access }, prepared.storeAccess, signal);
  const { releases, outside } = listReleases(graphs, prepared);
  if (outside.length > 0) {
    const why = `${describeOutside(outside, prepared)}: ${countOf(outside.length, 'payload')} of ${graph.join(', ')} left out`;
    if (releases.length + digest.length === 0) throw new StoreError('NotAllowed', why);
    process.stderr.write(`signet: ${toPrintable(why)}\n`);
  }
  const named = releases.map(({ digest: release, versions, canonicalRepository }) => ({
    digest: release,
    versions,
    repository: canonicalRepository,
  }));
  const known = new Set(named.map((one) => one.digest));
  const single = [...new Set(digest.map(parseNamedDigest))].filter((one) => !known.has(one));
  return {
    releases: [...named, ...single.map((one) => ({ digest: one, versions: [], repository }))],
    leftOut: outside.map((one) => ({ pullspec: `${one.repository}@${one.digest}`, versions: one.versions })),
  };
}

interface ReadReleases {
  readonly releases: readonly WantedRelease[];
  readonly leftOut: readonly LeftOutPayload[];
}

/** A line for each payload that was left out. */
export function formatLeftOut(leftOut: readonly LeftOutPayload[] = []): readonly string[] {
  return leftOut.map((one) => `left out  ${nameLeftOut(one)}: ${LEFT_OUT}`);
}

/** The same for a report in which each judged thing has a result. */
export function judgeLeftOut(leftOut: readonly LeftOutPayload[] = []): readonly Judged[] {
  return leftOut.map((one) => ({
    name: nameLeftOut(one),
    outcome: 'indeterminate',
    findings: [{ code: 'left-out', message: LEFT_OUT }],
  }));
}

const LEFT_OUT = 'nothing leads its repository back to a canonical one, so nothing of it was checked';

function nameLeftOut({ versions, pullspec }: LeftOutPayload): string {
  return [...versions, pullspec].join(' ');
}

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
  signal: AbortSignal,
): Promise<readonly ReleaseVersion[]> {
  const read = await openGraphs(graphs, { channel: [], arch: [], ...options }, storeAccess, signal);
  return read.flatMap(({ nodes }) =>
    nodes.flatMap(({ version, digest, manifestRef }) =>
      [digest, manifestRef].flatMap((named) => (named === undefined ? [] : [{ digest: named, version }])),
    ),
  );
}

/** What a command reads of update services, and how it reaches them. */
type GraphOptions = Pick<ReleaseOptions, 'channel' | 'arch' | 'allowPrivateStores' | 'tlsCa'>;

/**
 * The update graphs in files and of update services, each with a release: what holds for all of them was not looked at in
 * an empty one.
 *
 * @throws InputError `BodyInvalid` for a graph, a channel or an architecture without a release; StoreError
 */
export async function openGraphs(
  from: readonly string[],
  options: GraphOptions,
  storeAccess: StoreAccess,
  signal: AbortSignal,
): Promise<readonly UpdateGraph[]> {
  const read = await readPlaces(from, options, storeAccess, signal);
  const empty = findEmptyGraphs(read);
  if (empty.length > 0) throw noRelease(empty.map(({ graph: { source } }) => source));
  return read.map(({ graph }) => graph);
}

/** The same, empty ones among them, for whoever looks in them for something. @throws InputError, StoreError */
export async function openAnyGraphs(
  from: readonly string[],
  options: GraphOptions,
  storeAccess: StoreAccess,
  signal: AbortSignal,
): Promise<readonly UpdateGraph[]> {
  return (await readPlaces(from, options, storeAccess, signal)).map(({ graph }) => graph);
}

async function readPlaces(
  from: readonly string[],
  { channel, arch, ...access }: GraphOptions,
  storeAccess: StoreAccess,
  signal: AbortSignal,
): Promise<readonly ReadPlace[]> {
  const places = from.flatMap((one) => toGraphPlaces(one, { channels: channel, architectures: arch }));
  if (places.length === 0) return [];
  const client = await openClient(access, storeAccess);
  try {
    const graphs = await readGraphs(places, { client, signal });
    return graphs.flatMap((graph, at) => places.slice(at, at + 1).map((place) => ({ place, graph })));
  } finally {
    client.close();
  }
}

/** @throws InputError `ArgumentInvalid` when the options name no release, or say how to read a graph that they do not name */
export function requireReleases({
  graph,
  channel,
  arch,
  digest,
}: Omit<ReleaseOptions, 'allowPrivateStores' | 'tlsCa'>): void {
  if (graph.length === 0 && digest.length === 0) {
    throw new InputError('ArgumentInvalid', 'name the releases with --graph or --digest');
  }
  if (graph.length === 0 && channel.length + arch.length > 0) {
    throw new InputError('ArgumentInvalid', '--channel and --arch need --graph');
  }
}
