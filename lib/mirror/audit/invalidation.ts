import type { Digest } from '../../base/names/digest.ts';
import { releaseKey } from '../slots/slot-layout.ts';

/** A cache of mirrored signatures in front of the mirror, such as a CDN. */
export interface Invalidation {
  /**
   * Requests that the copies of these paths be dropped. A final `*` matches any end. Returns when the request is accepted.
   *
   * @throws StoreError
   */
  invalidate(paths: readonly string[]): Promise<void>;
}

/** Indexes of one digest whose content changed or was removed. */
export interface ChangedSlots {
  readonly digest: Digest;
  readonly changed: readonly number[];
}

/** Paths named one by one. For more, {@link ALL_SIGNATURES} is used. */
export const MAX_INVALIDATION_PATHS = 1000;

/** The paths at which signatures in the release layout are served. Lookasides are not audited. */
const SERVED_AT = ['/', '/api/upgrades_info/'] as const;

/** Every mirrored signature, under both of its paths. */
export const ALL_SIGNATURES: readonly string[] = SERVED_AT.map((base) => `${base}signatures/*`);

/**
 * The paths of the changed indexes in caches. A client that writes `=` as `%3D` has a copy under another path, which
 * expires after `max-age`: 300 s.
 */
export function toInvalidationPaths(changes: readonly ChangedSlots[]): readonly string[] {
  const paths = changes.flatMap(({ digest, changed }) =>
    changed.flatMap((index) => SERVED_AT.map((base) => `${base}${releaseKey(digest, index)}`)),
  );
  return paths.length > MAX_INVALIDATION_PATHS ? ALL_SIGNATURES : paths;
}
