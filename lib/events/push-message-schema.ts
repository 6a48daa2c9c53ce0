import { z } from 'zod';
import { InputError } from '../errors/input-error.ts';
import { type Digest, isDigest } from '../pullspec/digest.ts';
import { parseReference } from '../pullspec/reference.ts';
import type { Repository } from '../pullspec/repository.ts';
import { isProfileName } from '../trust/profile-name.ts';
import { MAX_EVENT_ID_LENGTH } from './fields.ts';
import { PUSH_SOURCES } from './push.ts';

const push = z
  .strictObject({
    source: z.enum(PUSH_SOURCES),
    registry: z.string(),
    repository: z.string(),
    digest: z.custom<Digest>((value) => typeof value === 'string' && isDigest(value), 'not a digest').optional(),
    tag: z.string().optional(),
    occurredAt: z.iso.datetime().optional(),
    eventId: z.string().min(1).max(MAX_EVENT_ID_LENGTH).optional(),
    referrer: z.literal(true).optional(),
  })
  .refine(({ digest, tag }) => digest !== undefined || tag !== undefined, 'neither digest nor tag')
  .refine(({ registry, repository, tag }) => isCanonical(`${registry}/${repository}`, tag), 'not a parsed push');

/** What a message of the push queue has to be; apart from its writer, which needs no schema library. */
export const PushMessageSchema = z.strictObject({
  schema: z.literal(1),
  profile: z.string().refine(isProfileName, 'not a profile name'),
  mirrorOf: z
    .custom<Repository>((value) => typeof value === 'string' && isCanonical(value), 'not a repository')
    .optional(),
  push,
});

/** Whether the parser would write it just so. */
function isCanonical(repository: string, tag?: string): boolean {
  try {
    const parsed = parseReference(tag === undefined ? repository : `${repository}:${tag}`);
    return parsed.repository === repository && parsed.tag === tag && parsed.digest === undefined;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}
