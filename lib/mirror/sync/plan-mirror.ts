import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { HttpClient } from '../../platform/http/http-client.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Queue } from '../../platform/queues/queue.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { findEmptyGraphs, noRelease, type ReadPlace } from '../graph/empty-graphs.ts';
import type { UpdateGraph } from '../graph/parse-graph.ts';
import type { ChildrenReader } from '../graph/read-children.ts';
import { GRAPH_CONCURRENCY, type GraphPlace, readGraph } from '../graph/read-graph.ts';
import { toReleaseSlots } from '../slots/release-slots.ts';
import { missingRequirements, readSlots } from '../slots/slots.ts';
import { findResting, type RestingRequest } from './absent-record.ts';
import { type Coverage, toCoverage } from './coverage.ts';
import { findWanted, type Wanted } from './find-wanted.ts';
import { toMirrorBody } from './mirror-message.ts';
import { type ReleaseCatalog, toCatalog } from './release-catalog.ts';
import type { Unreadable } from './remembered-object.ts';

const SIGNATURES = 'signatures/';
const CONCURRENCY = 16;

export interface PlanMirrorRequest {
  readonly trust: ReadyTrust;
  readonly places: readonly GraphPlace[];
  /** Contacts update services by the rules of the profile. */
  readonly client: HttpClient;
  readonly reader: ChildrenReader;
  readonly objects: ObjectStore;
  readonly mirrorQueue: Queue;
  readonly now: Date;
  readonly signal: AbortSignal;
}

export interface PlanMirrorResult extends Pick<Wanted, 'outside' | 'childless' | 'unreadable'> {
  /** Digests in the graphs that were read. Each is queued, held or resting. */
  readonly wanted: number;
  readonly queued: number;
  readonly held: number;
  /** Absent lately, and not read again yet. */
  readonly resting: number;
  /** Graphs that could not be read, or hold no release. The others were planned. */
  readonly failures: readonly GraphFailure[];
  /** Missing while no graph can be read. */
  readonly coverage?: Coverage | undefined;
  /** Missing while no graph can be read. */
  readonly catalog?: ReleaseCatalog | undefined;
}

interface GraphFailure {
  /** The graph, as messages may show it. */
  readonly source: string;
  readonly error: InputError | StoreError;
}

/**
 * Queues the digests of a profile's update graphs that its mirror lacks. If nothing is new, nothing is queued and no
 * signature store is contacted. For a profile with one keyring only the mirror's listing is read.
 *
 * @throws StoreError of the objects or the queue; ConfigurationError for a profile that verifies nothing, or an object
 *   that Signet did not write; the abort reason of the signal
 */
export async function planMirror(request: PlanMirrorRequest): Promise<PlanMirrorResult> {
  const { trust, reader, objects, mirrorQueue, signal } = request;
  const { profile, verification } = trust.prepared;
  if (verification === 'disabled' || trust.keyrings.length === 0) {
    throw new ConfigurationError('TrustUnusable', `profile ${profile} verifies no signature: nothing can be mirrored`);
  }
  const { graphs, failures } = await readEach(request);
  const policy = trust.prepared;
  const found = await findWanted({
    graphs,
    policy,
    digests: [],
    objects,
    reader,
    signal,
  });
  const { digests, releases, outside, childless } = found;
  const plan = await planWanted(request, digests);
  const isUnsatisfied = await runBounded(plan.partial, CONCURRENCY, (digest) => isOpen(request, digest));
  const due = [...plan.missing, ...plan.partial.filter((_, index) => isUnsatisfied[index] === true)];
  if (due.length > 0) await mirrorQueue.sendMessages(due.map((digest) => toMirrorBody(profile, digest)));
  const { resting } = plan;
  const [wanted, queued] = [digests.length, due.length];
  const held = wanted - queued - resting;
  const unreadable = [...found.unreadable, ...plan.unreadable];
  const result = { wanted, queued, held, resting, outside, childless, unreadable, failures };
  // While no graph can be read, what the last plan found is the better answer.
  if (graphs.length === 0) return result;
  const facts = { releases, due, absent: plan.restingDigests, failedGraphs: failures.length, now: request.now };
  return { ...result, coverage: toCoverage(facts), catalog: toCatalog(facts) };
}

async function planWanted(request: PlanMirrorRequest, wanted: readonly Digest[]): Promise<MirrorPlan> {
  // No graph was read, so nothing is wanted.
  if (wanted.length === 0)
    return { missing: [], partial: [], held: 0, resting: 0, restingDigests: new Set(), unreadable: [] };
  const { trust, objects, now, signal } = request;
  const { profile, revision: trustRevision, stores } = trust.prepared;
  const asked = { profile, trustRevision, stores: stores.map(({ url }) => url) };
  return await planDigests({ objects, wanted, keyrings: trust.keyrings.length, asked, now, signal });
}

/**
 * A graph that fails does not stop the others: the next scheduled run may be hours away. One without a release fails: to
 * believe it would take every release of the graph for unwanted, and the mirror for whole.
 */
async function readEach({ places, client, signal }: PlanMirrorRequest): Promise<{
  readonly graphs: readonly UpdateGraph[];
  readonly failures: readonly GraphFailure[];
}> {
  const failures: GraphFailure[] = [];
  const answers = await runBounded(places, GRAPH_CONCURRENCY, async (place): Promise<readonly ReadPlace[]> => {
    try {
      return [{ place, graph: await readGraph(place, { client, signal }) }];
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof InputError || error instanceof StoreError)) throw error;
      failures.push({ source: place.kind === 'url' ? place.source : place.path, error });
      return [];
    }
  });
  const read = answers.flat();
  const empty = findEmptyGraphs(read);
  for (const { graph } of empty) failures.push({ source: graph.source, error: noRelease([graph.source]) });
  return { graphs: read.filter((one) => !empty.includes(one)).map(({ graph }) => graph), failures };
}

/** Whether a keyring still lacks a signature. One may satisfy several keyrings, so a listing does not tell. */
async function isOpen({ trust, objects, now, signal }: PlanMirrorRequest, digest: Digest): Promise<boolean> {
  const target = toReleaseSlots({ trust, objects, now, digest });
  return missingRequirements(target, await readSlots(target, signal)).length > 0;
}

interface PlanRequest extends RestingRequest {
  /** Each once. */
  readonly wanted: readonly Digest[];
  /** Keyrings of the profile. With several, one held signature does not show that all are satisfied. */
  readonly keyrings: number;
}

/** The wanted digests by what is left to do. */
interface MirrorPlan {
  /** The listing shows no signature of these. */
  readonly missing: readonly Digest[];
  /** The listing shows signatures of these. Only the signatures tell whether they suffice. */
  readonly partial: readonly Digest[];
  readonly held: number;
  /** Absent lately, and not read again yet. */
  readonly resting: number;
  readonly restingDigests: ReadonlySet<Digest>;
  /** What was remembered of absent digests and cannot be read: they are looked up. */
  readonly unreadable: readonly Unreadable[];
}

/**
 * Subtracts the digests that the mirror holds, by listing it, and those that were absent lately. The number of requests
 * does not grow with the wanted digests.
 *
 * @throws StoreError; the abort reason of the signal
 */
export async function planDigests(request: PlanRequest): Promise<MirrorPlan> {
  const { objects, wanted, keyrings, signal } = request;
  const held = await findHeld(objects, new Set(wanted), signal);
  // A signature for one keyring says nothing about another, and readers stop at a gap.
  const isSure = (digest: Digest): boolean => keyrings === 1 && isWhole(held.get(digest) ?? 0);
  const unsure = wanted.filter((digest) => !isSure(digest));
  const { resting, unreadable } = await findResting(request, unsure);
  const due = unsure.filter((digest) => !resting.has(digest));
  return {
    missing: due.filter((digest) => !held.has(digest)),
    partial: due.filter((digest) => held.has(digest)),
    held: wanted.length - unsure.length,
    resting: resting.size,
    restingDigests: resting,
    unreadable,
  };
}

/** The taken indexes of each digest, as bits. */
async function findHeld(
  objects: ObjectStore,
  wanted: ReadonlySet<Digest>,
  signal: AbortSignal,
): Promise<ReadonlyMap<Digest, number>> {
  const held = new Map<Digest, number>();
  for await (const { key, isIrregular } of objects.listObjects(SIGNATURES)) {
    signal.throwIfAborted();
    // Its digest is synced, and fails by itself.
    if (isIrregular === true) continue;
    const [folder = '', name = ''] = key.slice(SIGNATURES.length).split('/');
    const digest = folder.replace('=', ':');
    if (!/^signature-[1-9]$/.test(name) || !isDigest(digest) || !wanted.has(digest)) continue;
    held.set(digest, (held.get(digest) ?? 0) | (1 << (Number(name.at(-1)) - 1)));
  }
  return held;
}

/** Whether the taken indexes start at 1 without a gap. */
function isWhole(taken: number): boolean {
  return taken !== 0 && (taken & (taken + 1)) === 0;
}
