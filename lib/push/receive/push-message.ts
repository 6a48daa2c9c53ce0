import * as v from 'valibot';
import { utcTime } from '../../base/documents/schema.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { parseReference } from '../../base/names/reference.ts';
import { isProfileName } from '../../trust/prepared/profiles.ts';
import { MAX_EVENT_ID_LENGTH } from './parse/fields.ts';
import { PUSH_SOURCES, type Push } from './parse/push.ts';

/** What the push queue carries: a push to verify by one profile's trust. */
export interface PushMessage {
  readonly schema: 1;
  readonly profile: string;
  readonly mirrorOf?: Repository | undefined;
  readonly push: Push;
  /** What caused it: the request of a webhook, or an event of EventBridge. Log lines and events of the verdict have it. */
  readonly correlationId?: string | undefined;
}

export function toPushBody(
  { profile, mirrorOf, correlationId }: Pick<PushMessage, 'profile' | 'mirrorOf' | 'correlationId'>,
  push: Push,
): string {
  return JSON.stringify({ schema: 1, profile, mirrorOf, push, correlationId } satisfies PushMessage);
}

const push = v.pipe(
  v.strictObject({
    source: v.picklist(PUSH_SOURCES),
    registry: v.string(),
    repository: v.string(),
    digest: v.optional(v.custom<Digest>((value) => typeof value === 'string' && isDigest(value), 'not a digest')),
    tag: v.optional(v.string()),
    occurredAt: v.optional(utcTime),
    eventId: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_EVENT_ID_LENGTH))),
    referrer: v.optional(v.literal(true)),
  }),
  v.check(({ digest, tag }) => digest !== undefined || tag !== undefined, 'neither digest nor tag'),
  v.check(({ registry, repository, tag }) => isCanonical(`${registry}/${repository}`, tag), 'not a parsed push'),
);

/** What a message of the push queue has to be. */
export const PushMessageSchema = v.strictObject({
  schema: v.literal(1),
  profile: v.pipe(v.string(), v.check(isProfileName, 'not a profile name')),
  mirrorOf: v.optional(
    v.custom<Repository>((value) => typeof value === 'string' && isCanonical(value), 'not a repository'),
  ),
  push,
  correlationId: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_EVENT_ID_LENGTH))),
});

/** Whether the parser would spell it the same. */
function isCanonical(repository: string, tag?: string): boolean {
  try {
    const parsed = parseReference(tag === undefined ? repository : `${repository}:${tag}`);
    return parsed.repository === repository && parsed.tag === tag && parsed.digest === undefined;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}
