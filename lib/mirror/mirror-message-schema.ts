import * as v from 'valibot';
import { type Digest, isDigest } from '../pullspec/digest.ts';
import { isRepository } from '../pullspec/reference.ts';
import type { Repository } from '../pullspec/repository.ts';

/** What a message of the mirror queue has to be; apart from its writer, which needs no schema library. */
export const MirrorMessageSchema = v.strictObject({
  schema: v.literal(1),
  profile: v.pipe(v.string(), v.minLength(1), v.maxLength(63)),
  digest: v.custom<Digest>((value) => typeof value === 'string' && isDigest(value), 'not a digest'),
  repository: v.optional(
    v.custom<Repository>((value) => typeof value === 'string' && isRepository(value), 'not a repository'),
  ),
});
