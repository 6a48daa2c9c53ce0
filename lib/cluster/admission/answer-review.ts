import { parsePullspec } from '../../base/names/reference.ts';
import type { TrustSource } from '../../trust/source/trust-source.ts';
import { isStale, type ReadyTrust } from '../../trust/source/trust-source.ts';
import { requireForceAllowed } from '../../verdict/decide/force.ts';
import { evaluatePullspec } from '../../verdict/judge/evaluate-pullspec.ts';
import type { Reason, Verdict } from '../../verdict/judge/verdict.ts';
import { ADMISSION_KINDS, type AdmissionResource } from '../render/admission-kinds.ts';
import { type AdmissionAnswer, admit, deny, describeReason } from './admission-answer.ts';
import type { AdmissionRequest } from './admission-review.ts';
import {
  type AdmissionDecision,
  type AdmissionDecisionDependencies,
  type AdmissionImageRequest,
  decideAdmission,
} from './decide-admission.ts';
import { answerAsHive } from './hive-image-set.ts';
import { type RequestedImage, type RequestedImages, readRequestedImages } from './requested-images.ts';

export interface AnswerDependencies extends AdmissionDecisionDependencies {
  readonly trust: TrustSource;
}

/** One review, the profile that decides it, and the time that is left for it. */
interface AnswerRequest extends Pick<AdmissionImageRequest, 'remainingMs' | 'signal'> {
  readonly resource: AdmissionResource;
  readonly profile: string | undefined;
  readonly review: AdmissionRequest;
}

/**
 * Decides a review before Hive or the cluster-version operator acts on it: by Hive's own rule, by the pullspec policy,
 * then by signatures. Whatever prevents a decision is thrown; `answerFailure` turns it into a denial.
 *
 * @throws InputError, ConfigurationError, StoreError
 */
export async function answerReview(request: AnswerRequest, dependencies: AnswerDependencies): Promise<AdmissionAnswer> {
  const { resource, review, profile } = request;
  // Hive admits other kinds too. Here the warning says that nothing was checked.
  if (!isOfKind(resource, review)) return admit([`nothing was checked: this webhook checks only ${resource}`]);
  const requested = readRequestedImages(resource, review);
  if (requested.kind === 'nothing') return admit();
  const trust = await dependencies.trust.read(profile);
  if (resource === 'clusterimagesets') {
    const asHive = answerAsHive(onlyImage(requested), trust.prepared.verification === 'enabled');
    if (!asHive.allowed) return asHive;
  }
  if (trust.prepared.verification === 'disabled') return answerUnverified(requested, trust, dependencies.now());
  return requested.kind === 'unresolved'
    ? answerUnresolved(requested, trust)
    : await answerImages(requested, trust, request, dependencies);
}

function isOfKind(name: AdmissionResource, { resource }: AdmissionRequest): boolean {
  const { group, version } = ADMISSION_KINDS[name];
  return resource.group === group && resource.version === version && resource.resource === name;
}

function onlyImage(requested: Exclude<RequestedImages, { kind: 'nothing' }>): string {
  const images: readonly RequestedImage[] = requested.kind === 'images' ? requested.images : [];
  return images[0]?.image ?? '';
}

/**
 * With `verification: disabled` every valid pullspec is admitted, as Hive does; what the pullspec policy finds becomes
 * warnings. Stale trust denies: verification may have been enabled since.
 *
 * @throws InputError `PullspecInvalid`, `DigestInvalid`
 */
function answerUnverified(
  requested: Exclude<RequestedImages, { kind: 'nothing' }>,
  trust: ReadyTrust,
  now: Date,
): AdmissionAnswer {
  const { prepared } = trust;
  if (isStale(trust, now)) {
    return deny(
      503,
      `the trust of profile ${prepared.profile} is stale: it was last refreshed on ${trust.refreshedAt.toISOString()}`,
    );
  }
  const nothing = `nothing was verified: profile ${prepared.profile} has verification: disabled`;
  if (requested.kind === 'unresolved') return admit([nothing]);
  const reasons = requested.images.flatMap(({ image }): readonly Reason[] => {
    const { reasons: found, warnings } = evaluatePullspec(parsePullspec(image), prepared);
    return [...found, ...warnings];
  });
  return admit([nothing, ...reasons.map(describeReason)]);
}

/** A version without a known image cannot be verified, so force covers it. @throws InputError `ForceNotAllowed` */
function answerUnresolved(
  { path, message, force }: Extract<RequestedImages, { kind: 'unresolved' }>,
  { prepared }: ReadyTrust,
): AdmissionAnswer {
  if (!force) return deny(403, `${path}: ${message}`);
  requireForceAllowed(prepared);
  return admit([`admitted because the update is forced, although ${message}`]);
}

async function answerImages(
  { images, force }: Extract<RequestedImages, { kind: 'images' }>,
  trust: ReadyTrust,
  { review, remainingMs, signal }: AnswerRequest,
  dependencies: AnswerDependencies,
): Promise<AdmissionAnswer> {
  const warnings: string[] = [];
  const recordIds: string[] = [];
  for (const { path, image } of images) {
    const pullspec = parsePullspec(image);
    const request = { pullspec, force, dryRun: review.dryRun, remainingMs, signal };
    const decision = await decideAdmission(request, trust, dependencies);
    const answer = toAnswer({ path, image, force }, decision);
    recordIds.push(...answer.recordIds);
    if (!answer.allowed) return { ...answer, recordIds };
    warnings.push(...answer.warnings);
  }
  return admit(warnings, recordIds);
}

/** The answer for a verdict: whatever is not accepted is denied, with its reasons and remedies. */
function toAnswer(
  { path, image, force }: RequestedImage & { readonly force: boolean },
  decision: AdmissionDecision,
): AdmissionAnswer {
  const recordIds = decision.recordId === undefined ? [] : [decision.recordId];
  if (decision.kind === 'reused') return admit([], recordIds);
  const { verdict } = decision;
  const reasons = verdict.reasons.map(describeReason).join('; ');
  const about = `${path}: ${JSON.stringify(image)}`;
  switch (verdict.outcome) {
    case 'accepted':
      return admit(listWarnings(verdict, force), recordIds);
    case 'rejected':
      return deny(403, `${about} is rejected by profile ${verdict.profile}: ${reasons}`, recordIds);
    case 'indeterminate':
      return deny(503, `${about} could not be decided by profile ${verdict.profile}; retry: ${reasons}`, recordIds);
    default:
      return deny(500, `${about}: unknown outcome ${JSON.stringify(verdict.outcome satisfies never)}`);
  }
}

/** One warning for each reason that force covers, and one for its remedy: API servers cut long warnings. */
function listWarnings({ forced, reasons, warnings }: Verdict, force: boolean): readonly string[] {
  const covered = forced
    ? reasons.flatMap(({ code, message, remedy }) => [
        `admitted because the update is forced, although ${code}: ${message}`,
        ...(remedy === undefined ? [] : [remedy]),
      ])
    : [];
  const needless =
    force && !forced ? ['force is not needed to verify this image, and skips the operator’s other checks'] : [];
  return [...covered, ...needless, ...warnings.map(describeReason)];
}
