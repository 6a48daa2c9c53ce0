import type { Digest } from '../../base/names/digest.ts';
import type { DockerReference } from '../../base/names/docker-reference.ts';
import type { FoundRequirements } from '../../trust/policy/find-requirements.ts';
import type { PolicyRequirement } from '../../trust/policy/policy-requirement.ts';
import type { Attempt, Outcome, Reason } from './verdict.ts';

/** The image in question, as far as signatures can speak of it. */
export interface SignedImage {
  /** As asked for; undefined for an image that has no name, such as a directory. */
  readonly reference: DockerReference | undefined;
  /** Calculated over the manifest's bytes; the reference's own digest has been held against them. */
  readonly digest: Digest;
}

/** What came of one requirement, with its own evidence. */
export interface RequirementResult {
  readonly type: PolicyRequirement['type'];
  /** The requirement in words. */
  readonly requirement: string;
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Reason[];
  readonly attempts: readonly Attempt[];
}

/** What came of all requirements of one scope: every one must be met, and there must be one. */
export interface PolicyEvaluation {
  readonly outcome: Outcome;
  readonly scope: FoundRequirements['scope'];
  /** In the policy's order. */
  readonly requirements: readonly RequirementResult[];
}
