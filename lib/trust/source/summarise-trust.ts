import { formatUnixTime } from '../../base/documents/unix-time.ts';
import type { PreparedTrust } from '../prepared/prepared-trust.ts';
import type { ReadyTrust } from './ready-trust.ts';

/** What anybody may know of a profile's trust: fingerprints and dates, never key material or secrets. */
export interface TrustSummary
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
