import { X509Certificate } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { toAdmissionReview, toOutcome } from '../../lib/cluster/admission/admission-answer.ts';
import { startAdmissionClock } from '../../lib/cluster/admission/admission-deadline.ts';
import {
  type ReviewDependencies,
  type ReviewedAdmission,
  reviewAdmission,
} from '../../lib/cluster/admission/review-admission.ts';
import { type AnswerHttp, type HttpHandler, toJsonResponse, wrapHttp } from '../../lib/platform/lambda/http-stack.ts';
import { describeError, type Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import { reportFaults } from '../../lib/verdict/decide/request.ts';
import { reportObstacles } from '../../lib/verdict/records/write-record.ts';

export interface Dependencies extends Omit<ReviewDependencies, 'onVerdict'> {
  readonly telemetry: Telemetry;
}

/**
 * POST /admission/{token}/{resource}, or /admission/{resource} with a client certificate: an API server asks whether an
 * object may name the release that it names. Any other path below /admission/ is answered too, by a denial.
 */
export function createHandler({ telemetry, ...dependencies }: Dependencies): HttpHandler {
  const onVerdict: ReviewDependencies['onVerdict'] = (verdict, obstacles) => {
    telemetry.count(`Reviewed.${verdict.outcome}`);
    reportFaults(verdict, telemetry);
    reportObstacles(obstacles, telemetry);
  };
  const answer: AnswerHttp = async (event, { signal }) => {
    const segments = (event.pathParameters?.['path'] ?? '').split('/');
    const [token, resource = ''] = segments.length === 1 ? [undefined, segments[0]] : segments;
    const { timeout } = event.queryStringParameters ?? {};
    const { headers, body, isBase64Encoded } = event;
    const address = event.requestContext.http.sourceIp;
    const caller = { token, certificateNames: listCertificateNames(event), address };
    // Two segments at most: what follows them is no kind.
    const named = segments.length > 2 ? segments.slice(1).join('/') : resource;
    const request = { resource: named, caller, headers, body, isBase64Encoded };
    const clock = startAdmissionClock(timeout, event.requestContext.timeEpoch, dependencies.now(), signal);
    try {
      const reviewed = await reviewAdmission(request, clock, { onVerdict, ...dependencies });
      report(named, reviewed, telemetry);
      return toJsonResponse(200, toAdmissionReview(reviewed.envelope, reviewed.answer));
    } finally {
      clock.stop();
    }
  };
  return wrapHttp(answer, telemetry);
}

/** The common names of a client certificate, which whoever ends TLS has verified. */
function listCertificateNames({ requestContext }: APIGatewayProxyEventV2): readonly string[] {
  const { authentication } = requestContext as { readonly authentication?: ClientAuthentication };
  const pem = authentication?.clientCert?.clientCertPem ?? '';
  if (pem === '') return [];
  return [new X509Certificate(pem).toLegacyObject().subject.CN].flat().filter((name) => typeof name === 'string');
}

/** As API Gateway writes it for mutual TLS. */
interface ClientAuthentication {
  readonly clientCert?: { readonly clientCertPem?: string } | undefined;
}

function report(resource: string, reviewed: ReviewedAdmission, to: Telemetry): void {
  const { review, answer: given, cluster, failure } = reviewed;
  const { user, namespace, name, operation, dryRun } = review ?? {};
  const { allowed, recordIds: records } = given;
  const said = given.allowed ? { warnings: given.warnings } : { code: given.code, reason: given.message };
  const error = failure === undefined ? {} : { error: describeError(failure) };
  to.count(`Admission.${toOutcome(given)}`);
  if (!given.allowed && given.code === 401) to.count('AdmissionRefused');
  // A review answers 200 whatever fails, so that neither the API nor Lambda counts it.
  if (!given.allowed && given.code >= 500 && failure !== undefined) to.count('RequestFailed');
  const level = failure === undefined ? 'info' : 'warn';
  const asked = { cluster, user, resource: resource.slice(0, 64), namespace, name, operation, dryRun };
  to.log(level, 'admission', { ...asked, allowed, ...said, records, ...error });
}
