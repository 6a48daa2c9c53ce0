import type { ReasonCode } from '../../base/errors/reason-code.ts';
import type { Digest } from '../../base/names/digest.ts';
import { allOf } from './outcome.ts';
import type { Image, Requirement, SignedRequirement } from './requirement.ts';
import type { Attempt, Outcome, Reason } from './verdict.ts';

/** A part of a verdict. */
export interface Judgement {
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
}

/**
 * Several parts of a verdict, of which every one is required. Undefined where there is none: whether that is a rejection is
 * for the caller to say.
 */
export function joinJudgements(judgements: readonly Judgement[]): Judgement | undefined {
  if (judgements.length === 0) return undefined;
  return {
    outcome: allOf(judgements.map(({ outcome }) => outcome)),
    reasons: judgements.flatMap(({ reasons }) => reasons),
  };
}

/** What reading the signatures of an image gave. */
export interface Evidence {
  readonly image: Image;
  /** What each requirement found in signatures, in the order of reading. One without an entry saw no signature. */
  readonly attemptsOf: ReadonlyMap<Requirement, readonly Attempt[]>;
  /** The requirements that a signature satisfies. */
  readonly satisfied: ReadonlySet<Requirement>;
  /** What stores said of themselves: absent or failed. */
  readonly storeAttempts: readonly Attempt[];
  /** True when a store that failed could have held what is missing. */
  readonly storeFailed: boolean;
  /** Set when the image itself could not be read: the result of every requirement that needs a signature. */
  readonly fault?: Judgement | undefined;
}

/** The result of one requirement, with its own evidence. */
export interface RequirementResult extends Judgement {
  readonly type: Requirement['type'];
  /** The requirement in one line. */
  readonly requirement: string;
  readonly warnings: readonly Reason[];
  readonly attempts: readonly Attempt[];
}

/** The result of one requirement once everything was read. What is not proven is not accepted. */
export function judgeRequirement(requirement: Requirement, evidence: Evidence): RequirementResult {
  const { type, description } = requirement;
  const named = { type, requirement: description };
  if (requirement.kind === 'fixed') {
    const { outcome, reasons, warnings } = requirement;
    // An image that is accepted unseen has to be there all the same.
    const judgement = outcome === 'accepted' ? (evidence.fault ?? { outcome, reasons }) : { outcome, reasons };
    return { ...named, ...judgement, warnings, attempts: [] };
  }
  const attempts = [...(evidence.attemptsOf.get(requirement) ?? []), ...evidence.storeAttempts];
  return { ...named, ...judgeSigned(requirement, evidence), warnings: [], attempts };
}

function judgeSigned(requirement: SignedRequirement, evidence: Evidence): Judgement {
  if (evidence.fault !== undefined) return evidence.fault;
  if (evidence.satisfied.has(requirement)) return { outcome: 'accepted', reasons: [] };
  const attempts = evidence.attemptsOf.get(requirement) ?? [];
  const reasons = closestAttempts(attempts).map((attempt) => toReason(attempt, requirement));
  if (evidence.storeFailed) {
    return { outcome: 'indeterminate', reasons: [explainStores(evidence.storeAttempts), ...reasons] };
  }
  return {
    outcome: 'rejected',
    reasons: reasons.length === 0 ? [requirement.explainAbsence(evidence.image)] : reasons,
  };
}

/** Reason codes from the closest to an acceptance to the furthest from it: the order of the reasons in a verdict. */
const CLOSENESS: readonly ReasonCode[] = [
  'StoreUnavailable',
  'KeyringUnsatisfied',
  'RepositoryMismatch',
  'IdentityMismatch',
  'DigestMismatch',
  'PayloadInvalid',
  'SignatureExpired',
  'SignatureFromFuture',
  'KeyExpired',
  'KeyRevoked',
  'KeyNotForSigning',
  'SignatureInvalid',
  'KeyUnknown',
  'SignatureUnsupported',
  'SignatureMalformed',
  'LimitExceeded',
];

type FailedAttempt = Attempt & { readonly code: ReasonCode };

/** The first attempt of each code that a signature can fail with, the closest to an acceptance first. */
function closestAttempts(attempts: readonly Attempt[]): readonly FailedAttempt[] {
  return CLOSENESS.flatMap((code) => {
    const first = attempts.find((attempt) => attempt.code === code);
    return first === undefined ? [] : [{ ...first, code }];
  });
}

function toReason({ code, message }: FailedAttempt, { remedies }: SignedRequirement): Reason {
  const remedy = remedies.get(code);
  return { code, message, ...(remedy === undefined ? {} : { remedy }) };
}

function explainStores(attempts: readonly Attempt[]): Reason {
  const failed = attempts.filter(({ code }) => code === 'StoreUnavailable');
  const [first] = failed;
  const others = failed.length > 1 ? ` and ${failed.length - 1} more` : '';
  return {
    code: 'StoreUnavailable',
    message: `a store that could hold the signature failed: ${first?.location ?? 'unknown'}: ${first?.message ?? 'unknown'}${others}`,
    remedy:
      'retry; if it still fails, make the stores reachable from here, or read a mirror (--store). Private addresses are contacted only where the profile, or --allow-private-stores, allows them',
  };
}

/**
 * The reasons of several results, each code once. "Not signed" is left out beside a reason that says more.
 *
 * @param results of requirements that share their evidence
 */
export function mergeReasons(results: readonly Judgement[]): readonly Reason[] {
  const byCode = new Map<ReasonCode, Reason>();
  for (const reason of results.flatMap(({ reasons }) => reasons)) {
    if (!byCode.has(reason.code)) byCode.set(reason.code, reason);
  }
  const known = CLOSENESS.flatMap((code) => byCode.get(code) ?? []);
  const others = [...byCode.values()].filter(({ code }) => !CLOSENESS.includes(code));
  const telling = others.filter(({ code }) => code !== 'SignatureNotFound');
  return known.length + telling.length === 0 ? others : [...known, ...telling];
}

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
