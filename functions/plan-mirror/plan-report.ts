import type { PlanMirrorResult } from '../../lib/mirror/sync/plan-mirror.ts';
import { describeError, type Telemetry } from '../../lib/platform/lambda/telemetry.ts';

export type PlanSummary = Readonly<Record<'wanted' | 'queued' | 'held' | 'resting' | 'outside', number>>;

/** What one run planned and what failed, as log lines and counts. */
export interface PlanReport {
  readonly add: (profile: string, result: PlanMirrorResult) => void;
  readonly fail: (profile: string, error: unknown, graph?: string) => void;
  /** Counts everything. @throws the first failure */
  readonly finish: () => PlanSummary;
}

/** Items of one kind that a run logs. */
const MAX_LOGGED = 20;

export function createPlanReport(telemetry: Telemetry): PlanReport {
  const errors: Error[] = [];
  let summary: PlanSummary = { wanted: 0, queued: 0, held: 0, resting: 0, outside: 0 };
  const fail: PlanReport['fail'] = (profile, error, graph) => {
    errors.push(error instanceof Error ? error : new Error(String(error)));
    if (errors.length > MAX_LOGGED) return;
    telemetry.log('error', 'not planned', { profile, graph, error: describeError(error) });
  };
  return {
    fail,
    add(profile, result) {
      for (const { source, error } of result.failures) fail(profile, error, source);
      for (const error of result.unreadable) fail(profile, error);
      log(profile, result, telemetry);
      summary = sum(summary, result);
    },
    finish() {
      telemetry.count('PlanWanted', summary.wanted);
      telemetry.count('PlanQueued', summary.queued);
      telemetry.count('PlanHeld', summary.held);
      telemetry.count('PlanResting', summary.resting);
      telemetry.count('PlanOutside', summary.outside);
      telemetry.count('PlanFailed', errors.length);
      const [first] = errors;
      if (first !== undefined) throw first;
      return summary;
    },
  };
}

function log(profile: string, result: PlanMirrorResult, telemetry: Telemetry): void {
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

function sum(summary: PlanSummary, { wanted, queued, held, resting, outside }: PlanMirrorResult): PlanSummary {
  return {
    wanted: summary.wanted + wanted,
    queued: summary.queued + queued,
    held: summary.held + held,
    resting: summary.resting + resting,
    outside: summary.outside + outside.length,
  };
}
