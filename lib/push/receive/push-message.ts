import type { Repository } from '../../base/names/repository.ts';
import type { PushMapping } from './map-push.ts';
import type { Push } from './parse/push.ts';

/** What the push queue carries: a push to verify by one profile's trust. */
export interface PushMessage {
  readonly schema: 1;
  readonly profile: string;
  readonly mirrorOf?: Repository | undefined;
  readonly push: Push;
}

export function toPushBody({ profile, mirrorOf }: PushMapping, push: Push): string {
  return JSON.stringify({ schema: 1, profile, mirrorOf, push } satisfies PushMessage);
}
