import type { Attempt, Outcome, Reason } from '../../verdict/judge/verdict.ts';

/** What one profile or policy made of an image. */
export interface ImageJudgement {
  /** Such as `profile ocp`, or `policy` with its scope. */
  readonly by: string;
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Reason[];
  readonly attempts: readonly Attempt[];
}

/** What became of an image's verification. */
export interface Verification {
  readonly outcome: Outcome;
  /** Whether a signature vouches for it: what a policy accepts unseen is accepted and not verified. */
  readonly isVerified: boolean;
  readonly reasons: readonly Reason[];
  readonly judgements: readonly ImageJudgement[];
}

/** All have to accept, and there has to be one. */
export function toVerification(judgements: readonly ImageJudgement[]): Verification {
  const outcome = judgements.length === 0 ? 'rejected' : worst(judgements.map((judgement) => judgement.outcome));
  const isSigned = judgements.some(({ attempts }) => attempts.some(({ code }) => code === 'Verified'));
  return {
    outcome,
    isVerified: outcome === 'accepted' && isSigned,
    reasons: judgements.length === 0 ? [NOTHING_ASKED] : judgements.flatMap(({ reasons }) => reasons),
    judgements,
  };
}

function worst(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes('rejected')) return 'rejected';
  return outcomes.includes('indeterminate') ? 'indeterminate' : 'accepted';
}

const NOTHING_ASKED: Reason = {
  code: 'PolicyRejects',
  message: 'nothing could vouch for it: its repository is none of a profile’s canonical ones',
  remedy: 'name the policy.json that nodes go by with --policy',
};
