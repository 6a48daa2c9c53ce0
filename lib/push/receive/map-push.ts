import type { Repository } from '../../base/names/repository.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { Push } from './parse/push.ts';

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
