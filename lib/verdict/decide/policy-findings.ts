import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { Judgement } from '../judge/judge-signatures.ts';
import type { Attempt, PolicyResult, Reason } from '../judge/verdict.ts';
import type { ExaminedSignature } from './collect-signatures.ts';

/** An image that policies are evaluated for. */
export interface PolicyQuestion {
  readonly repository: Repository;
  readonly digest: Digest;
  readonly prepared: PreparedTrust;
  /** Asked for the signatures of a repository's image; not touched unless a requirement asks for one. */
  readonly lookaside: SignatureStore;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** What the image policies of a profile make of an image, and what they went by. */
export interface PolicyFindings {
  /** Undefined when no policy has a say, or all that have one let the image through unseen. */
  readonly judgement: Judgement | undefined;
  /** True for a no that no signature could have changed: nothing was read, and nothing need be. */
  readonly isFinal: boolean;
  readonly warnings: readonly Reason[];
  readonly attempts: readonly Attempt[];
  readonly policies: readonly PolicyResult[];
  readonly examined: readonly ExaminedSignature[];
}

export const NO_SAY: PolicyFindings = {
  judgement: undefined,
  isFinal: false,
  warnings: [],
  attempts: [],
  policies: [],
  examined: [],
};

/** Both have to let the image through. */
export function addFindings(left: PolicyFindings, right: PolicyFindings): PolicyFindings {
  return {
    judgement: combine(left.judgement, right.judgement),
    isFinal: left.isFinal || right.isFinal,
    warnings: [...left.warnings, ...right.warnings],
    attempts: [...left.attempts, ...right.attempts],
    policies: [...left.policies, ...right.policies],
    examined: [...left.examined, ...right.examined],
  };
}

/** The outcome that is furthest from a yes: a no outweighs what is still open. */
function combine(left: Judgement | undefined, right: Judgement | undefined): Judgement | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  const outcomes = [left.outcome, right.outcome];
  const worst = (['rejected', 'indeterminate'] as const).find((outcome) => outcomes.includes(outcome)) ?? 'accepted';
  return { outcome: worst, reasons: [...left.reasons, ...right.reasons] };
}
