import { z } from 'zod';
import { type Digest, isDigest } from '../pullspec/digest.ts';
import { isRepository } from '../pullspec/reference.ts';
import type { Repository } from '../pullspec/repository.ts';

/** What a message of the mirror queue has to be; apart from its writer, which needs no schema library. */
export const MirrorMessageSchema = z.strictObject({
  schema: z.literal(1),
  profile: z.string().min(1).max(63),
  digest: z.custom<Digest>((value) => typeof value === 'string' && isDigest(value), 'not a digest'),
  repository: z
    .custom<Repository>((value) => typeof value === 'string' && isRepository(value), 'not a repository')
    .optional(),
});
