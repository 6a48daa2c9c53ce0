import { toAdmissionReview, toOutcome } from '../../lib/cluster/admission/admission-answer.ts';
import { startAdmissionClock } from '../../lib/cluster/admission/admission-deadline.ts';
import {
  type ReviewDependencies,
  type ReviewedAdmission,
  reviewAdmission,
} from '../../lib/cluster/admission/review-admission.ts';
import { isAdmissionResource } from '../../lib/cluster/render/admission-kinds.ts';
import {
  type AnswerHttp,
  type HttpHandler,
  toJsonResponse,
  toNotFoundResponse,
  toProblemDocument,
  wrapHttp,
} from '../../lib/platform/lambda/http-stack.ts';
import { describeError, type Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import { reportFaults } from '../../lib/verdict/decide/request.ts';
import type { Verdict } from '../../lib/verdict/judge/verdict.ts';

export interface Dependencies extends Omit<ReviewDependencies, 'clusters' | 'onVerdict'> {
  /** Undefined when none are configured: then no cluster may ask. */
  readonly clusters: ReviewDependencies['clusters'] | undefined;
  readonly telemetry: Telemetry;
}

/** POST /admission/{token}/{resource}: an API server asks whether an object may name the release that it names. */
export function createHandler({ clusters, telemetry, ...dependencies }: Dependencies): HttpHandler {
  const onVerdict = (verdict: Verdict): void => reportFaults(verdict, telemetry);
  const answer: AnswerHttp = async (event, signal) => {
    const { token, resource = '' } = event.pathParameters ?? {};
    if (!isAdmissionResource(resource) || clusters === undefined) return toNotFoundResponse('there is no such webhook');
    const { timeout } = event.queryStringParameters ?? {};
    const { headers, body, isBase64Encoded } = event;
    const request = { resource, token, headers, body, isBase64Encoded };
    const clock = startAdmissionClock(timeout, event.requestContext.timeEpoch, dependencies.now(), signal);
    try {
      const reviewed = await reviewAdmission(request, clock, { clusters, onVerdict, ...dependencies });
      if (reviewed !== undefined) {
        report(resource, reviewed, telemetry);
        return toJsonResponse(200, toAdmissionReview(reviewed.review.uid, reviewed.answer));
      }
    } finally {
      clock.stop();
    }
    telemetry.count('AdmissionRefused');
    return toProblemDocument(401, 'NotAuthenticated', 'Not authenticated', 'the credentials are not accepted');
  };
  return wrapHttp(answer, telemetry);
}

function report(resource: string, { review, answer: given, cluster, failure }: ReviewedAdmission, to: Telemetry): void {
  const { operation, dryRun } = review;
  const { allowed, recordIds: records } = given;
  const said = given.allowed ? { warnings: given.warnings } : { code: given.code, reason: given.message };
  const error = failure === undefined ? {} : { error: describeError(failure) };
  to.count(`Admission.${toOutcome(given)}`);
  const level = failure === undefined ? 'info' : 'warn';
  to.log(level, 'admission', { cluster, resource, operation, dryRun, allowed, ...said, records, ...error });
}
