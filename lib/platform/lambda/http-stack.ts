import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError, type InputErrorCode } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Deadline } from '../time/deadline.ts';
import { type InvocationContext, runInvocation, startInvocation, toCorrelationId } from './invocation.ts';
import { describeError, type Telemetry } from './telemetry.ts';

/** Answers one request within the invocation's deadline. */
export type AnswerHttp = (
  event: APIGatewayProxyEventV2,
  deadline: Pick<Deadline, 'signal'>,
) => Promise<APIGatewayProxyStructuredResultV2>;

/** What Lambda calls. */
export type HttpHandler = (
  event: APIGatewayProxyEventV2,
  context: InvocationContext,
) => Promise<APIGatewayProxyStructuredResultV2>;

/** Milliseconds for one answer: API Gateway waits for 30 s, also when the function may run longer. */
const ANSWER_MS = 28_500;
/** Milliseconds before its end at which a function stops working on an answer and answers 503. */
const RESERVE_MS = 500;

/**
 * Wraps every HTTP function: one deadline, errors become problem documents, each request is one log line without
 * headers, body, query or token, and the counts are written. At the deadline the answer is 503, even when something does
 * not heed the signal.
 */
export function wrapHttp(answer: AnswerHttp, telemetry: Telemetry, now: () => number = Date.now): HttpHandler {
  const run: HttpHandler = async (event, context) => {
    const started = now();
    const { method, path } = event.requestContext.http;
    const deadline = startInvocation(context, RESERVE_MS, ANSWER_MS);
    let response: APIGatewayProxyStructuredResultV2;
    let failure: { readonly error?: unknown } = {};
    try {
      response = await deadline.within(answer(event, deadline));
    } catch (error) {
      response = toProblemResponse(error);
      // A verdict that could not be reached is 503 too, and no failure of the service.
      if ((response.statusCode ?? 0) >= 500) telemetry.count('RequestFailed');
      failure = { error: describeError(error) };
    } finally {
      deadline.clear();
    }
    const { statusCode: status = 200 } = response;
    telemetry.count(`Status${Math.floor(status / 100)}xx`);
    telemetry.flush(status >= 500 ? 'error' : 'info', 'request', {
      method,
      path: redactPath(path),
      status,
      milliseconds: now() - started,
      ...failure,
    });
    return response;
  };
  // API Gateway's ID of the request is in its access log too.
  return (event, context) =>
    runInvocation(context, toCorrelationId(event.requestContext.requestId), () => run(event, context));
}

/**
 * Webhooks and admission authenticate by a token in the path: it never reaches a log. A stage may stand before the
 * route, and a caller may write any path, line feeds included.
 */
function redactPath(path: string): string {
  return path
    .replace(/^((?:\/[^/]*)?\/webhooks\/[^/]*\/)[\s\S]+$/, '$1<redacted>')
    .replace(/^((?:\/[^/]*)?\/admission\/)[^/]+/, '$1<redacted>');
}

/** An error as a problem document (RFC 9457). */
interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
}

/** Seconds after which a caller may ask again when something was out of reach. */
export const RETRY_AFTER_SECONDS = 30;

const INPUT_STATUS: Readonly<Partial<Record<InputErrorCode, number>>> = {
  BodyTooLarge: 413,
  ForceNotAllowed: 403,
  MediaTypeUnsupported: 415,
  ModeNotAllowed: 403,
  ProfileUnknown: 404,
};

/** The error as the caller may see it: their own fault in full, ours and the operator's without detail. */
export function toProblemResponse(error: unknown): APIGatewayProxyStructuredResultV2 {
  return toResponse(toProblem(error));
}

function toProblem(error: unknown): Problem {
  if (error instanceof InputError) {
    const status = INPUT_STATUS[error.code] ?? 400;
    return problem(status, error.code, 'The request cannot be answered', error.message);
  }
  if (error instanceof StoreError) {
    return problem(
      503,
      'StoreUnavailable',
      'Temporarily unavailable',
      'something that is needed is out of reach; retry later',
    );
  }
  if (error instanceof ConfigurationError) {
    return problem(500, error.code, 'The service is not configured', 'its operator finds the reason in the log');
  }
  return problem(500, 'Internal', 'Internal error', 'the reason is in the log');
}

/** For a route or an object that does not exist. */
export function toNotFoundResponse(detail: string): APIGatewayProxyStructuredResultV2 {
  return toProblemDocument(404, 'NotFound', 'Not found', detail);
}

/** A problem that is no error of ours. */
export function toProblemDocument(
  status: number,
  code: string,
  title: string,
  detail: string,
): APIGatewayProxyStructuredResultV2 {
  return toResponse(problem(status, code, title, detail));
}

function toResponse(document: Problem): APIGatewayProxyStructuredResultV2 {
  const retry: Readonly<Record<string, string>> =
    document.status === 503 ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {};
  return {
    statusCode: document.status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...retry },
    body: JSON.stringify(document),
  };
}

function problem(status: number, code: string, title: string, detail: string): Problem {
  return { type: `urn:signet:problem:${code}`, title, status, detail, code };
}

/** A JSON answer that no cache keeps. */
export function toJsonResponse(
  statusCode: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(body),
  };
}

/**
 * Whether `If-None-Match` names what is stored, so that it need not be sent again (RFC 9110, section 13.1.2): a list of
 * tags, weak ones among them, which caches make of those that they pack anew, or `*` for whatever there is.
 *
 * @param etag of what is stored, in quotes; a comma in it would be taken for the end of a tag
 */
export function matchesTag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '')));
}
