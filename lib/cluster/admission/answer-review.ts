import { parsePullspec } from '../../base/names/pullspec.ts';
import { isStale, type ReadyTrust } from '../../trust/source/ready-trust.ts';
import type { TrustSource } from '../../trust/source/trust-source.ts';
import { requireForceAllowed } from '../../verdict/decide/force.ts';
import { evaluatePullspec } from '../../verdict/judge/evaluate-pullspec.ts';
import type { Reason } from '../../verdict/judge/verdict.ts';
import { ADMISSION_KINDS, type AdmissionResource } from '../render/admission-kinds.ts';
import { type AdmissionAnswer, admit, deny } from './admission-answer.ts';
import type { AdmissionQuestion, AskedImage } from './admission-question.ts';
import type { AdmissionRequest } from './admission-review.ts';
import { type AdmissionDecisionDependencies, type AdmissionImageRequest, decideAdmission } from './decide-admission.ts';
import { describeReason } from './describe-reason.ts';
import { answerAsHive } from './hive-image-set.ts';
import { readQuestion } from './read-question.ts';
import { toAnswer } from './to-answer.ts';

export interface AnswerDependencies extends AdmissionDecisionDependencies {
  readonly trust: TrustSource;
}

/** Who asks, and until when. */
export interface AnswerRequest extends Pick<AdmissionImageRequest, 'remainingMs' | 'signal'> {
  readonly resource: AdmissionResource;
  readonly profile: string | undefined;
  readonly review: AdmissionRequest;
}

/**
 * Decides as Hive and the cluster-version operator would, ahead of them. What cannot be decided is an error, which
 * `answerFailure` makes a denial of.
 *
 * @throws InputError, ConfigurationError, StoreError
 */
export async function answerReview(request: AnswerRequest, dependencies: AnswerDependencies): Promise<AdmissionAnswer> {
  const { resource, review, profile } = request;
  // As Hive does: what a webhook was not made for is not judged, and here it says so.
  if (!isOfKind(resource, review)) return admit([`nothing was checked: this is the webhook of ${resource} alone`]);
  const question = readQuestion(resource, review);
  if (question.kind === 'nothing') return admit();
  const trust = await dependencies.trust.read(profile);
  if (resource === 'clusterimagesets') {
    const asHive = answerAsHive(onlyImage(question), trust.prepared.verification === 'enabled');
    if (!asHive.allowed) return asHive;
  }
  if (trust.prepared.verification === 'disabled') return answerUnverified(question, trust, dependencies.now());
  return question.kind === 'unresolved'
    ? answerUnresolved(question, trust)
    : await answerImages(question, trust, request, dependencies);
}

async function answerImages(
  { images, force }: Extract<AdmissionQuestion, { kind: 'images' }>,
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

/** Not to be told from an update that cannot be verified; force covers both. @throws InputError `ForceNotAllowed` */
function answerUnresolved(
  { path, message, force }: Extract<AdmissionQuestion, { kind: 'unresolved' }>,
  { prepared }: ReadyTrust,
): AdmissionAnswer {
  if (!force) return deny(403, `${path}: ${message}`);
  requireForceAllowed(prepared);
  return admit([`admitted because the update is forced, though ${message}`]);
}

/**
 * With `verification: disabled` Hive admits whatever can be read. What the pullspec policy would have said is told.
 * Trust that is too old may have been enabled since.
 *
 * @throws InputError `PullspecInvalid`, `DigestInvalid`
 */
function answerUnverified(
  question: Exclude<AdmissionQuestion, { kind: 'nothing' }>,
  trust: ReadyTrust,
  now: Date,
): AdmissionAnswer {
  const { prepared } = trust;
  if (isStale(trust, now)) {
    return deny(
      503,
      `the trust of profile ${prepared.profile} was last refreshed on ${trust.refreshedAt.toISOString()}`,
    );
  }
  const nothing = `nothing was verified: profile ${prepared.profile} says verification: disabled`;
  if (question.kind === 'unresolved') return admit([nothing]);
  const reasons = question.images.flatMap(({ image }): readonly Reason[] => {
    const { reasons: found, warnings } = evaluatePullspec(parsePullspec(image), prepared);
    return [...found, ...warnings];
  });
  return admit([nothing, ...reasons.map(describeReason)]);
}

function isOfKind(name: AdmissionResource, { resource }: AdmissionRequest): boolean {
  const { group, version } = ADMISSION_KINDS[name];
  return resource.group === group && resource.version === version && resource.resource === name;
}

function onlyImage(question: Exclude<AdmissionQuestion, { kind: 'nothing' }>): string {
  const images: readonly AskedImage[] = question.kind === 'images' ? question.images : [];
  return images[0]?.image ?? '';
}
