import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { RETRY_AFTER_SECONDS, toJsonResponse } from '../../platform/lambda/http-response.ts';
import type { Verdict } from '../judge/verdict.ts';

/**
 * 200 for a verdict that says yes or no, 503 for one that could not be had yet.
 *
 * @param body what to answer instead of the verdict itself, such as an operator's words for it
 */
export function toVerdictResponse(
  verdict: Verdict,
  headers: Readonly<Record<string, string>> = {},
  body: object = verdict,
): APIGatewayProxyStructuredResultV2 {
  if (verdict.outcome !== 'indeterminate') return toJsonResponse(200, body, headers);
  return toJsonResponse(503, body, { ...headers, 'retry-after': String(RETRY_AFTER_SECONDS) });
}
