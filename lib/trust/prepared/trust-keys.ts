/** Object keys of published trust (design, "Bucket layout"). */
export function currentTrustKey(profile: string): string {
  return `trust/${profile}/current`;
}

/** Where a revision's compilations are: a later Signet may compile the same documents differently. */
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
