import { coversRepository } from '../../base/names/covers-repository.ts';
import type { Repository } from '../../base/names/repository.ts';
import type { ConfiguredImagePolicy } from '../../trust/prepared/prepared-trust.ts';
import { type ReadyPolicy, toReadyClusterPolicy, toReadyPolicy } from '../../trust/source/ready-policy.ts';
import type { Reason } from '../judge/verdict.ts';
import { evaluatePolicyAt, isRefused, type PolicyStart, refuse, startPolicyAt } from './evaluate-policy-at.ts';
import { addFindings, NO_SAY, type PolicyFindings, type PolicyQuestion } from './policy-findings.ts';

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
  const files = covering.filter(({ kind }) => kind === 'policy.json');
  // Of all of a cluster's image policies together, the most specific scope counts.
  const ofCluster = covering.filter(({ kind }) => kind !== 'policy.json');
  const covers = [
    ...files.map((policy) => ({ ready: toReadyPolicy(prepared, policy), policies: [policy] })),
    ...(ofCluster.length === 0 ? [] : [{ ready: toReadyClusterPolicy(prepared), policies: ofCluster }]),
  ];
  const findings = await evaluateReady(
    covers.flatMap(({ ready }) => ready ?? []),
    question,
    others,
  );
  return covers
    .filter(({ ready }) => ready === undefined)
    .reduce((all, { policies }) => addFindings(all, notEvaluated(policies)), findings);
}

/**
 * What is pulled from elsewhere must be let through under its own name, and under one that it could stand for: by all
 * policies alike, as on a node that pulls it so.
 */
async function evaluateReady(
  ready: readonly ReadyPolicy[],
  question: PolicyQuestion,
  others: readonly Repository[],
): Promise<PolicyFindings> {
  const startAt = (repository: Repository) => ready.map((policy) => startPolicyAt(policy, repository, question));
  const own = startAt(question.repository);
  const stands = others.map(startAt);
  // Before anything is read.
  const refused = own.find(isRefused) ?? findRefused(stands);
  if (refused !== undefined) return refuse(refused);
  const findings = await evaluatePolicyAt(own, question);
  return stands.length === 0 ? findings : addFindings(findings, await evaluateAny(stands, question));
}

/** The first refusal, where there is one under every name. */
function findRefused(stands: readonly (readonly PolicyStart[])[]): PolicyStart | undefined {
  const refused = stands.flatMap((starts) => starts.find(isRefused) ?? []);
  return refused.length === stands.length ? refused[0] : undefined;
}

/** One name with a yes is enough. What is still open outweighs a no: it may have been the one. */
async function evaluateAny(
  stands: readonly (readonly PolicyStart[])[],
  question: PolicyQuestion,
): Promise<PolicyFindings> {
  const tried: PolicyFindings[] = [];
  for (const starts of stands) {
    const refused = starts.find(isRefused);
    const findings = refused === undefined ? await evaluatePolicyAt(starts, question) : refuse(refused);
    tried.push(findings);
    if (findings.judgement === undefined || findings.judgement.outcome === 'accepted') break;
  }
  const last = tried.at(-1);
  const isYes = last?.judgement === undefined || last.judgement.outcome === 'accepted';
  const closest = isYes ? last : (tried.find(({ judgement }) => judgement?.outcome === 'indeterminate') ?? tried[0]);
  const all = tried.reduce(addFindings, NO_SAY);
  return {
    ...all,
    judgement: closest?.judgement,
    isFinal: false,
    warnings: closest?.warnings ?? [],
  };
}

/** Published by an earlier version, which carried policies unread, or with scopes that are refused now. */
function notEvaluated(policies: readonly ConfiguredImagePolicy[]): PolicyFindings {
  const documents = policies.map(({ document }) => document).join(', ');
  const reason: Reason = {
    code: 'PolicyNotEvaluated',
    message: `${documents} covers this image and cannot be evaluated as the profile’s trust was published`,
    remedy: 'publish the trust of the profile again: an earlier version of Signet made it',
  };
  return { ...NO_SAY, judgement: { outcome: 'indeterminate', reasons: [reason] } };
}
