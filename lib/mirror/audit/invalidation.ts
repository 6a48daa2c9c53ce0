import type { Digest } from '../../base/names/digest.ts';
import { releaseKey } from '../slots/slot-layout.ts';

/** What holds copies of mirrored signatures in front of the mirror, such as a CDN. */
export interface Invalidation {
  /**
   * Asks for the copies of these paths to be dropped; a final `*` stands for any end. Done when the request is taken.
   *
   * @throws StoreError
   */
  invalidate(paths: readonly string[]): Promise<void>;
}

/** Indexes of one digest that hold something else than before, or nothing. */
export interface ChangedSlots {
  readonly digest: Digest;
  readonly changed: readonly number[];
}

/** Paths named one by one; more are covered by {@link ALL_SIGNATURES}. */
export const MAX_INVALIDATION_PATHS = 1000;

/** Where signatures in the release layout are served; lookasides are not audited. */
const SERVED_AT = ['/', '/api/upgrades_info/'] as const;

/** Every mirrored signature, under both of its paths. */
export const ALL_SIGNATURES: readonly string[] = SERVED_AT.map((base) => `${base}signatures/*`);

/**
 * The paths under which caches know the changed indexes. A client that writes `=` as `%3D` has a copy under another
 * path, which is as old as `max-age` allows: 300 s.
 */
export function toInvalidationPaths(changes: readonly ChangedSlots[]): readonly string[] {
  const paths = changes.flatMap(({ digest, changed }) =>
    changed.flatMap((index) => SERVED_AT.map((base) => `${base}${releaseKey(digest, index)}`)),
  );
  return paths.length > MAX_INVALIDATION_PATHS ? ALL_SIGNATURES : paths;
}
