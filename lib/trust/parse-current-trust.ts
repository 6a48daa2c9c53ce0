import * as z from 'zod/mini';
import { readSchema } from './read-schema.ts';

/** What `trust/<profile>/current` holds: which revision counts, and the hash of its prepared JSON. */
export interface CurrentTrust {
  readonly schema: 1;
  readonly revision: string;
  readonly preparedSha256: string;
}

/** Lower-case hex of SHA-256. */
export const sha256Field = z.string().check(z.regex(/^[0-9a-f]{64}$/));

const currentTrust = z.strictObject({ schema: z.literal(1), revision: sha256Field, preparedSha256: sha256Field });

/** @throws ConfigurationError `SchemaUnsupported` or `RevisionInvalid` */
export function parseCurrentTrust(key: string, bytes: Uint8Array): CurrentTrust {
  return readSchema(currentTrust, key, bytes);
}
