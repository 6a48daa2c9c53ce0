import { parseJsonBody, type RequestWithBody } from '../../platform/lambda/request-body.ts';
import type { SecretSource } from '../../platform/secrets/secret-source.ts';
import type { AdmissionResource } from '../render/admission-kinds.ts';
import { type AdmissionAnswer, answerFailure } from './admission-answer.ts';
import { type AdmissionCredential, findCluster } from './admission-credentials.ts';
import type { AdmissionClock } from './admission-deadline.ts';
import { type AdmissionRequest, parseAdmissionReview } from './admission-review.ts';
import { type AnswerDependencies, answerReview } from './answer-review.ts';

export interface ReviewDependencies extends AnswerDependencies {
  readonly clusters: SecretSource<readonly AdmissionCredential[]>;
}

export interface ReviewRequest extends RequestWithBody {
  readonly resource: AdmissionResource;
  /** The path segment before the resource. */
  readonly token: string | undefined;
}

export interface ReviewedAdmission {
  readonly review: AdmissionRequest;
  readonly answer: AdmissionAnswer;
  /** Undefined when the credentials could not be read, so that the token could not be checked. */
  readonly cluster: string | undefined;
  /** The error behind a denial, for the log. */
  readonly failure?: unknown;
}

/** Bytes of an AdmissionReview: an object in etcd has at most 1.5 MiB, and an update sends two. */
export const MAX_ADMISSION_BYTES = 3 * 1024 * 1024;

/**
 * Answers one request of an API server: checks the token, parses the body, then decides within the deadline. The body
 * is not parsed before the token is accepted. Afterwards every failure, the deadline included, is a denial.
 *
 * @returns undefined for a token that is not accepted
 * @throws InputError for a body that is not an AdmissionReview: without a uid there is no answer
 */
export async function reviewAdmission(
  { resource, token, ...request }: ReviewRequest,
  { within, remainingMs, signal }: AdmissionClock,
  { clusters, ...dependencies }: ReviewDependencies,
): Promise<ReviewedAdmission | undefined> {
  const credentials = await settle(within(clusters.read()));
  if (credentials.kind === 'failed') {
    // Without credentials every caller is denied.
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
