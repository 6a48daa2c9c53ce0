import { decidePullspec } from '../../lib/decide/decide-pullspec.ts';
import { parseApiRequest, requireModeAllowed } from '../../lib/decide/parse-request.ts';
import type { TrustSource } from '../../lib/decide/trust-source.ts';
import { toVerdictResponse } from '../../lib/decide/verdict-response.ts';
import { type HttpHandler, wrapHttp } from '../../lib/runtime/http-stack.ts';
import { parseJsonBody } from '../../lib/runtime/request-body.ts';
import type { Telemetry } from '../../lib/runtime/telemetry.ts';

export interface Dependencies {
  readonly trust: TrustSource;
  readonly telemetry: Telemetry;
  readonly now: () => Date;
}

/** POST /v1/pullspecs/check: the verdict of the pullspec policy. Contacts no registry and no store. */
export function createHandler({ trust, telemetry, now }: Dependencies): HttpHandler {
  const handle: HttpHandler = async (event) => {
    const request = parseApiRequest(parseJsonBody(event), { takesForce: false });
    const ready = await trust.read(request.profile);
    requireModeAllowed(request, ready.prepared);
    const verdict = decidePullspec(request, ready, now());
    telemetry.count(`Checked.${verdict.outcome}`);
    return toVerdictResponse(verdict);
  };
  return wrapHttp(handle, telemetry);
}
