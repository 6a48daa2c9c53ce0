import type { PlanMirrorHandler } from '../functions/plan-mirror/handler.ts';
import type { ReceiveHandler } from '../functions/receive-push/handler.ts';
import type { ReverifyHandler } from '../functions/reverify/handler.ts';
import { isJsonObject, type JsonValue } from '../lib/base/documents/json-value.ts';
import { InputError } from '../lib/base/errors/input-error.ts';
import { type AnswerHttp, type HttpHandler, toJsonResponse, wrapHttp } from '../lib/platform/lambda/http-stack.ts';
import { parseJsonBody } from '../lib/platform/lambda/read-request.ts';
import type { Telemetry } from '../lib/platform/lambda/telemetry.ts';
import { parseEcrEvent } from '../lib/push/receive/parse/parse-ecr-event.ts';
import { createLocalContext } from './local-context.ts';

export interface EventTakers {
  readonly receivePush: ReceiveHandler;
  readonly reverify: ReverifyHandler;
  readonly planMirror: PlanMirrorHandler;
}

/** Milliseconds that a function of the schedule has, as in serverless.yml. */
export const SCHEDULED_MS = 300_000;

/**
 * POST /local/events: an event of EventBridge for the function that handles it, ECR's or a schedule's. A malformed one is
 * answered with the reason instead of becoming a dead letter.
 */
export function createLocalEvents(
  { receivePush, reverify, planMirror }: EventTakers,
  telemetry: Telemetry,
): HttpHandler {
  const answer: AnswerHttp = async (request) => {
    const event = parseJsonBody(request);
    if (!isJsonObject(event)) throw new InputError('BodyInvalid', 'the body must be an object');
    if (event['source'] === 'aws.ecr') {
      parseEcrEvent(event);
      await receivePush(event, createLocalContext('receive-push'));
      return toJsonResponse(202, { taken: 'receive-push' });
    }
    if (event['detail-type'] === 'Scheduled Event') {
      // In a deployment each schedule has its own function; here the name of its rule decides.
      const taken = isPlanRule(event['resources']) ? 'plan-mirror' : 'reverify';
      const schedule = taken === 'plan-mirror' ? planMirror : reverify;
      return toJsonResponse(202, { taken, ...(await schedule(event, createLocalContext(taken, SCHEDULED_MS))) });
    }
    throw new InputError('BodyInvalid', 'source: expected aws.ecr, or the detail-type "Scheduled Event"');
  };
  return wrapHttp(answer, telemetry);
}

/** Whether a rule of plan-mirror is among what the event names, as `arn:…:rule/signet-plan-mirror-1`. */
function isPlanRule(resources: JsonValue | undefined): boolean {
  const names = Array.isArray(resources) ? resources : [];
  return names.some((name) => {
    const rule = typeof name === 'string' ? name.slice(name.indexOf(':rule/') + 1) : '';
    return rule.startsWith('rule/') && rule.includes('plan-mirror');
  });
}
