import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { HttpClient } from '../../platform/http/http-client.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Queue } from '../../platform/queues/queue.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import type { GraphPlace } from '../graph/graph-places.ts';
import type { UpdateGraph } from '../graph/parse-graph.ts';
import type { ChildrenReader } from '../graph/read-children.ts';
import { GRAPH_CONCURRENCY, readGraph } from '../graph/read-graph.ts';
import { toReleaseSlots } from '../slots/release-slots.ts';
import { missingRequirements, readSlots } from '../slots/slots.ts';
import { findWanted, type Wanted } from './find-wanted.ts';
import { toMirrorBody } from './mirror-message.ts';
import { type MirrorPlan, planDigests } from './plan-digests.ts';

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

export interface PlanMirrorResult extends Pick<Wanted, 'outside' | 'childless'> {
  /** Digests in the graphs that were read. Each is queued, held or resting. */
  readonly wanted: number;
  readonly queued: number;
  readonly held: number;
  /** Absent lately, and not read again yet. */
  readonly resting: number;
  /** Graphs that could not be read. The others were planned. */
  readonly failures: readonly GraphFailure[];
}

export interface GraphFailure {
  /** The graph, as messages may show it. */
  readonly source: string;
  readonly error: InputError | StoreError;
}

const CONCURRENCY = 16;

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
  const { digests, outside, childless } = await findWanted({ graphs, policy, digests: [], objects, reader, signal });
  const plan = await planWanted(request, digests);
  const isUnsatisfied = await runBounded(plan.partial, CONCURRENCY, (digest) => isOpen(request, digest));
  const due = [...plan.missing, ...plan.partial.filter((_, index) => isUnsatisfied[index] === true)];
  if (due.length > 0) await mirrorQueue.sendMessages(due.map((digest) => toMirrorBody(profile, digest)));
  const { resting } = plan;
  const [wanted, queued] = [digests.length, due.length];
  return { wanted, queued, held: wanted - queued - resting, resting, outside, childless, failures };
}

async function planWanted(request: PlanMirrorRequest, wanted: readonly Digest[]): Promise<MirrorPlan> {
  // No graph was read, so nothing is wanted.
  if (wanted.length === 0) return { missing: [], partial: [], held: 0, resting: 0 };
  const { trust, objects, now, signal } = request;
  const { profile, revision: trustRevision, stores } = trust.prepared;
  const asked = { profile, trustRevision, stores: stores.map(({ url }) => url) };
  return await planDigests({ objects, wanted, keyrings: trust.keyrings.length, asked, now, signal });
}

/** A graph that fails does not stop the others: the next scheduled run may be hours away. */
async function readEach({ places, client, signal }: PlanMirrorRequest): Promise<{
  readonly graphs: readonly UpdateGraph[];
  readonly failures: readonly GraphFailure[];
}> {
  const failures: GraphFailure[] = [];
  const graphs = await runBounded(places, GRAPH_CONCURRENCY, async (place) => {
    try {
      return [await readGraph(place, { client, signal })];
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof InputError || error instanceof StoreError)) throw error;
      failures.push({ source: place.kind === 'url' ? place.source : place.path, error });
      return [];
    }
  });
  return { graphs: graphs.flat(), failures };
}

/** Whether a keyring still lacks a signature. One may satisfy several keyrings, so a listing does not tell. */
async function isOpen({ trust, objects, now, signal }: PlanMirrorRequest, digest: Digest): Promise<boolean> {
  const target = toReleaseSlots({ trust, objects, now, digest });
  return missingRequirements(target, await readSlots(target, signal)).length > 0;
}
