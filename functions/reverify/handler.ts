import { StoreError } from '../../lib/base/errors/store-error.ts';
import { type EventHandler, wrapEvent } from '../../lib/platform/lambda/invocation.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import { bindObjectStore, type ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { readTrusts, toKeyDays } from '../../lib/push/reverify/read-trusts.ts';
import type { Signing } from '../../lib/push/reverify/signing.ts';
import { type SweepRequest, type SweepResult, sweep } from '../../lib/push/reverify/sweep.ts';
import type { ReadyTrust } from '../../lib/trust/source/trust-source.ts';
import { bindTrustSource, type TrustSource } from '../../lib/trust/source/trust-source.ts';
import { type IndexResult, tendDecisions } from '../../lib/verdict/records/index-decisions.ts';

export interface Dependencies extends Pick<SweepRequest, 'objects' | 'pushQueue' | 'invalidation' | 'now'> {
  readonly trust: TrustSource;
  readonly telemetry: Telemetry;
  /** Undefined where no key is configured: nothing is signed or sealed. */
  readonly signing?: Signing | undefined;
}

/** Takes any event, a schedule's or the bucket's: the stored state says what there is to do. */
export type ReverifyHandler = EventHandler<unknown, SweepResult>;

/** Milliseconds that one slice may need. */
const SLICE_MS = 60_000;
/** Milliseconds after which a process looks at a complete index again: on one machine it is called every few seconds. */
const INDEX_PAUSE_MS = 60_000;

/** Verifies lately accepted images again when the trust changed, and weekly; audits the mirror; tends the index; signs. */
export function createHandler(dependencies: Dependencies): ReverifyHandler {
  const { telemetry, now } = dependencies;
  const { profiles } = dependencies.trust;
  let indexedAt: number | undefined;
  const tendIndex = async (objects: ObjectStore, isTimeUp: () => boolean): Promise<void> => {
    const time = now().getTime();
    if (indexedAt !== undefined && time >= indexedAt && time - indexedAt < INDEX_PAUSE_MS) return;
    const result = await tendDecisions({ objects, profiles, now, isTimeUp });
    if (result.isComplete) indexedAt = time;
    reportIndex(result, telemetry);
  };
  const reverify = async (signal: AbortSignal, isTimeUp: () => boolean): Promise<SweepResult> => {
    const objects = bindObjectStore(dependencies.objects, signal);
    const source = bindTrustSource(dependencies.trust, signal);
    const { trusts, unreadable, unpublished } = await readTrusts(source, objects, now());
    // First, so that an alarm on trust is caused by trust alone.
    reportTrust(trusts, now(), telemetry);
    if (unpublished.length > 0) reportUnpublished(unpublished, profiles, telemetry);
    const { fault, ...result } = await sweep({ ...dependencies, objects, profiles, trusts, isTimeUp, signal });
    telemetry.count('ReverifyQueued', result.queued);
    telemetry.count('Quarantined', result.quarantined);
    if (result.kind !== 'idle') telemetry.log('info', 'reverify', { ...result });
    // The sweep went on, and it still has to alarm: somebody else writes where its state is.
    const faults = [fault, toMirrorFault(result), ...unreadable.map(({ error }) => error)].filter(
      (one) => one !== undefined,
    );
    // The list of decisions waits for neither, and is no reason to hide them.
    if (faults.length > 0) telemetry.log('error', 'not reverified in full', { reasons: faults.map(toMessage) });
    await tendIndex(objects, isTimeUp);
    const failed = await tryRun(dependencies.signing?.run({ objects, trusts, now, isTimeUp, signal }, telemetry));
    const [first = failed] = faults;
    if (first !== undefined) throw first;
    return result;
  };
  return wrapEvent(
    (_: unknown, signal, context) => reverify(signal, () => context.getRemainingTimeInMillis() < SLICE_MS),
    { telemetry, failure: 'not reverified' },
  );
}

/** Somebody else put there what nobody can read; what else is in the mirror was audited. */
function toMirrorFault({ unaudited }: SweepResult): StoreError | undefined {
  if (unaudited === undefined) return undefined;
  const { count, first } = unaudited;
  return new StoreError('NotAllowed', `digests of the mirror that could not be audited: ${count}; the first: ${first}`);
}

/** The failure, if it ends in one. */
async function tryRun(work: Promise<void> | undefined): Promise<unknown> {
  return await work?.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** A stage whose first trust is still to come is no alarm; silence would be one. */
function reportUnpublished(unpublished: readonly string[], profiles: readonly string[], telemetry: Telemetry): void {
  telemetry.log('warn', 'no trust was ever published', { profiles: unpublished });
  telemetry.count('TrustUnpublished', unpublished.length);
  if (unpublished.length === profiles.length) telemetry.measure('TrustAgeSeconds', 0, 'Seconds');
}

function toMessage(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}

/** An entry that no record confirms was written by somebody else. */
function reportIndex(result: IndexResult, telemetry: Telemetry): void {
  const { indexed, packed, refused, broken } = result;
  if (indexed + packed + refused + broken === 0) return;
  telemetry.log(refused + broken > 0 ? 'error' : 'info', 'index of decisions', { ...result });
}

/** Counts for the alarms on stale trust and on expiring keys. */
function reportTrust(trusts: readonly ReadyTrust[], now: Date, telemetry: Telemetry): void {
  const ages = trusts.map(({ refreshedAt }) => Math.max(0, (now.getTime() - refreshedAt.getTime()) / 1000));
  if (ages.length > 0) telemetry.measure('TrustAgeSeconds', Math.max(...ages), 'Seconds');
  const days = toKeyDays(trusts, now);
  if (days !== undefined) telemetry.measure('KeyExpiresInDays', days, 'None');
}
