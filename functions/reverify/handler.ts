import { type EventHandler, wrapEvent } from '../../lib/platform/lambda/invocation.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import { bindObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { readTrusts, toKeyDays } from '../../lib/push/reverify/read-trusts.ts';
import { type SweepRequest, type SweepResult, sweep } from '../../lib/push/reverify/sweep.ts';
import type { ReadyTrust } from '../../lib/trust/source/trust-source.ts';
import { bindTrustSource, type TrustSource } from '../../lib/trust/source/trust-source.ts';

export interface Dependencies extends Pick<SweepRequest, 'objects' | 'pushQueue' | 'invalidation' | 'now'> {
  readonly trust: TrustSource;
  readonly telemetry: Telemetry;
}

/** Takes any event, a schedule's or the bucket's: the stored state says what there is to do. */
export type ReverifyHandler = EventHandler<unknown, SweepResult>;

/** Milliseconds that one slice may need. */
const SLICE_MS = 60_000;

/** Verifies lately accepted images again when the trust changed, and weekly; audits the mirror. */
export function createHandler(dependencies: Dependencies): ReverifyHandler {
  const { telemetry, now } = dependencies;
  const { profiles } = dependencies.trust;
  const reverify = async (signal: AbortSignal, isTimeUp: () => boolean): Promise<SweepResult> => {
    const objects = bindObjectStore(dependencies.objects, signal);
    const { trusts, unreadable } = await readTrusts(bindTrustSource(dependencies.trust, signal), now());
    // First, so that an alarm on trust is caused by trust alone.
    reportTrust(trusts, now(), telemetry);
    const result = await sweep({ ...dependencies, objects, profiles, trusts, isTimeUp, signal });
    telemetry.count('ReverifyQueued', result.queued);
    telemetry.count('Quarantined', result.quarantined);
    if (result.kind !== 'idle') telemetry.log('info', 'reverify', { ...result });
    const [broken] = unreadable;
    if (broken !== undefined) throw broken.error;
    return result;
  };
  return wrapEvent(
    (_: unknown, signal, context) => reverify(signal, () => context.getRemainingTimeInMillis() < SLICE_MS),
    { telemetry, failure: 'not reverified' },
  );
}

/** Counts for the alarms on stale trust and on expiring keys. */
function reportTrust(trusts: readonly ReadyTrust[], now: Date, telemetry: Telemetry): void {
  const ages = trusts.map(({ refreshedAt }) => Math.max(0, (now.getTime() - refreshedAt.getTime()) / 1000));
  if (ages.length > 0) telemetry.count('TrustAgeSeconds', Math.max(...ages));
  const days = toKeyDays(trusts, now);
  if (days !== undefined) telemetry.count('KeyExpiresInDays', days);
}
