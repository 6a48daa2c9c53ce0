import type { Digest } from '../../base/names/digest.ts';
import { isStale, type ReadyTrust } from '../../trust/source/ready-trust.ts';
import type { MirrorResult } from './mirror-result.ts';

/** Why a profile's trust does not let anything be mirrored now, as a result; undefined when it does. */
export function toUntouchedResult(digest: Digest, trust: ReadyTrust, now: Date): MirrorResult | undefined {
  const why = whyUntouched(trust, now);
  if (why === undefined) return undefined;
  const nothing = { written: [], held: 0, unverified: [], unreachable: [], refused: [], attempts: [] };
  return { digest, ...UNTOUCHED[why], ...nothing };
}

function whyUntouched(trust: ReadyTrust, now: Date): keyof typeof UNTOUCHED | undefined {
  if (trust.prepared.verification === 'disabled') return 'VerificationDisabled';
  if (trust.keyrings.length === 0) return 'NoKeyring';
  // What is written stays, and a key may have been revoked since.
  return isStale(trust, now) ? 'TrustStale' : undefined;
}

const UNTOUCHED = {
  VerificationDisabled: {
    outcome: 'skipped',
    reasons: [
      {
        code: 'PolicyNotEvaluated',
        message: 'the profile says verification: disabled, and only what verifies is mirrored',
        remedy: 'remove verification: disabled from the Profile',
      },
    ],
  },
  NoKeyring: {
    outcome: 'skipped',
    reasons: [
      {
        code: 'KeyringUnsatisfied',
        message: 'no keyring is configured, and only what verifies is mirrored',
        remedy: 'add a trust ConfigMap to the profile',
      },
    ],
  },
  TrustStale: {
    outcome: 'indeterminate',
    reasons: [
      {
        code: 'TrustStale',
        message: 'the trust was not refreshed within the last 24 hours; a key may have been revoked since',
        remedy: 'make the bucket that holds trust/ reachable again',
      },
    ],
  },
} as const satisfies Record<string, Pick<MirrorResult, 'outcome' | 'reasons'>>;
