import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { isStale } from '../../trust/prepared/profiles.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { type PullspecRequest, toTrustStale, toVerdict } from '../judge/pullspec-policy.ts';
import type { Outcome, Reason, Verdict } from '../judge/verdict.ts';
import { isCovered } from './policies-at-name.ts';

/**
 * What can be said of an image that replaces a component of a release before anything is contacted. No pullspec policy
 * and no release keyring counts for it: it is judged by the image policies of its own name, which need a digest.
 *
 * @returns an acceptance where the policies are still to be asked
 */
export function decideComponentName(request: PullspecRequest, trust: ReadyTrust, now: Date): Verdict {
  const { prepared } = trust;
  const { pullspec } = request;
  const conclude = (judged: Judged): Verdict => toVerdict(request, prepared, now, { ...judged, attempts: [] });
  if (isStale(trust, now)) {
    return conclude({ outcome: 'indeterminate', reasons: [toTrustStale(trust)], warnings: [] });
  }
  if (pullspec.digest !== undefined) return conclude({ outcome: 'accepted', reasons: [], warnings: [] });
  return conclude(isCovered(prepared, pullspec) ? BY_TAG : judgeUncovered(prepared));
}

interface Judged {
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Reason[];
}

const BY_TAG: Judged = {
  outcome: 'rejected',
  reasons: [
    { code: 'DigestMissing', message: 'a tag can be moved to another image', remedy: 'name the image by digest' },
  ],
  warnings: [],
};

/** A component of which no image policy asks anything: the profile says whether it is admitted, by default not. */
export function judgeUncovered({ componentImages, profile }: PreparedTrust): Judged {
  const message = `no image policy of profile ${profile} covers it`;
  if (componentImages === 'warn') {
    return { outcome: 'accepted', reasons: [], warnings: [{ code: 'PolicyNotEvaluated', message }] };
  }
  const remedy = 'take it out, or name an image that one covers';
  return { outcome: 'rejected', reasons: [{ code: 'PolicyRejects', message, remedy }], warnings: [] };
}
