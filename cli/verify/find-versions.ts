import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import type { Digest } from '../../lib/base/names/digest.ts';
import type { Repository } from '../../lib/base/names/reference.ts';
import { listHeldReleases } from '../../lib/mirror/audit/held-releases.ts';
import { noRelease } from '../../lib/mirror/graph/empty-graphs.ts';
import { describeOutside, listReleases, type Payload } from '../../lib/mirror/graph/list-releases.ts';
import type { GraphNode, UpdateGraph } from '../../lib/mirror/graph/parse-graph.ts';
import { type ReleaseName, toArchitecture } from '../../lib/mirror/graph/release-name.ts';
import { isUrlLike } from '../../lib/platform/http/http-url.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import type { ReadyTrust } from '../../lib/trust/source/trust-source.ts';
import { openAnyGraphs, openGraphs } from '../open/releases.ts';
import type { StoreOptions } from '../shell/options.ts';

export interface VersionOptions extends StoreOptions {
  readonly graph: readonly string[];
  readonly channel: readonly string[];
  readonly arch: readonly string[];
}

/** An image that something calls by a version. It is not proven yet. */
export interface NamedRelease extends ReleaseName {
  readonly digest: Digest;
  readonly repository: Repository;
  /** The graph or store that says so. */
  readonly from: string;
  /** Nothing leads its repository back to a canonical one: a graph calls it so, and no profile asks for releases there. */
  readonly isOutside?: true;
}

/** The update service that publishes the releases of the built-in profile `ocp`. */
const PUBLIC_GRAPH = 'https://api.openshift.com/api/upgrades_info/v1/graph';

/**
 * The images that graphs or, without them, the mirrors among the stores call by these versions; every one of the graphs
 * where no version is asked for.
 *
 * @param versions to ask an update service for, where no channel is named
 * @throws InputError, StoreError
 */
export async function findNamedReleases(
  versions: readonly string[],
  options: VersionOptions,
  trust: ReadyTrust,
  signal: AbortSignal,
): Promise<readonly NamedRelease[]> {
  const { prepared } = trust;
  const [repository] = prepared.canonicalRepositories;
  if (repository === undefined) throw new InputError('ArgumentInvalid', 'the profile has no canonical repository');
  const local = options.store.filter((store) => !isUrlLike(store));
  if (options.graph.length === 0 && options.channel.length === 0 && local.length > 0) {
    const found = await Promise.all(local.map((store) => readHeld(store, trust, repository, signal)));
    return found.flat();
  }
  if (options.graph.length === 0 && prepared.profile !== 'ocp') {
    throw new InputError('ArgumentInvalid', `name an update graph of profile ${prepared.profile} with --graph`);
  }
  const graph = options.graph.length === 0 ? [PUBLIC_GRAPH] : options.graph;
  return await readGraphReleases(graph, versions, options, trust, signal);
}

interface Question {
  readonly channel: readonly string[];
  readonly arch: readonly string[];
}

/** Every version of a minor is in its candidate channel; without an architecture, an update service answers for amd64. */
function toQuestion(versions: readonly string[], { channel, arch }: VersionOptions): Question {
  const minors = [...new Set(versions.map((version) => version.split('.').slice(0, 2).join('.')))];
  return {
    channel: channel.length === 0 ? minors.map((minor) => `candidate-${minor}`) : channel,
    arch: [...new Set(arch.map(toArchitecture))],
  };
}

async function readGraphReleases(
  from: readonly string[],
  versions: readonly string[],
  options: VersionOptions,
  { prepared }: ReadyTrust,
  signal: AbortSignal,
): Promise<readonly NamedRelease[]> {
  const { allowPrivateStores, tlsCa } = options;
  const { channel, arch } = toQuestion(versions, options);
  // A version is looked for in all of them; every release of all of them is in each.
  const open = versions.length === 0 ? openGraphs : openAnyGraphs;
  const access = {
    ...(allowPrivateStores === undefined ? {} : { allowPrivateStores }),
    ...(tlsCa === undefined ? {} : { tlsCa }),
  };
  const [urls, files] = [from.filter(isUrlLike), from.filter((one) => !isUrlLike(one))];
  const answered = await open(urls, { channel, arch, ...access }, prepared.storeAccess, signal);
  const read = await open(files, { channel: [], arch: [], ...access }, prepared.storeAccess, signal);
  // A file has what it has: its nodes are chosen by what they say of themselves.
  const isAsked = ({ channels }: GraphNode): boolean =>
    options.channel.length === 0 || channels.some((one) => options.channel.includes(one));
  const graphs = [...answered, ...read.map(({ source, nodes }) => ({ source, nodes: nodes.filter(isAsked) }))];
  if (versions.length === 0) requireEach(options, urls.length > 0, read);
  const { releases, outside } = listReleases(graphs, prepared);
  const source = graphs.map((graph) => graph.source).join(', ');
  if (releases.length === 0 && outside.length > 0) {
    throw new StoreError('NotAllowed', `${source}: ${describeOutside(outside, prepared)}`);
  }
  return [
    ...releases.flatMap((one) => toNamed(one, one.canonicalRepository, source)),
    ...outside.flatMap((one) =>
      toNamed(one, one.repository, source).map((named) => ({ ...named, isOutside: true as const })),
    ),
  ];
}

/** Each channel that is named has to be one of a node, unless an update service was asked for it. @throws InputError */
function requireEach({ channel }: VersionOptions, isServed: boolean, files: readonly UpdateGraph[]): void {
  const known = new Set(files.flatMap(({ nodes }) => nodes.flatMap(({ channels }) => channels)));
  const missing = isServed ? [] : channel.filter((one) => !known.has(one));
  if (missing.length > 0) throw noRelease(missing);
}

function toNamed(
  { digest, versions, architectures }: Pick<Payload, 'digest' | 'versions' | 'architectures'>,
  repository: Repository,
  from: string,
): readonly NamedRelease[] {
  return versions.flatMap((version) =>
    (architectures.length === 0 ? [undefined] : architectures).map((named) => {
      const architecture = named === undefined ? undefined : toArchitecture(named);
      return { version, architecture, digest, repository, from };
    }),
  );
}

/** By the names in signatures that verify: who can write to a store cannot call a release otherwise. */
async function readHeld(
  store: string,
  trust: ReadyTrust,
  repository: Repository,
  signal: AbortSignal,
): Promise<readonly NamedRelease[]> {
  const objects = await openObjectStore(store);
  const held = await listHeldReleases({ objects, prefix: '', trust, now: new Date(), signal });
  return held.flatMap(({ digest, names }) => names.map((name) => ({ ...name, digest, repository, from: store })));
}
