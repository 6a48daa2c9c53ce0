import type { Repository } from '../../base/names/reference.ts';
import { readCorrelationId } from '../../platform/lambda/telemetry.ts';
import type { Queue } from '../../platform/queues/queue.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { ParsedEvent, Push } from './parse/push.ts';
import { toPushBody } from './push-message.ts';

/** The result for an event: messages that were queued, and pushes that no profile maps. */
export interface QueuedPushes {
  readonly queued: number;
  readonly unmapped: number;
  /** Where they were pushed to, each once, and why no profile maps it. */
  readonly unmappedRepositories?: readonly UnmappedRepository[] | undefined;
  /** Why nothing of the event concerns Signet. */
  readonly ignored?: string | undefined;
}

/** What a push named, and no profile does so. */
interface UnmappedRepository {
  readonly source: Push['source'];
  readonly registry: string;
  readonly repository: string;
  readonly reason: string;
}

/** Repositories that are named in log and answer. */
const MAX_NAMED = 16;

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
  const correlationId = readCorrelationId();
  const mapped = event.pushes.map((push) =>
    mapPush(push, profiles).map((mapping) => toPushBody({ ...mapping, correlationId }, push)),
  );
  const bodies = mapped.flat();
  if (bodies.length > 0) await queue.sendMessages(bodies);
  const unmapped = event.pushes.filter((_, at) => mapped[at]?.length === 0);
  if (unmapped.length === 0) return { queued: bodies.length, unmapped: 0 };
  const named = new Map(
    unmapped.map((push) => [`${push.registry}/${push.repository}`, explainUnmapped(push, profiles)]),
  );
  return {
    queued: bodies.length,
    unmapped: unmapped.length,
    unmappedRepositories: [...named.values()].slice(0, MAX_NAMED),
  };
}

function explainUnmapped(
  { source, registry, repository }: Push,
  profiles: readonly Pick<PreparedTrust, 'profile' | 'pushSources'>[],
): UnmappedRepository {
  const others = profiles.flatMap(({ profile, pushSources }) =>
    pushSources
      .filter((named) => named.registry === registry && named.repository === repository)
      .map((named) => `profile ${profile} maps it for the source ${named.source}`),
  );
  const reason = others.length > 0 ? [...new Set(others)].join('; ') : 'no pushSources of a profile name it';
  return { source, registry, repository, reason };
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
