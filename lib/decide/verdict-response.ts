import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { toJsonResponse } from '../runtime/json-response.ts';
import { RETRY_AFTER_SECONDS } from '../runtime/problem.ts';
import type { Verdict } from '../verification/verdict.ts';

/** 200 for a verdict that says yes or no, 503 for one that could not be had yet. */
export function toVerdictResponse(
  verdict: Verdict,
  headers: Readonly<Record<string, string>> = {},
): APIGatewayProxyStructuredResultV2 {
  if (verdict.outcome !== 'indeterminate') return toJsonResponse(200, verdict, headers);
  return toJsonResponse(503, verdict, { ...headers, 'retry-after': String(RETRY_AFTER_SECONDS) });
}
