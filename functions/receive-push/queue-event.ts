import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { describeError, type Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import type { Queue } from '../../lib/platform/queues/queue.ts';
import { parseEcrEvent } from '../../lib/push/receive/parse/parse-ecr-event.ts';
import type { ParsedEvent } from '../../lib/push/receive/parse/push.ts';
import { type QueuedPushes, queuePushes } from '../../lib/push/receive/queue-pushes.ts';
import type { TrustSource } from '../../lib/trust/source/trust-source.ts';

export interface QueueEventDependencies {
  readonly trust: TrustSource;
  readonly pushQueue: Queue;
  /** Puts an event that can never be read on the dead-letter queue. */
  readonly sendDead: (message: DeadEvent, reason: string) => Promise<void>;
  readonly telemetry: Telemetry;
}

interface DeadEvent {
  readonly messageId: string;
  readonly body: string;
}

/** A malformed event is kept with its reason. Any other failure is thrown, and EventBridge sends the event again. */
export async function queueEcrEvent(
  event: Readonly<Record<string, unknown>>,
  dependencies: QueueEventDependencies,
): Promise<void> {
  const { telemetry, sendDead } = dependencies;
  let received: ParsedEvent;
  try {
    received = parseEcrEvent(event);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    telemetry.count('PushMalformed');
    telemetry.log('warn', 'malformed event', { error: describeError(error) });
    await sendDead({ messageId: String(event['id']), body: JSON.stringify(event) }, error.message);
    return;
  }
  await queueEvent('ecr', received, dependencies);
}

/** Queues an event's pushes by the trust of every profile. @throws ConfigurationError, StoreError */
export async function queueEvent(
  source: string,
  event: ParsedEvent,
  { trust, pushQueue, telemetry }: QueueEventDependencies,
): Promise<QueuedPushes> {
  const read = await Promise.allSettled(trust.profiles.map((profile) => trust.read(profile)));
  const profiles = read.flatMap((one) => (one.status === 'fulfilled' ? [one.value.prepared] : []));
  const result = await queuePushes(event, profiles, pushQueue);
  telemetry.log(result.unmapped > 0 ? 'warn' : 'info', 'push received', { source, ...result });
  const failures = read.filter((one) => one.status === 'rejected').map(({ reason }): unknown => reason);
  // The sender repeats an event that failed. The pushes that other profiles map are queued, and twice is harmless.
  const failure = profiles.length === 0 ? failures[0] : failures.find((error) => !isUnpublished(error));
  if (failure !== undefined && event.kind === 'pushes') throw failure;
  telemetry.count('PushQueued', result.queued);
  telemetry.count('PushUnmapped', result.unmapped);
  telemetry.count('PushIgnored', result.ignored === undefined ? 0 : 1);
  return result;
}

/** No trust was ever published for the profile, so it maps nothing, and it must not lose the pushes of the others. */
function isUnpublished(error: unknown): boolean {
  return error instanceof ConfigurationError && error.code === 'TrustMissing';
}
