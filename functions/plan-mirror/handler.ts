import { createRegistryChildren } from '../../lib/mirror/graph/read-children.ts';
import { rememberCoverage } from '../../lib/mirror/sync/coverage.ts';
import { type PlanMirrorResult, planMirror } from '../../lib/mirror/sync/plan-mirror.ts';
import { rememberCatalog } from '../../lib/mirror/sync/release-catalog.ts';
import { unlessUnreadable } from '../../lib/mirror/sync/remembered-object.ts';
import type { HttpClient } from '../../lib/platform/http/http-client.ts';
import { type EventHandler, wrapEvent } from '../../lib/platform/lambda/invocation.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import { bindObjectStore, type ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import type { Queue } from '../../lib/platform/queues/queue.ts';
import type { ProfileRegistries } from '../../lib/registry/profile/profile-registries.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import { bindTrustSource, type TrustSource } from '../../lib/trust/source/trust-source.ts';
import type { ProfileGraphs } from './evaluate-graph-settings.ts';
import { createPlanReport, type PlanSummary } from './plan-report.ts';

export interface Dependencies {
  readonly graphs: readonly ProfileGraphs[];
  readonly trust: TrustSource;
  readonly objects: ObjectStore;
  /** Reads a profile's update services; closed after each run. */
  readonly openClient: (access: PreparedTrust['storeAccess']) => HttpClient;
  readonly registries: Pick<ProfileRegistries, 'open'>;
  readonly mirrorQueue: Queue;
  readonly telemetry: Telemetry;
  readonly now: () => Date;
}

/** Takes any event: the graphs and the mirror say what there is to do. */
export type PlanMirrorHandler = EventHandler<unknown, PlanSummary>;

/** Queues what the mirror lacks of the update graphs. A profile that fails stops no other, and its error is thrown last. */
export function createHandler(dependencies: Dependencies): PlanMirrorHandler {
  const { graphs, telemetry } = dependencies;
  const planAll = async (_: unknown, signal: AbortSignal): Promise<PlanSummary> => {
    const report = createPlanReport(telemetry);
    for (const one of graphs) {
      try {
        const result = await plan(one, dependencies, signal);
        report.add(one.profile, result);
        const objects = bindObjectStore(dependencies.objects, signal);
        const { coverage, catalog } = result;
        // What cannot be replaced in one place is reported, and keeps nothing else from being remembered.
        const faults = [
          coverage && (await unlessUnreadable(() => rememberCoverage(objects, one.profile, coverage))).fault,
          catalog && (await unlessUnreadable(() => rememberCatalog(objects, one.profile, catalog))).fault,
        ];
        for (const fault of faults) if (fault !== undefined) report.fail(one.profile, fault);
      } catch (error) {
        report.fail(one.profile, error);
      }
    }
    return report.finish();
  };
  return wrapEvent(planAll, { telemetry });
}

async function plan(
  { profile, places }: ProfileGraphs,
  { trust: source, openClient, registries, objects: store, mirrorQueue, now }: Dependencies,
  signal: AbortSignal,
): Promise<PlanMirrorResult> {
  const trust = await bindTrustSource(source, signal).read(profile);
  const objects = bindObjectStore(store, signal);
  const reader = createRegistryChildren((repository) => registries.open(trust.prepared, repository));
  const client = openClient(trust.prepared.storeAccess);
  try {
    return await planMirror({ trust, places, client, reader, objects, mirrorQueue, now: now(), signal });
  } finally {
    client.close();
  }
}
