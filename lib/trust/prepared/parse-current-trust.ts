import * as v from 'valibot';
import { readSchema } from '../../base/documents/read-schema.ts';

/** What `trust/<profile>/current` holds: which revision counts, and the hash of its prepared JSON. */
export interface CurrentTrust {
  readonly schema: 1;
  readonly revision: string;
  readonly preparedSha256: string;
}

/** Lower-case hex of SHA-256. */
export const sha256Field = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

const currentTrust = v.strictObject({ schema: v.literal(1), revision: sha256Field, preparedSha256: sha256Field });

/** @throws ConfigurationError `SchemaUnsupported` or `RevisionInvalid` */
export function parseCurrentTrust(key: string, bytes: Uint8Array): CurrentTrust {
  return readSchema(currentTrust, key, bytes);
}
