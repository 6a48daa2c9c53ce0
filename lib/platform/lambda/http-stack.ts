import type { MiddlewareObj } from '@middy/core';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { toProblem, toProblemResponse } from './http-response.ts';
import { describeError, type Telemetry } from './telemetry.ts';

export type HttpHandler = (
  event: APIGatewayProxyEventV2,
  context: Context,
) => Promise<APIGatewayProxyStructuredResultV2>;

/**
 * What every HTTP function has around it: errors become problem documents, each request is one log line without
 * headers, body, query or token, and counts are handed over. The wrapped handler is what has to be exported.
 */
export function wrapHttp(handler: HttpHandler, telemetry: Telemetry, now: () => number = Date.now): HttpHandler {
  const started = new WeakMap<object, number>();
  const finish = (event: APIGatewayProxyEventV2, status: number, error?: unknown): void => {
    const { method, path } = event.requestContext.http;
    telemetry.log(status >= 500 ? 'error' : 'info', 'request', {
      method,
      path: redactPath(path),
      status,
      milliseconds: now() - (started.get(event) ?? now()),
      ...(error === undefined ? {} : { error: describeError(error) }),
    });
    telemetry.count(`Status${Math.floor(status / 100)}xx`);
    telemetry.flush();
  };
  const telling: MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2> = {
    before: ({ event }) => {
      started.set(event, now());
    },
    after: ({ event, response }) => finish(event, response?.statusCode ?? 200),
    onError: (request) => {
      const response = toProblemResponse(request.error);
      request.response = response;
      finish(request.event, toProblem(request.error).status, request.error);
    },
  };
  const wrapped = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>(handler).use(telling);
  return async (event, context) => await wrapped(event, context);
}

/**
 * Webhooks and admission authenticate by a token in the path: it never reaches a log. A stage may stand before the
 * route, and a path is whatever a caller wrote, line feeds included.
 */
export function redactPath(path: string): string {
  return path
    .replace(/^((?:\/[^/]*)?\/webhooks\/[^/]*\/)[\s\S]+$/, '$1<redacted>')
    .replace(/^((?:\/[^/]*)?\/admission\/)[^/]+/, '$1<redacted>');
}
