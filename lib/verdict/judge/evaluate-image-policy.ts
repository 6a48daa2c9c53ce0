import type { FoundRequirements } from '../../trust/policy/find-requirements.ts';
import type { PolicyKeyrings } from '../../trust/policy/requirement-check.ts';
import type { UntrustedSignature } from './evaluate-image-signature.ts';
import { type ImageReading, judgeRequirement } from './judge-requirement.ts';
import type { Judgement } from './judge-signatures.ts';
import { considerSignature, type RequirementProgress, startRequirement } from './requirement-progress.ts';
import type { PolicyEvaluation, RequirementResult, SignedImage } from './requirement-result.ts';
import type { Attempt, Outcome } from './verdict.ts';

/** What an evaluation goes by: an image, or why it could not be read, and all that was found beside it. */
export interface ImageEvidence {
  readonly image: SignedImage | Judgement;
  readonly signatures: readonly UntrustedSignature[];
  readonly attempts?: readonly Attempt[];
  /** True when a place that failed could have held a signature. */
  readonly storeFailed?: boolean;
}

/**
 * Holds an image against all requirements of its scope. Nothing is thrown for an image that does not meet them.
 *
 * @param now seconds since 1970
 */
export function evaluateImagePolicy(
  { requirements, scope }: FoundRequirements,
  { image, signatures, attempts = [], storeFailed = false }: ImageEvidence,
  keyrings: PolicyKeyrings,
  now: number,
): PolicyEvaluation {
  const fault = 'outcome' in image ? image : undefined;
  const progress = requirements.map((requirement) => {
    const started = startRequirement(requirement, keyrings);
    if ('outcome' in image) return started;
    return signatures.reduce((earlier, signature) => considerSignature(earlier, signature, image, now), started);
  });
  return concludeEvaluation(scope, progress, { attempts, storeFailed, fault });
}

/** The results of requirements whose signatures were considered one by one. */
export function concludeEvaluation(
  scope: FoundRequirements['scope'],
  progress: readonly RequirementProgress[],
  reading: ImageReading,
): PolicyEvaluation {
  const requirements = progress.map((each) => judgeRequirement(each, reading));
  return { outcome: combineOutcomes(requirements), scope, requirements };
}

/** Accepted by all, of which there must be one; a no is a no whatever else is still open. */
function combineOutcomes(results: readonly RequirementResult[]): Outcome {
  const count = (wanted: Outcome): number => results.filter(({ outcome }) => outcome === wanted).length;
  if (results.length === 0 || count('rejected') > 0) return 'rejected';
  return count('accepted') === results.length ? 'accepted' : 'indeterminate';
}
