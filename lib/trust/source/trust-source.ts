import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { untilAborted } from '../../platform/time/deadline.ts';
import { selectProfile } from '../prepared/profiles.ts';
import { type LoadedTrust, loadTrust } from './load-trust.ts';
import { type ReadyTrust, toReadyTrust } from './ready-trust.ts';

/** Published trust, kept between requests. */
export interface TrustSource {
  readonly profiles: readonly string[];
  /**
   * The wanted profile, else the only one, else `ocp`.
   *
   * @param revision known to have been published: kept trust of another revision is read again, however recent, and is
   *   not used when that fails
   * @throws InputError, ConfigurationError, StoreError
   */
  readonly read: (wanted?: string, revision?: string) => Promise<ReadyTrust>;
}

/** Milliseconds for which loaded trust is used without checking that it is still the current one. */
export const TRUST_REFRESH_MS = 60_000;

interface Kept {
  readonly loaded: LoadedTrust;
  readonly ready: ReadyTrust;
}

/**
 * Reads trust from an object store by ETag. While the store is out of reach, the trust that was loaded last is returned
 * with its age: decisions refuse it once it is too old.
 */
export function createTrustSource(
  objects: ObjectStore,
  profiles: readonly string[],
  now: () => Date,
  refreshMs: number = TRUST_REFRESH_MS,
): TrustSource {
  const kept = new Map<string, Kept>();
  const underWay = new Map<string, Promise<Kept>>();
  const refresh = async (profile: string): Promise<Kept> => {
    const previous = kept.get(profile);
    const loaded = await loadTrust(objects, profile, now(), previous?.loaded);
    const isSame = previous !== undefined && loaded.trust === previous.loaded.trust;
    const ready = isSame
      ? { ...previous.ready, refreshedAt: loaded.refreshedAt }
      : toReadyTrust(loaded.trust, loaded.refreshedAt);
    kept.set(profile, { loaded, ready });
    return { loaded, ready };
  };
  const refreshOnce = (profile: string): Promise<Kept> => {
    const current = underWay.get(profile) ?? refresh(profile).finally(() => underWay.delete(profile));
    underWay.set(profile, current);
    return current;
  };
  const refreshOrKeep = async (profile: string, previous: Kept | undefined): Promise<Kept> => {
    try {
      return await refreshOnce(profile);
    } catch (error) {
      if (previous !== undefined && error instanceof StoreError) return previous;
      throw error;
    }
  };
  return {
    profiles,
    async read(wanted, revision) {
      const profile = selectProfile(profiles, wanted);
      const previous = kept.get(profile);
      const age = previous === undefined ? Infinity : now().getTime() - previous.loaded.refreshedAt.getTime();
      const isCurrent = revision === undefined || previous?.loaded.trust.revision === revision;
      if (previous !== undefined && isCurrent && age >= 0 && age < refreshMs) return previous.ready;
      // One at a time: a slow read must not put back what a faster one has replaced.
      if (revision === undefined) return (await refreshOrKeep(profile, previous)).ready;
      const joined = await refreshOnce(profile);
      if (joined.loaded.trust.revision === revision) return joined.ready;
      // The read that was joined may have begun before that publication.
      return (await refreshOnce(profile)).ready;
    },
  };
}

/**
 * The source within one deadline. A read that is under way is shared by invocations and goes on, but this one stops
 * waiting for it and throws the signal's reason.
 */
export function bindTrustSource({ profiles, read }: TrustSource, signal: AbortSignal): TrustSource {
  return { profiles, read: (wanted, revision) => untilAborted(read(wanted, revision), signal) };
}
