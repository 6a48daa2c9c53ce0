import { allOf } from '../../verdict/judge/outcome.ts';
import type { Attempt, Outcome, Reason } from '../../verdict/judge/verdict.ts';

/** The judgement of one profile or policy about an image. */
export interface ImageJudgement {
  /** Such as `profile ocp`, or `policy` with its scope. */
  readonly by: string;
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Reason[];
  readonly attempts: readonly Attempt[];
}

/** The verification of an image. */
export interface Verification {
  readonly outcome: Outcome;
  /** True when a signature verified: a policy may accept an image without one. */
  readonly isVerified: boolean;
  readonly reasons: readonly Reason[];
  readonly judgements: readonly ImageJudgement[];
}

/** Combines judgements: all must accept, and there must be at least one. */
export function toVerification(judgements: readonly ImageJudgement[]): Verification {
  const outcome = allOf(judgements.map((judgement) => judgement.outcome));
  const isSigned = judgements.some(({ attempts }) => attempts.some(({ code }) => code === 'Verified'));
  return {
    outcome,
    isVerified: outcome === 'accepted' && isSigned,
    reasons: judgements.length === 0 ? [NOT_COVERED] : judgements.flatMap(({ reasons }) => reasons),
    judgements,
  };
}

const NOT_COVERED: Reason = {
  code: 'PolicyRejects',
  message: 'no profile has its repository as a canonical one, and no policy was given',
  remedy: 'give the policy.json of the nodes with --policy',
};
