import { coversRepository } from '../image-policy/covers-repository.ts';
import type { Digest } from '../pullspec/digest.ts';
import type { Repository } from '../pullspec/repository.ts';
import type { SignatureStore } from '../signatures/signature-store.ts';
import type { ConfiguredImagePolicy, PreparedTrust } from '../trust/prepared-trust.ts';
import type { Judgement } from '../verification/judge-signatures.ts';
import type { Attempt, PolicyResult, Reason } from '../verification/verdict.ts';
import type { ExaminedSignature } from './collect-signatures.ts';
import { evaluatePolicyAt, isRefused, type PolicyStart, refuse, startPolicyAt } from './evaluate-policy-at.ts';
import { type ReadyPolicy, toReadyClusterPolicy, toReadyPolicy } from './ready-policy.ts';

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

export interface PolicyQuestion {
  readonly repository: Repository;
  readonly digest: Digest;
  readonly prepared: PreparedTrust;
  /** Asked for the signatures of a repository's image; not touched unless a requirement asks for one. */
  readonly lookaside: SignatureStore;
  readonly now: Date;
  readonly signal: AbortSignal;
}

const NO_SAY: PolicyFindings = {
  judgement: undefined,
  isFinal: false,
  warnings: [],
  attempts: [],
  policies: [],
  examined: [],
};

/**
 * Holds an image against the image policies that cover it, as a node would that pulls it by digest. A policy that this
 * version cannot evaluate leaves the verdict open: it is never taken for a yes. Nor is one that accepts anything: an
 * accepted image rests on a signature.
 *
 * @throws the abort reason of the signal
 */
export async function evaluateImagePolicies(question: PolicyQuestion): Promise<PolicyFindings> {
  const { repository, prepared } = question;
  if (prepared.require === 'openpgp') return NO_SAY;
  // A node judges a mirrored pull by the repository that it mirrors.
  const isCanonical = prepared.canonicalRepositories.includes(repository);
  const others = isCanonical ? [] : prepared.canonicalRepositories;
  const covering = prepared.imagePolicies.filter((policy) =>
    [repository, ...others].some((name) => coversRepository(policy, name)),
  );
  let findings = NO_SAY;
  const files = covering.filter(({ kind }) => kind === 'policy.json');
  for (const policy of files) {
    findings = add(findings, await evaluatePolicy(toReadyPolicy(prepared, policy), [policy], question, others));
  }
  // Of all of a cluster's image policies together, the most specific scope counts.
  const ofCluster = covering.filter(({ kind }) => kind !== 'policy.json');
  if (ofCluster.length === 0) return findings;
  return add(findings, await evaluatePolicy(toReadyClusterPolicy(prepared), ofCluster, question, others));
}

/** What is pulled from elsewhere must be let through under its own name, and under one that it could stand for. */
async function evaluatePolicy(
  ready: ReadyPolicy | undefined,
  policies: readonly ConfiguredImagePolicy[],
  question: PolicyQuestion,
  others: readonly Repository[],
): Promise<PolicyFindings> {
  if (ready === undefined) return notEvaluated(policies);
  const own = startPolicyAt(ready, question.repository, question);
  const stands = others.map((repository) => startPolicyAt(ready, repository, question));
  // Before anything is read.
  if (isRefused(own)) return refuse(own);
  const [first] = stands;
  if (first !== undefined && stands.every(isRefused)) return refuse(first);
  const findings = await evaluatePolicyAt(own, question);
  return first === undefined ? findings : add(findings, await evaluateAny(stands, question));
}

/** One yes is enough. What is still open outweighs a no: it may have been the one. */
async function evaluateAny(stands: readonly PolicyStart[], question: PolicyQuestion): Promise<PolicyFindings> {
  const tried: PolicyFindings[] = [];
  for (const start of stands) {
    const findings = isRefused(start) ? refuse(start) : await evaluatePolicyAt(start, question);
    tried.push(findings);
    if (findings.judgement === undefined || findings.judgement.outcome === 'accepted') break;
  }
  const last = tried.at(-1);
  const isYes = last?.judgement === undefined || last.judgement.outcome === 'accepted';
  const closest = isYes ? last : (tried.find(({ judgement }) => judgement?.outcome === 'indeterminate') ?? tried[0]);
  const all = tried.reduce(add, NO_SAY);
  return {
    ...all,
    judgement: closest?.judgement,
    isFinal: false,
    warnings: closest?.warnings ?? [],
  };
}

function add(left: PolicyFindings, right: PolicyFindings): PolicyFindings {
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

/** Published by an earlier version, which carried policies whole and unread. */
function notEvaluated(policies: readonly ConfiguredImagePolicy[]): PolicyFindings {
  const documents = policies.map(({ document }) => document).join(', ');
  const reason: Reason = {
    code: 'PolicyNotEvaluated',
    message: `${documents} covers this image, and the profile’s trust was published without what it needs`,
    remedy: 'publish the trust of the profile again: a version that did not evaluate policies made it',
  };
  return { ...NO_SAY, judgement: { outcome: 'indeterminate', reasons: [reason] } };
}
