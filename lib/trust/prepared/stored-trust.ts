import * as v from 'valibot';
import { readSchema } from '../../base/documents/read-schema.ts';

/** Object keys of published trust (design, "Bucket layout"). */
export function currentTrustKey(profile: string): string {
  return `trust/${profile}/current`;
}

/** Prefix of a revision's compilations: a later Signet may compile the same documents differently. */
export function preparedTrustPrefix(profile: string, revision: string): string {
  return `trust/${profile}/revisions/${revision}/prepared/`;
}

/** One compilation, named by the SHA-256 (hex) of its bytes. */
export function preparedTrustKey(profile: string, revision: string, sha256: string): string {
  return `${preparedTrustPrefix(profile, revision)}${sha256}.json`;
}

export function trustSourceKey(profile: string, revision: string, name: string): string {
  return `trust/${profile}/revisions/${revision}/sources/${name}`;
}

/** Bytes of `current`. */
export const MAX_CURRENT_BYTES = 4 * 1024;
/** Bytes of a prepared trust, which holds the image policies as they are written. */
export const MAX_PREPARED_BYTES = 8 * 1024 * 1024;

/** The content of `trust/<profile>/current`: the current revision, and the hash of its prepared JSON. */
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
