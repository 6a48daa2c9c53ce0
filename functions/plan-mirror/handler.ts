import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { createRegistryChildren } from '../../lib/mirror/graph/read-children.ts';
import { type PlanMirrorResult, planMirror } from '../../lib/mirror/sync/plan-mirror.ts';
import type { HttpClient } from '../../lib/platform/http/http-client.ts';
import { describeError, type Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import type { Queue } from '../../lib/platform/queues/queue.ts';
import type { ProfileRegistries } from '../../lib/registry/profile/profile-registries.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import type { TrustSource } from '../../lib/trust/source/trust-source.ts';
import type { ProfileGraphs } from './evaluate-graph-settings.ts';

export interface Dependencies {
  readonly graphs: readonly ProfileGraphs[];
  readonly trust: TrustSource;
  readonly objects: ObjectStore;
  /** What asks a profile's update services; closed after each run. */
  readonly openClient: (access: PreparedTrust['storeAccess']) => HttpClient;
  readonly registries: Pick<ProfileRegistries, 'open'>;
  readonly mirrorQueue: Queue;
  readonly telemetry: Telemetry;
  readonly now: () => Date;
}

export type PlanSummary = Readonly<Record<'wanted' | 'queued' | 'held' | 'resting' | 'outside', number>>;

/** Any event will do: what there is to do, the graphs and the mirror say. */
export type PlanMirrorHandler = (
  event: unknown,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
) => Promise<PlanSummary>;

/** Milliseconds before its end at which a run gives up, to say so. */
const MARGIN_MS = 10_000;
/** Things of one kind that a run logs. */
const MAX_LOGGED = 20;

/** Queues what the mirror lacks of the update graphs. What fails keeps no other from being planned, and is thrown last. */
export function createHandler(dependencies: Dependencies): PlanMirrorHandler {
  const { graphs, telemetry } = dependencies;
  const handle: PlanMirrorHandler = async (_, context) => {
    const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - MARGIN_MS));
    const errors: Error[] = [];
    const fail = (profile: string, error: unknown, source?: string): void => {
      errors.push(error instanceof Error ? error : new Error(String(error)));
      if (errors.length > MAX_LOGGED) return;
      telemetry.log('error', 'not planned', { profile, graph: source, error: describeError(error) });
    };
    let summary: PlanSummary = { wanted: 0, queued: 0, held: 0, resting: 0, outside: 0 };
    for (const one of graphs) {
      try {
        const result = await plan(one, dependencies, signal);
        for (const { source, error } of result.failures) fail(one.profile, error, source);
        tell(one.profile, result, telemetry);
        summary = add(summary, result);
      } catch (error) {
        fail(one.profile, error);
      }
    }
    telemetry.count('PlanWanted', summary.wanted);
    telemetry.count('PlanQueued', summary.queued);
    telemetry.count('PlanHeld', summary.held);
    telemetry.count('PlanResting', summary.resting);
    telemetry.count('PlanOutside', summary.outside);
    telemetry.count('PlanFailed', errors.length);
    const [first] = errors;
    if (first !== undefined) throw first;
    return summary;
  };
  const wrapped = middy(handle).use({
    after: () => {
      telemetry.flush();
    },
    onError: () => {
      telemetry.flush();
    },
  });
  return async (event, context) => await wrapped(event, context);
}

async function plan(
  { profile, places }: ProfileGraphs,
  { trust: source, openClient, registries, objects, mirrorQueue, now }: Dependencies,
  signal: AbortSignal,
): Promise<PlanMirrorResult> {
  const trust = await source.read(profile);
  const reader = createRegistryChildren((repository) => registries.open(trust.prepared, repository));
  const client = openClient(trust.prepared.storeAccess);
  try {
    return await planMirror({ trust, places, client, reader, objects, mirrorQueue, now: now(), signal });
  } finally {
    client.close();
  }
}

function tell(profile: string, result: PlanMirrorResult, telemetry: Telemetry): void {
  const { wanted, queued, held, resting, outside, childless, failures } = result;
  const counts = { outside: outside.length, childless: childless.length, failed: failures.length };
  telemetry.log('info', 'planned', { profile, wanted, queued, held, resting, ...counts });
  if (outside.length > 0) {
    const payloads = outside.slice(0, MAX_LOGGED).map(({ repository, digest }) => `${repository}@${digest}`);
    telemetry.log('warn', 'outside the canonical repositories, not mirrored', {
      profile,
      count: outside.length,
      payloads,
    });
  }
  if (childless.length === 0) return;
  telemetry.count('PlanChildless', childless.length);
  const lists = childless.slice(0, MAX_LOGGED).map(({ release, error }) => `${release.digest}: ${error.message}`);
  telemetry.log('warn', 'lists without their images', { profile, count: childless.length, lists });
}

function add(sum: PlanSummary, { wanted, queued, held, resting, outside }: PlanMirrorResult): PlanSummary {
  return {
    wanted: sum.wanted + wanted,
    queued: sum.queued + queued,
    held: sum.held + held,
    resting: sum.resting + resting,
    outside: sum.outside + outside.length,
  };
}
