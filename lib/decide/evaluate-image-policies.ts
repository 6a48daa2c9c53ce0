import { coversRepository } from '../image-policy/covers-repository.ts';
import { type FoundRequirements, findRequirements } from '../image-policy/find-requirements.ts';
import { concludeEvaluation } from '../image-verification/evaluate-image-policy.ts';
import { type RequirementProgress, startRequirement } from '../image-verification/requirement-progress.ts';
import type { PolicyEvaluation, SignedImage } from '../image-verification/requirement-result.ts';
import { considerSignatures } from '../images/consider-signatures.ts';
import type { Digest } from '../pullspec/digest.ts';
import type { Repository } from '../pullspec/repository.ts';
import type { SignatureStore } from '../signatures/signature-store.ts';
import type { ConfiguredImagePolicy, PreparedTrust } from '../trust/prepared-trust.ts';
import type { Judgement } from '../verification/judge-signatures.ts';
import type { Attempt, PolicyResult, Reason } from '../verification/verdict.ts';
import type { ExaminedSignature } from './collect-signatures.ts';
import { toReadyPolicy } from './ready-policy.ts';

/** What the image policies of a profile make of an image, and what they went by. */
export interface PolicyFindings {
  /** Undefined when no policy has a say, or all that have one let the image through unseen. */
  readonly judgement: Judgement | undefined;
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

const NO_SAY: PolicyFindings = { judgement: undefined, warnings: [], attempts: [], policies: [], examined: [] };

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
  const judged = isCanonical ? [repository] : [repository, ...prepared.canonicalRepositories];
  const covering = prepared.imagePolicies.filter((policy) => judged.some((name) => coversRepository(policy, name)));
  const findings: PolicyFindings[] = [];
  for (const policy of covering) {
    if (policy.kind !== 'policy.json') findings.push(notEvaluated(policy));
    else findings.push(await evaluatePolicy(policy, question, isCanonical));
  }
  return findings.reduce(add, NO_SAY);
}

/** What is pulled from elsewhere must be let through under its own name, and under one that it could stand for. */
async function evaluatePolicy(
  policy: ConfiguredImagePolicy,
  question: PolicyQuestion,
  isCanonical: boolean,
): Promise<PolicyFindings> {
  const own = await evaluateAt(policy, question.repository, question);
  if (isCanonical) return own;
  let closest: PolicyFindings | undefined;
  for (const repository of question.prepared.canonicalRepositories) {
    const one = await evaluateAt(policy, repository, question);
    if (one.judgement?.outcome === 'accepted' || one.judgement === undefined) return add(own, one);
    closest ??= one;
  }
  return closest === undefined ? own : add(own, closest);
}

async function evaluateAt(
  policy: ConfiguredImagePolicy,
  repository: Repository,
  { digest, prepared, lookaside, now, signal }: PolicyQuestion,
): Promise<PolicyFindings> {
  const ready = toReadyPolicy(prepared, policy);
  const reference = { name: repository, tag: undefined, digest };
  const image: SignedImage = { reference, digest };
  const name = `${repository}@${digest}`;
  const { requirements, scope } = findRequirements(ready.policy, { transport: 'docker', reference });
  const started = requirements.map((requirement) => startRequirement(requirement, ready.keyrings));
  const read = () => lookaside.fetchSignatures({ digest, repository }, signal);
  const { progress, attempts, storeFailed, examined } = await considerSignatures(started, image, read, now);
  const evaluation = concludeEvaluation(scope, progress, { attempts, storeFailed });
  const isUnseen = evaluation.outcome === 'accepted' && !progress.some(({ isMet }) => isMet);
  const { document } = policy;
  return {
    judgement: isUnseen ? undefined : toJudgement(evaluation),
    warnings: isUnseen ? [acceptsAnything(document, name)] : [],
    attempts: listAttempts(progress, attempts).map((attempt) => ({ ...attempt, image: name })),
    policies: [toPolicyResult(document, name, scope, evaluation)],
    examined: examined.map(({ store, location, untrustedBytes }) => ({ store, location, bytes: untrustedBytes })),
  };
}

function toJudgement({ outcome, requirements }: PolicyEvaluation): Judgement {
  return { outcome, reasons: requirements.flatMap(({ reasons }) => reasons) };
}

function listAttempts(progress: readonly RequirementProgress[], more: readonly Attempt[]): readonly Attempt[] {
  return [...progress.flatMap(({ attempts }) => attempts), ...more];
}

function toPolicyResult(
  document: string,
  image: string,
  scope: FoundRequirements['scope'],
  { outcome, requirements }: PolicyEvaluation,
): PolicyResult {
  return {
    document,
    image,
    scope: scope === 'default' ? scope : `${scope.transport}:${scope.scope}`,
    outcome,
    requirements: requirements.map((result) => ({
      requirement: result.requirement,
      outcome: result.outcome,
      reasons: result.reasons,
    })),
  };
}

function add(left: PolicyFindings, right: PolicyFindings): PolicyFindings {
  return {
    judgement: combine(left.judgement, right.judgement),
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

function notEvaluated({ kind, name, document }: ConfiguredImagePolicy): PolicyFindings {
  const reason: Reason = {
    code: 'PolicyNotEvaluated',
    message: `${kind} ${name} (${document}) covers this image, and this version of Signet cannot evaluate it`,
    remedy: 'set require: openpgp in the Profile to decide by OpenPGP signatures alone',
  };
  return { ...NO_SAY, judgement: { outcome: 'indeterminate', reasons: [reason] } };
}

function acceptsAnything(document: string, image: string): Reason {
  return {
    code: 'PolicyNotEvaluated',
    message: `${document} accepts ${image} whatever it is: it vouches for nothing`,
    remedy: 'name the keys that sign these images in a signedBy requirement',
  };
}
