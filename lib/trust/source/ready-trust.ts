import { formatUnixTime } from '../../base/documents/unix-time.ts';
import { type IndexedKeyring, indexKeyring } from '../../crypto/openpgp/keys/keyring.ts';
import type { PreparedTrust } from '../prepared/prepared-trust.ts';

/** A profile's trust as decisions use it: made once per load, shared by all decisions. */
export interface ReadyTrust {
  readonly prepared: PreparedTrust;
  readonly keyrings: readonly IndexedKeyring[];
  /** When it was last known to be the current revision. */
  readonly refreshedAt: Date;
}

/** Milliseconds after which trust that was not refreshed decides nothing. */
export const MAX_TRUST_AGE_MS = 24 * 60 * 60 * 1000;

export function toReadyTrust(prepared: PreparedTrust, refreshedAt: Date): ReadyTrust {
  return { prepared, keyrings: prepared.keyrings.map(indexKeyring), refreshedAt };
}

/** Milliseconds by which a refresh may be ahead of now: beyond that a clock was set back, and the age is unknown. */
export const MAX_CLOCK_STEP_MS = 5 * 60 * 1000;

/** Whether the trust was last refreshed too long ago to decide anything, or it is not known when. */
export function isStale({ refreshedAt }: Pick<ReadyTrust, 'refreshedAt'>, now: Date): boolean {
  const age = now.getTime() - refreshedAt.getTime();
  return !(age >= -MAX_CLOCK_STEP_MS && age <= MAX_TRUST_AGE_MS);
}

/** The public part of a profile's trust: fingerprints and dates, never key material or secrets. */
interface TrustSummary
  extends Pick<
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
