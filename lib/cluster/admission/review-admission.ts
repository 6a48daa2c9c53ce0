import { InputError } from '../../base/errors/input-error.ts';
import { parseJsonBody, type RequestWithBody } from '../../platform/lambda/read-request.ts';
import type { SecretSource } from '../../platform/secrets/secret-source.ts';
import { readClock } from '../../platform/time/deadline.ts';
import { ADMISSION_RESOURCES, type AdmissionResource, isAdmissionResource } from '../objects/admission-kinds.ts';
import { type AdmissionAnswer, answerFailure, deny } from './admission-answer.ts';
import { type AdmissionCredential, type Caller, findCluster } from './admission-credentials.ts';
import type { AdmissionClock } from './admission-deadline.ts';
import { type AdmissionRequest, parseAdmissionReview, requireKind } from './admission-review.ts';
import { type AnswerDependencies, answerReview } from './answer-review.ts';
import { findEnvelope, type ReviewEnvelope } from './review-envelope.ts';

export interface ReviewDependencies extends AnswerDependencies {
  /** Undefined when none are configured: then every caller is denied. */
  readonly clusters: SecretSource<readonly AdmissionCredential[]> | undefined;
  readonly rate: ReviewRate;
}

interface ReviewRequest extends RequestWithBody {
  /** The last segment of the path, whatever it is. */
  readonly resource: string;
  readonly caller: Caller;
}

export interface ReviewedAdmission {
  readonly envelope: ReviewEnvelope;
  readonly answer: AdmissionAnswer;
  /** Undefined for a caller that is not known, or while that could not be found out. */
  readonly cluster: string | undefined;
  /** Undefined for one that was not read. */
  readonly review: AdmissionRequest | undefined;
  /** The error behind a denial, for the log. */
  readonly failure?: unknown;
}

/**
 * Bytes of an AdmissionReview: an update sends two objects, each of at most 1.5 MiB in etcd, and half a MiB holds what
 * the API server adds. Beyond that the review is denied unread.
 */
export const MAX_ADMISSION_BYTES = 3.5 * 1024 * 1024;

/**
 * Answers one request of an API server: finds out who asks, parses the body, then decides within the deadline. Whatever
 * is wrong, with the caller, the path, the length or the content, is a denial, for the API server would take any other
 * answer for a webhook that is down. The body of a caller who is not known is not parsed.
 *
 * @throws InputError for a body without a uid: there is nothing to answer to
 */
export async function reviewAdmission(
  request: ReviewRequest,
  clock: AdmissionClock,
  dependencies: ReviewDependencies,
): Promise<ReviewedAdmission> {
  const envelope = findEnvelope(request);
  if (envelope === undefined) {
    throw new InputError('BodyInvalid', 'the body is not an AdmissionReview: it has no request.uid');
  }
  const { clusters, rate, ...others } = dependencies;
  const failed = (failure: unknown, cluster: string | undefined): ReviewedAdmission => {
    return { envelope, answer: answerFailure(failure), cluster, review: undefined, failure };
  };
  let credentials: readonly AdmissionCredential[];
  try {
    credentials = (await clock.within(clusters?.read() ?? Promise.resolve([]))) ?? [];
  } catch (error) {
    // Without credentials every caller is denied.
    return failed(error, undefined);
  }
  const found = findCluster(request.caller, credentials);
  if (found === undefined) return { envelope, answer: UNKNOWN_CALLER, cluster: undefined, review: undefined };
  const { cluster, profile } = found;
  if (!rate.take(cluster)) return { envelope, answer: TOO_MANY, cluster, review: undefined };
  let asked: { readonly resource: AdmissionResource; readonly review: AdmissionRequest };
  try {
    asked = readReview(request);
  } catch (error) {
    return failed(error, cluster);
  }
  const { answer, failure } = await answerReview({ ...asked, cluster, profile, clock }, others);
  return { envelope, answer, cluster, review: asked.review, ...(failure === undefined ? {} : { failure }) };
}

const UNKNOWN_CALLER = deny(
  401,
  'denied because Signet does not know who asks: the path, the certificate or the address of the webhook is wrong',
);
const TOO_MANY = deny(429, 'denied because this cluster asks too often; retry in a minute');

/** @throws InputError */
function readReview({ resource, ...request }: ReviewRequest) {
  if (!isAdmissionResource(resource)) {
    const known = ADMISSION_RESOURCES.join(', ');
    throw new InputError(
      'BodyInvalid',
      `there is no webhook ${JSON.stringify(resource.slice(0, 64))}; known: ${known}`,
    );
  }
  const review = parseAdmissionReview(parseJsonBody(request, MAX_ADMISSION_BYTES));
  requireKind(resource, review);
  return { resource, review };
}

/** Reviews of one cluster a second over a longer time, and at once. */
const REVIEWS_PER_SECOND = 200;
const MAX_REVIEWS_AT_ONCE = 5000;
/** Clusters whose reviews are counted; the secret bounds them far below. */
const MAX_COUNTED = 10_000;

/** Counts the reviews of each cluster in this process. */
interface ReviewRate {
  /** Whether one more review of the cluster is decided. */
  readonly take: (cluster: string) => boolean;
}

/**
 * Bounds what a stolen token can do: each decision contacts stores and writes a record.
 *
 * @param now milliseconds of a clock that never goes back
 */
export function createReviewRate(now: () => number = readClock): ReviewRate {
  const left = new Map<string, { readonly reviews: number; readonly at: number }>();
  return {
    take(cluster) {
      const at = now();
      const known = left.get(cluster) ?? { reviews: MAX_REVIEWS_AT_ONCE, at };
      const refilled = Math.min(MAX_REVIEWS_AT_ONCE, known.reviews + ((at - known.at) / 1000) * REVIEWS_PER_SECOND);
      if (left.size >= MAX_COUNTED) left.clear();
      left.set(cluster, { reviews: Math.max(0, refilled - 1), at });
      return refilled >= 1;
    },
  };
}
