import { parseJsonBody, type RequestWithBody } from '../../platform/lambda/request-body.ts';
import type { SecretSource } from '../../platform/secrets/secret-source.ts';
import type { AdmissionResource } from '../render/admission-kinds.ts';
import type { AdmissionAnswer } from './admission-answer.ts';
import { type AdmissionCredential, findCluster } from './admission-credentials.ts';
import type { AdmissionClock } from './admission-deadline.ts';
import { type AdmissionRequest, parseAdmissionReview } from './admission-review.ts';
import { answerFailure } from './answer-failure.ts';
import { type AnswerDependencies, answerReview } from './answer-review.ts';

export interface ReviewDependencies extends AnswerDependencies {
  readonly clusters: SecretSource<readonly AdmissionCredential[]>;
}

export interface ReviewRequest extends RequestWithBody {
  readonly resource: AdmissionResource;
  /** The segment of the path before the resource. */
  readonly token: string | undefined;
}

export interface ReviewedAdmission {
  readonly review: AdmissionRequest;
  readonly answer: AdmissionAnswer;
  /** Undefined when it could not be told whose token it was. */
  readonly cluster: string | undefined;
  /** What was made a denial of, for the log. */
  readonly failure?: unknown;
}

/** Bytes of an AdmissionReview: etcd holds objects of 1.5 MiB, and an update brings two. */
export const MAX_ADMISSION_BYTES = 3 * 1024 * 1024;

/**
 * Answers one request of an API server, once it has proved which cluster's it is: the body is not parsed before. From
 * then on every failure is a denial, and so is a time that is up.
 *
 * @returns undefined for a token that is not accepted
 * @throws InputError for a body that is no AdmissionReview: it has no uid to answer with
 */
export async function reviewAdmission(
  { resource, token, ...request }: ReviewRequest,
  { within, remainingMs, signal }: AdmissionClock,
  { clusters, ...dependencies }: ReviewDependencies,
): Promise<ReviewedAdmission | undefined> {
  const credentials = await settle(within(clusters.read()));
  if (credentials.kind === 'failed') {
    // Whoever it is, the answer is no.
    return toDenied(readReview(request), undefined, credentials.failure);
  }
  const found = findCluster(token, credentials.value);
  if (found === undefined) return undefined;
  const { cluster, profile } = found;
  const review = readReview(request);
  const answered = await settle(within(answerReview({ resource, profile, review, remainingMs, signal }, dependencies)));
  if (answered.kind === 'failed') return toDenied(review, cluster, answered.failure);
  return { review, cluster, answer: answered.value };
}

function readReview(request: RequestWithBody): AdmissionRequest {
  return parseAdmissionReview(parseJsonBody(request, MAX_ADMISSION_BYTES));
}

function toDenied(review: AdmissionRequest, cluster: string | undefined, failure: unknown): ReviewedAdmission {
  return { review, cluster, answer: answerFailure(failure), failure };
}

type Settled<T> = { readonly kind: 'done'; readonly value: T } | { readonly kind: 'failed'; readonly failure: unknown };

async function settle<T>(promise: Promise<T>): Promise<Settled<T>> {
  try {
    return { kind: 'done', value: await promise };
  } catch (failure) {
    return { kind: 'failed', failure };
  }
}
