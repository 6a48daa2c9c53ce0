import type { Digest } from '../../base/names/digest.ts';
import { RELEASE_PREFIXES, releaseKey } from '../slots/slot-layout.ts';

/** A cache of mirrored signatures in front of the mirror, such as a CDN. */
export interface Invalidation {
  /**
   * Requests that the copies of these paths be dropped. A final `*` matches any end. Returns when the request is accepted.
   *
   * @throws StoreError; the abort reason of the signal
   */
  invalidate(paths: readonly string[], signal: AbortSignal): Promise<void>;
}

/** Indexes of one digest whose content changed or was removed. */
export interface ChangedSlots {
  readonly digest: Digest;
  readonly changed: readonly number[];
}

/** Paths named one by one. For more, {@link ALL_SIGNATURES} is used. */
export const MAX_INVALIDATION_PATHS = 1000;

/** Every mirrored signature of a release, under each of its paths. Lookasides are not audited. */
export const ALL_SIGNATURES: readonly string[] = RELEASE_PREFIXES.map((prefix) => `${prefix}*`);

/** How each key of a release signature begins. */
const OWN = 'signatures/';

/**
 * The paths of the changed indexes in caches. A client that writes `=` as `%3D` has a copy under another path, which
 * expires after `max-age`: 300 s.
 */
export function toInvalidationPaths(changes: readonly ChangedSlots[]): readonly string[] {
  const paths = changes.flatMap(({ digest, changed }) =>
    changed.flatMap((index) => RELEASE_PREFIXES.map((prefix) => prefix + releaseKey(digest, index).slice(OWN.length))),
  );
  return paths.length > MAX_INVALIDATION_PATHS ? ALL_SIGNATURES : paths;
}
