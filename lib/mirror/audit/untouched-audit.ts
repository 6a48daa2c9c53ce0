import { isStale, type ReadyTrust } from '../../trust/source/ready-trust.ts';
import type { Reason } from '../../verdict/judge/verdict.ts';
import { isJudge } from './audit-slots.ts';

/**
 * Nothing was looked at and nothing was touched. `indeterminate`: the trust of some profile is not known well enough;
 * `skipped`: no profile has anything to verify by.
 */
export interface UntouchedAudit {
  readonly outcome: 'indeterminate' | 'skipped';
  readonly reasons: readonly Reason[];
}

/** Why nothing may be condemned by this trust now; undefined when it may. */
export function toUntouchedAudit(trusts: readonly ReadyTrust[], now: Date): UntouchedAudit | undefined {
  if (trusts.length === 0) return { outcome: 'indeterminate', reasons: [NO_TRUST] };
  const stale = trusts.filter((trust) => isStale(trust, now)).map(({ prepared }) => prepared.profile);
  if (stale.length > 0) return { outcome: 'indeterminate', reasons: [toStaleReason(stale)] };
  return trusts.some(isJudge) ? undefined : { outcome: 'skipped', reasons: [NO_KEYRING] };
}

/** A key that one profile has gained meanwhile may be the one that vouches for a signature. */
function toStaleReason(profiles: readonly string[]): Reason {
  return {
    code: 'TrustStale',
    message: `the trust of ${profiles.join(', ')} was not refreshed within the last 24 hours: a key may have been added`,
    remedy: 'make the bucket that holds trust/ reachable again',
  };
}

const NO_TRUST: Reason = {
  code: 'KeyringUnsatisfied',
  message: 'no profile’s trust was given, and nothing is condemned without one',
  remedy: 'publish the trust of every profile that mirrors here',
};

const NO_KEYRING: Reason = {
  code: 'KeyringUnsatisfied',
  message: 'no profile verifies by a keyring, and nothing is condemned without one',
  remedy: 'add a trust ConfigMap to a profile',
};
