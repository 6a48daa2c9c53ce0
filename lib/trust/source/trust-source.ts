import { formatUnixTime } from '../../base/documents/unix-time.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type IndexedKeyring, indexKeyring } from '../../crypto/openpgp/keys/keyring.ts';
import type { ObjectReader } from '../../platform/objects/port/object-store.ts';
import { untilAborted } from '../../platform/time/deadline.ts';
import type { PreparedTrust } from '../prepared/prepared-trust.ts';
import { selectProfile } from '../prepared/profiles.ts';
import { type LoadedTrust, loadTrust } from './load-trust.ts';

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
const TRUST_REFRESH_MS = 60_000;

interface Kept {
  readonly loaded: LoadedTrust;
  readonly ready: ReadyTrust;
}

/**
 * Reads trust from an object store by ETag. While the store is out of reach, the trust that was loaded last is returned
 * with its age: decisions refuse it once it is too old.
 */
export function createTrustSource(
  objects: ObjectReader,
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

/** A profile's trust as decisions use it: made once per load, shared by all decisions. */
export interface ReadyTrust {
  readonly prepared: PreparedTrust;
  readonly keyrings: readonly IndexedKeyring[];
  /** When it was last known to be the current revision. */
  readonly refreshedAt: Date;
}

export function toReadyTrust(prepared: PreparedTrust, refreshedAt: Date): ReadyTrust {
  return { prepared, keyrings: prepared.keyrings.map(indexKeyring), refreshedAt };
}

/** The public part of a profile's trust: fingerprints and dates, never key material or secrets. */
interface TrustSummary extends Pick<
  PreparedTrust,
  'profile' | 'revision' | 'verification' | 'mode' | 'require' | 'canonicalRepositories' | 'signedRepositories'
> {
  readonly refreshedAt: string;
  readonly stores: readonly string[];
  readonly keyrings: readonly { readonly name: string; readonly keys: readonly KeySummary[] }[];
  readonly imagePolicies: readonly { readonly kind: string; readonly name: string }[];
}

interface KeySummary {
  readonly fingerprint: string;
  readonly maySign: boolean;
  /** RFC 3339; null: never. */
  readonly expiresAt: string | null;
  readonly revoked: boolean;
}

export function toTrustSummary({ prepared, refreshedAt }: ReadyTrust): TrustSummary {
  const { profile, revision, verification, mode, require, canonicalRepositories, signedRepositories } = prepared;
  return {
    profile,
    revision,
    refreshedAt: refreshedAt.toISOString(),
    verification,
    mode,
    require,
    canonicalRepositories,
    signedRepositories,
    stores: prepared.stores.map(({ url }) => url),
    keyrings: prepared.keyrings.map(({ name, certificates }) => ({
      name,
      keys: certificates.flatMap(({ keys }) =>
        keys.map(({ fingerprint, expiresAt, revoked, notForSigning }) => ({
          fingerprint,
          maySign: revoked === undefined && notForSigning === undefined,
          expiresAt: expiresAt === undefined ? null : formatUnixTime(expiresAt),
          revoked: revoked !== undefined,
        })),
      ),
    })),
    imagePolicies: prepared.imagePolicies.map(({ kind, name }) => ({ kind, name })),
  };
}
