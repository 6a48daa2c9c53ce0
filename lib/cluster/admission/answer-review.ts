import { parsePullspec } from '../../base/names/reference.ts';
import { isStale } from '../../trust/prepared/profiles.ts';
import type { ReadyTrust, TrustSource } from '../../trust/source/trust-source.ts';
import { requireForceAllowed } from '../../verdict/decide/force.ts';
import { evaluatePullspec } from '../../verdict/judge/pullspec-policy.ts';
import type { Verdict } from '../../verdict/judge/verdict.ts';
import { ADMISSION_KINDS, type AdmissionResource } from '../objects/admission-kinds.ts';
import { type AdmissionAnswer, admit, answerFailure, deny, listSentences } from './admission-answer.ts';
import type { AdmissionClock } from './admission-deadline.ts';
import type { AdmissionRequest } from './admission-review.ts';
import {
  answerComponent,
  answerOverride,
  answerSetting,
  findSpellingFault,
  type ImageAsking,
} from './answer-component.ts';
import { type AdmissionDecision, type AdmissionDecisionDependencies, decideAdmission } from './decide-admission.ts';
import type { Requested, RequestedImages } from './desired-update.ts';
import { answerAsHive } from './hive-image-set.ts';
import { readRequestedImages } from './requested-images.ts';

export interface AnswerDependencies extends AdmissionDecisionDependencies {
  readonly trust: TrustSource;
}

/** One review, the profile that decides it, and the time that is left for it. */
interface AnswerRequest {
  readonly cluster: string;
  readonly resource: AdmissionResource;
  readonly profile: string | undefined;
  readonly review: AdmissionRequest;
  readonly clock: AdmissionClock;
}

/** The answer, and the error behind a denial. */
export interface Answered {
  readonly answer: AdmissionAnswer;
  readonly failure?: unknown;
}

/**
 * Decides a review before an operator acts on it: by Hive's own rule, by the pullspec policy, then by signatures; and
 * whatever stands beside the release and replaces a part of it. What prevents a decision is a denial.
 */
export async function answerReview(request: AnswerRequest, dependencies: AnswerDependencies): Promise<Answered> {
  const { resource, review, profile, clock } = request;
  let about: string | undefined;
  try {
    const requested = readRequestedImages(resource, review);
    const [first] = requested.items;
    if (first === undefined) return { answer: admit() };
    about = describeItem(first);
    const trust = await clock.within(dependencies.trust.read(profile));
    const warnings: string[] = [];
    const recordIds: string[] = [];
    for (const item of requested.items) {
      about = describeItem(item);
      const answer = await clock.within(answerItem(item, requested, trust, request, dependencies));
      recordIds.push(...answer.recordIds);
      if (!answer.allowed) return { answer: { ...answer, recordIds } };
      warnings.push(...answer.warnings);
    }
    return { answer: admit(warnings, recordIds) };
  } catch (failure) {
    return { answer: answerFailure(failure, about), failure };
  }
}

/** The field, and what it holds. */
function describeItem(item: Requested): string {
  return 'image' in item ? `${item.path}: ${JSON.stringify(item.image)}` : item.path;
}

async function answerItem(
  item: Requested,
  { force }: RequestedImages,
  trust: ReadyTrust,
  { cluster, resource, review, clock }: AnswerRequest,
  dependencies: AnswerDependencies,
): Promise<AdmissionAnswer> {
  const isVerifying = trust.prepared.verification === 'enabled';
  if (resource === 'clusterimagesets' && item.kind === 'release') {
    const asHive = answerAsHive(item.image, isVerifying);
    if (!asHive.allowed) return asHive;
  }
  if (item.kind === 'override') return answerOverride(item);
  if (!isVerifying) return answerUnverified(item, trust, dependencies.now());
  const caller = toCaller(cluster, resource, review);
  switch (item.kind) {
    case 'release':
      return await answerRelease(item, force, trust, { caller, dryRun: review.dryRun, clock }, dependencies);
    case 'component':
      return await answerComponent(item, trust, { caller, dryRun: review.dryRun, clock }, dependencies);
    case 'setting':
      return answerSetting(item, trust, dependencies.now());
    case 'unresolved':
      return answerUnresolved(item, force, trust);
    case 'later':
      return admit([`${item.path}: ${item.message}`]);
    default:
      throw new TypeError(`there is no ${JSON.stringify(item satisfies never)} to decide`);
  }
}

/**
 * With `verification: disabled` every valid pullspec is admitted, as Hive does; what the pullspec policy finds becomes
 * warnings. Stale trust denies: verification may have been enabled since.
 *
 * @throws InputError `PullspecInvalid`, `DigestInvalid`
 */
function answerUnverified(item: Requested, trust: ReadyTrust, now: Date): AdmissionAnswer {
  const { prepared, refreshedAt } = trust;
  if (isStale(trust, now)) {
    const since = `it was last refreshed on ${refreshedAt.toISOString()}`;
    return deny(503, `${describeItem(item)}: the trust of profile ${prepared.profile} is stale: ${since}`);
  }
  const nothing = `nothing was verified: profile ${prepared.profile} has verification: disabled`;
  if (item.kind !== 'release' && item.kind !== 'component') return admit([nothing]);
  const pullspec = parsePullspec(item.image);
  if (item.kind === 'component') return admit([nothing]);
  const { reasons, warnings } = evaluatePullspec(pullspec, prepared);
  return admit([nothing, ...[...reasons, ...warnings].flatMap(listSentences)]);
}

/** A version without a known image cannot be verified, so force covers it. @throws InputError `ForceNotAllowed` */
function answerUnresolved(
  { path, message }: Extract<Requested, { kind: 'unresolved' }>,
  force: boolean,
  { prepared }: ReadyTrust,
): AdmissionAnswer {
  if (!force) return deny(403, `${path}: ${message}`);
  requireForceAllowed(prepared);
  return admit([`${path}: admitted because the update is forced, although ${message}`]);
}

async function answerRelease(
  { path, image }: Extract<Requested, { kind: 'release' }>,
  force: boolean,
  trust: ReadyTrust,
  { caller, dryRun, clock }: ImageAsking,
  dependencies: AnswerDependencies,
): Promise<AdmissionAnswer> {
  const pullspec = parsePullspec(image);
  const { canonicalRepositories, mode } = trust.prepared;
  // Of any other repository the denial names the right one.
  const isCanonical = canonicalRepositories.includes(pullspec.repository);
  const misspelt = isCanonical ? findSpellingFault(pullspec) : undefined;
  const about = `${path}: ${JSON.stringify(image)}`;
  if (misspelt !== undefined && mode === 'enforce') return deny(422, `${about}: ${misspelt}`);
  const { remainingMs, signal } = clock;
  const request = { pullspec, caller, force, dryRun, remainingMs, signal };
  const decision = await decideAdmission(request, trust, dependencies);
  const answer = toAnswer(path, image, force, decision);
  if (misspelt === undefined || !answer.allowed) return answer;
  return admit([...answer.warnings, `${about}: ${misspelt}`], answer.recordIds);
}

/** Characters of one name; users of identity providers can have long ones. */
const MAX_CALLER_LENGTH = 1024;

/** Who asks, and about which object. */
function toCaller(cluster: string, resource: AdmissionResource, review: AdmissionRequest): Record<string, string> {
  const { user, namespace, name, operation } = review;
  const { kind } = ADMISSION_KINDS[resource];
  const named = Object.entries({ cluster, user, kind, namespace, name, operation });
  return Object.fromEntries(
    named.flatMap(([key, text]) => (text === undefined ? [] : [[key, text.slice(0, MAX_CALLER_LENGTH)]])),
  );
}

/** The answer for a verdict: whatever is not accepted is denied, with its reasons and remedies. */
function toAnswer(path: string, image: string, force: boolean, decision: AdmissionDecision): AdmissionAnswer {
  const recordIds = decision.recordId === undefined ? [] : [decision.recordId];
  if (decision.kind === 'reused') return admit([], recordIds);
  const { verdict } = decision;
  const reasons = [...new Set(verdict.reasons.flatMap(listSentences))].join('; ');
  const about = `${path}: ${JSON.stringify(image)}`;
  switch (verdict.outcome) {
    case 'accepted':
      return admit(listWarnings(path, verdict, force), recordIds);
    case 'rejected':
      return deny(403, `${about} is rejected by profile ${verdict.profile}: ${reasons}`, recordIds);
    case 'indeterminate':
      return deny(503, `${about} could not be decided by profile ${verdict.profile}; retry: ${reasons}`, recordIds);
    default:
      return deny(500, `${about}: unknown outcome ${JSON.stringify(verdict.outcome satisfies never)}`);
  }
}

/** What force covers, and what the verdict warns of; each remedy by itself, since clients print one warning a line. */
function listWarnings(path: string, { forced, reasons, warnings }: Verdict, force: boolean): readonly string[] {
  if (forced) {
    // The last warning of a forced verdict repeats its reasons in the operator's words.
    const covered = reasons.flatMap((reason) => {
      const [said, ...remedies] = listSentences(reason);
      return [`${path}: admitted because the update is forced, although ${said}`, ...remedies];
    });
    return [...covered, ...warnings.slice(0, -1).flatMap(listSentences)];
  }
  const needless = force
    ? [`${path}: force is not needed to verify this image, and skips the operator’s other checks`]
    : [];
  return [...needless, ...warnings.flatMap(listSentences)];
}
