import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError, type InputErrorCode } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';

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

export function toProblemResponse(error: unknown): APIGatewayProxyStructuredResultV2 {
  return toResponse(toProblem(error));
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
