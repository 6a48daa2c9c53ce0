import { type AnswerHttp, type HttpHandler, wrapHttp } from '../../lib/platform/lambda/http-stack.ts';
import { parseJsonBody } from '../../lib/platform/lambda/read-request.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import type { TrustSource } from '../../lib/trust/source/trust-source.ts';
import { parseApiRequest, requireModeAllowed, toVerdictResponse } from '../../lib/verdict/decide/request.ts';
import { decidePullspec } from '../../lib/verdict/judge/pullspec-policy.ts';

export interface Dependencies {
  readonly trust: TrustSource;
  readonly telemetry: Telemetry;
  readonly now: () => Date;
}

/**
 * POST /v1/pullspecs/check: what the pullspec policy says, with a `kind` that no verdict has. Contacts no registry and no
 * store.
 */
export function createHandler({ trust, telemetry, now }: Dependencies): HttpHandler {
  const answer: AnswerHttp = async (event) => {
    const request = parseApiRequest(parseJsonBody(event), { takesForce: false });
    // At the deadline the stack answers, and nothing follows that would go on.
    const ready = await trust.read(request.profile);
    requireModeAllowed(request, ready.prepared);
    const verdict = decidePullspec(request, ready, now());
    telemetry.count(`Checked.${verdict.outcome}`);
    return toVerdictResponse(verdict, {}, { kind: 'PullspecCheck', signaturesChecked: false, ...verdict });
  };
  return wrapHttp(answer, telemetry);
}
