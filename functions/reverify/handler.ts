import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { describeError, type Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import { readTrusts, toKeyDays } from '../../lib/push/reverify/read-trusts.ts';
import { type SweepRequest, type SweepResult, sweep } from '../../lib/push/reverify/sweep.ts';
import type { ReadyTrust } from '../../lib/trust/source/ready-trust.ts';
import type { TrustSource } from '../../lib/trust/source/trust-source.ts';

export interface Dependencies extends Pick<SweepRequest, 'objects' | 'pushQueue' | 'invalidation' | 'now'> {
  readonly trust: TrustSource;
  readonly telemetry: Telemetry;
}

/** Any event will do, a schedule's or the bucket's: what there is to do, the stored state says. */
export type ReverifyHandler = (
  event: unknown,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
) => Promise<SweepResult>;

/** Milliseconds that one slice may need. */
const SLICE_MS = 60_000;

/** What was accepted lately is verified again when the trust changed, and weekly; the mirror is audited. */
export function createHandler(dependencies: Dependencies): ReverifyHandler {
  const { trust, telemetry, now } = dependencies;
  const handle: ReverifyHandler = async (_, context) => {
    const isTimeUp = (): boolean => context.getRemainingTimeInMillis() < SLICE_MS;
    const signal = new AbortController().signal;
    const { trusts, unreadable } = await readTrusts(trust, now());
    // First, so that an alarm on trust tells of trust alone.
    tellTrust(trusts, now(), telemetry);
    const result = await sweep({ ...dependencies, profiles: trust.profiles, trusts, isTimeUp, signal });
    telemetry.count('ReverifyQueued', result.queued);
    telemetry.count('Quarantined', result.quarantined);
    if (result.kind !== 'idle') telemetry.log('info', 'reverify', { ...result });
    const [broken] = unreadable;
    if (broken !== undefined) throw broken.error;
    return result;
  };
  const wrapped = middy(handle).use({
    after: () => {
      telemetry.flush();
    },
    onError: ({ error }) => {
      telemetry.log('error', 'not reverified', { error: describeError(error) });
      telemetry.flush();
    },
  });
  return async (event, context) => await wrapped(event, context);
}

/** What the alarms on stale trust and on expiring keys look at. */
function tellTrust(trusts: readonly ReadyTrust[], now: Date, telemetry: Telemetry): void {
  const ages = trusts.map(({ refreshedAt }) => Math.max(0, (now.getTime() - refreshedAt.getTime()) / 1000));
  if (ages.length > 0) telemetry.count('TrustAgeSeconds', Math.max(...ages));
  const days = toKeyDays(trusts, now);
  if (days !== undefined) telemetry.count('KeyExpiresInDays', days);
}
