import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { untilAborted } from '../time/deadline.ts';
import { toProblemResponse } from './http-response.ts';
import { type InvocationContext, startInvocation } from './invocation.ts';
import { describeError, type Telemetry } from './telemetry.ts';

/** Answers one request within the invocation's deadline. */
export type AnswerHttp = (
  event: APIGatewayProxyEventV2,
  signal: AbortSignal,
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
  return async (event, context) => {
    const started = now();
    const { method, path } = event.requestContext.http;
    const deadline = startInvocation(context, RESERVE_MS, ANSWER_MS);
    let response: APIGatewayProxyStructuredResultV2;
    let failure: { readonly error?: unknown } = {};
    try {
      response = await untilAborted(answer(event, deadline.signal), deadline.signal);
    } catch (error) {
      response = toProblemResponse(error);
      failure = { error: describeError(error) };
    } finally {
      deadline.clear();
    }
    const { statusCode: status = 200 } = response;
    telemetry.log(status >= 500 ? 'error' : 'info', 'request', {
      method,
      path: redactPath(path),
      status,
      milliseconds: now() - started,
      ...failure,
    });
    telemetry.count(`Status${Math.floor(status / 100)}xx`);
    telemetry.flush();
    return response;
  };
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
