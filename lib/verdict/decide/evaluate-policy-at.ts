import type { Repository } from '../../base/names/repository.ts';
import type { SignatureKind } from '../../stores/port/signature-store.ts';
import { findRequirements } from '../../trust/policy/find-requirements.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { ReadyPolicy } from '../../trust/source/ready-policy.ts';
import { concludeEvaluation } from '../judge/evaluate-image-policy.ts';
import { judgeRequirement } from '../judge/judge-requirement.ts';
import type { Judgement } from '../judge/judge-signatures.ts';
import { type RequirementProgress, startRequirement } from '../judge/requirement-progress.ts';
import type { PolicyEvaluation, RequirementResult, SignedImage } from '../judge/requirement-result.ts';
import type { PolicyResult, Reason } from '../judge/verdict.ts';
import { type ConsideredSignatures, considerSignatures } from './consider-signatures.ts';
import { addFindings, NO_SAY, type PolicyFindings, type PolicyQuestion } from './policy-findings.ts';

/** One policy.json and one name of the image: nothing has been read yet. */
export interface PolicyStart {
  /** `repository@digest` */
  readonly name: string;
  /** What has the say under this name; all of a kind, where none has. */
  readonly document: string;
  readonly repository: Repository;
  readonly image: SignedImage;
  readonly scope: PolicyEvaluation['scope'];
  readonly requirements: readonly RequirementProgress[];
}

export function startPolicyAt(
  { policy, keyrings, sigstore, document, documents }: ReadyPolicy,
  repository: Repository,
  { digest }: Pick<PolicyQuestion, 'digest'>,
): PolicyStart {
  const reference = { name: repository, tag: undefined, digest };
  const { requirements, scope } = findRequirements(policy, { transport: 'docker', reference });
  const named = new Set(requirements.flatMap((requirement) => documents.get(requirement) ?? []));
  return {
    name: `${repository}@${digest}`,
    document: named.size === 0 ? document : [...named].join(', '),
    repository,
    image: { reference, digest },
    scope,
    requirements: requirements.map((requirement) => startRequirement(requirement, keyrings, sigstore)),
  };
}

/** Whether the policy rejects the image whatever signatures it has. */
export function isRefused({ requirements }: PolicyStart): boolean {
  // With a store that failed, all that a signature could still meet is left open.
  const open = { attempts: [], storeFailed: true };
  return requirements.length === 0 || requirements.some((each) => judgeRequirement(each, open).outcome === 'rejected');
}

/** What a policy says of an image that it rejects whatever it is. Nothing is read for it. */
export function refuse(start: PolicyStart): PolicyFindings {
  const evaluation = concludeEvaluation(start.scope, start.requirements, {
    attempts: [],
    storeFailed: false,
    fault: { outcome: 'indeterminate', reasons: [NOT_LOOKED_AT] },
  });
  const reasons = evaluation.requirements.flatMap((result) => (result.outcome === 'rejected' ? result.reasons : []));
  return {
    ...NO_SAY,
    judgement: { outcome: 'rejected', reasons },
    isFinal: true,
    policies: [toPolicyResult(start, evaluation)],
  };
}

/**
 * Holds the image against the requirements of all policies for one name. Its signatures are read once for all of them:
 * every policy sees the same ones, and a record can be decided again. That a policy accepts anything, or by signatures
 * of a kind that the profile does not go by, is no yes: it is a warning, and leaves the yes to others.
 *
 * @param starts of one name
 * @throws the abort reason of the signal
 */
export async function evaluatePolicyAt(
  starts: readonly PolicyStart[],
  question: PolicyQuestion,
): Promise<PolicyFindings> {
  const [first] = starts;
  if (first === undefined) return NO_SAY;
  const { name, repository, image } = first;
  const { digest, prepared, lookaside, now, signal } = question;
  const requirements = starts.flatMap((start) => start.requirements);
  const kinds = wantedKinds(requirements);
  const read = () => lookaside.fetchSignatures({ digest, repository, kinds }, signal);
  const considered = await considerSignatures(requirements, image, read, now);
  const findings = starts.map((start, index) => {
    const from = starts.slice(0, index).reduce((sum, earlier) => sum + earlier.requirements.length, 0);
    const progress = considered.progress.slice(from, from + start.requirements.length);
    return concludeAt(start, { ...considered, progress }, prepared);
  });
  const attempts = [...considered.progress.flatMap((each) => each.attempts), ...considered.attempts];
  return {
    ...findings.reduce(addFindings, NO_SAY),
    attempts: attempts.map((attempt) => ({ ...attempt, image: name })),
    examined: considered.examined.map(({ store, location, untrustedBytes: bytes }) => ({
      store,
      location,
      image: name,
      bytes,
    })),
  };
}

function concludeAt(
  start: PolicyStart,
  { progress, attempts, storeFailed }: ConsideredSignatures,
  prepared: PreparedTrust,
): PolicyFindings {
  const evaluation = concludeEvaluation(start.scope, progress, { attempts, storeFailed });
  const isUnvouched = evaluation.outcome === 'accepted' && !evaluation.requirements.some(vouchesFor(prepared));
  return {
    ...NO_SAY,
    judgement: isUnvouched ? undefined : toJudgement(evaluation),
    warnings: isUnvouched ? [toWarning(start.document, start.name, evaluation)] : [],
    policies: [toPolicyResult(start, evaluation)],
  };
}

/** The kinds of signatures that could still meet a requirement. */
function wantedKinds(requirements: readonly RequirementProgress[]): readonly SignatureKind[] {
  return [...new Set(requirements.flatMap(({ check }) => check?.kind ?? []))];
}

/** A requirement whose yes rests on a signature, of the kind that the profile goes by. */
function vouchesFor({ require }: PreparedTrust): (result: RequirementResult) => boolean {
  return ({ type, outcome }) =>
    outcome === 'accepted' && (type === 'sigstoreSigned' || (type === 'signedBy' && require !== 'sigstore'));
}

function toJudgement({ outcome, requirements }: PolicyEvaluation): Judgement {
  return { outcome, reasons: requirements.flatMap(({ reasons }) => reasons) };
}

function toPolicyResult({ document, name, scope }: PolicyStart, evaluation: PolicyEvaluation): PolicyResult {
  return {
    document,
    image: name,
    scope: scope === 'default' ? scope : `${scope.transport}:${scope.scope}`,
    outcome: evaluation.outcome,
    requirements: evaluation.requirements.map(({ requirement, outcome, reasons }) => ({
      requirement,
      outcome,
      reasons,
    })),
  };
}

function toWarning(document: string, image: string, { requirements }: PolicyEvaluation): Reason {
  if (requirements.some(({ type }) => type === 'signedBy')) {
    return {
      code: 'PolicyNotEvaluated',
      message: `${document} asks for OpenPGP signatures of ${image} alone, and the profile says require: sigstore`,
      remedy: 'name a Sigstore root of trust in the policy, or set require: configured in the Profile',
    };
  }
  return {
    code: 'PolicyNotEvaluated',
    message: `${document} accepts ${image} whatever it is: it vouches for nothing`,
    remedy: 'name the keys that sign these images in a signedBy requirement',
  };
}

const NOT_LOOKED_AT: Reason = {
  code: 'PolicyNotEvaluated',
  message: 'not looked at: another requirement rejects the image whatever it is',
};
