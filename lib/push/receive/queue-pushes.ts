import type { Repository } from '../../base/names/reference.ts';
import type { Queue } from '../../platform/queues/queue.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { ParsedEvent, Push } from './parse/push.ts';
import { toPushBody } from './push-message.ts';

/** The result for an event: messages that were queued, and pushes that no profile maps. */
export interface QueuedPushes {
  readonly queued: number;
  readonly unmapped: number;
  /** Why nothing of the event concerns Signet. */
  readonly ignored?: string | undefined;
}

/**
 * Queues each push once for every profile that its repository belongs to. A push that no profile maps is ignored: no
 * registry is contacted.
 *
 * @throws StoreError when the queue does not take them all
 */
export async function queuePushes(
  event: ParsedEvent,
  profiles: readonly Pick<PreparedTrust, 'profile' | 'pushSources'>[],
  queue: Queue,
): Promise<QueuedPushes> {
  if (event.kind === 'ignored') return { queued: 0, unmapped: 0, ignored: event.reason };
  const mapped = event.pushes.map((push) => mapPush(push, profiles).map((mapping) => toPushBody(mapping, push)));
  const bodies = mapped.flat();
  if (bodies.length > 0) await queue.sendMessages(bodies);
  return { queued: bodies.length, unmapped: mapped.filter((messages) => messages.length === 0).length };
}

/** A profile that a push concerns, and what its repository mirrors. */
export interface PushMapping {
  readonly profile: string;
  readonly mirrorOf?: Repository | undefined;
}

/**
 * The profiles that name a push's repository, each once, by its first entry as records are checked. Both sides were
 * spelled by the pullspec parser, so equal means the same; without a mapping there is nobody to contact.
 */
export function mapPush(
  { source, registry, repository }: Push,
  profiles: readonly Pick<PreparedTrust, 'profile' | 'pushSources'>[],
): readonly PushMapping[] {
  return profiles.flatMap(({ profile, pushSources }) => {
    const found = pushSources.find(
      (named) => named.source === source && named.registry === registry && named.repository === repository,
    );
    if (found === undefined) return [];
    return [found.mirrorOf === undefined ? { profile } : { profile, mirrorOf: found.mirrorOf }];
  });
}
