import type { ReasonCode } from '../../base/errors/reason-code.ts';
import type { Digest } from '../../base/names/digest.ts';
import { type Evidence, judgeRequirement, type RequirementResult } from './judge.ts';
import { allOf } from './outcome.ts';
import type { Requirement } from './requirement.ts';
import type { Reason } from './verdict.ts';

/** One of the images that stand for what was asked for, with its evidence. */
export interface ImageEvidence {
  readonly digest: Digest;
  /** The platforms whose nodes run it; undefined for what is no image of an index. */
  readonly platforms: readonly string[] | undefined;
  readonly evidence: Evidence;
}

/**
 * The result of one requirement over all images that nodes would run: every one of them has to satisfy it. No image at all
 * is a rejection.
 */
export function judgeOverImages(requirement: Requirement, images: readonly ImageEvidence[]): RequirementResult {
  const results = images.map((image) => ({ image, result: judgeRequirement(requirement, image.evidence) }));
  const [first] = results;
  if (first !== undefined && results.length === 1 && first.image.platforms === undefined) return first.result;
  const reasons = results.flatMap(({ image, result }) => result.reasons.map((reason) => ({ image, reason })));
  return {
    type: requirement.type,
    requirement: requirement.description,
    outcome: allOf(results.map(({ result }) => result.outcome)),
    reasons: first === undefined ? [NO_IMAGE] : mergeByCode(reasons),
    warnings: first?.result.warnings ?? [],
    attempts: results.flatMap(({ result }) => result.attempts),
  };
}

const NO_IMAGE: Reason = { code: 'PolicyRejects', message: 'there is no image that could satisfy the requirement' };

interface ImageReason {
  readonly image: Pick<ImageEvidence, 'digest' | 'platforms'>;
  readonly reason: Reason;
}

/** One reason for each code, with the first image that it is about and the number of the others. */
function mergeByCode(found: readonly ImageReason[]): readonly Reason[] {
  const byCode = new Map<ReasonCode, ImageReason[]>();
  for (const each of found) {
    const same = byCode.get(each.reason.code);
    if (same === undefined) byCode.set(each.reason.code, [each]);
    else same.push(each);
  }
  return [...byCode.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const { image, reason } = first;
    const name = image.platforms === undefined ? image.digest : `${image.platforms.join(', ')} (${image.digest})`;
    const more = others.length === 0 ? '' : `; ${others.length} more of its images have the same fault`;
    return [{ ...reason, message: `${name}: ${reason.message}${more}` }];
  });
}
