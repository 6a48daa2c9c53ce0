import type { Digest } from '../../base/names/digest.ts';

/** A release as an update graph names it. */
export interface ReleaseVersion {
  readonly digest: Digest;
  readonly version: string;
}

/** A version for a digest; undefined where none is known. */
export type VersionLookup = (digest: Digest) => string | undefined;

/** Looks versions up by digest. Of several versions of one digest the first in order counts, wherever it stands. */
export function toVersionLookup(releases: readonly ReleaseVersion[]): VersionLookup {
  const versions = new Map<Digest, string>();
  for (const { digest, version } of releases) {
    const known = versions.get(digest);
    if (known === undefined || version < known) versions.set(digest, version);
  }
  return (digest) => versions.get(digest);
}
