import { queueUnmirrored } from '../../lib/mirror/sync/mirror-message.ts';
import { type AnswerHttp, type HttpHandler, wrapHttp } from '../../lib/platform/lambda/http-stack.ts';
import { parseJsonBody, readCaller } from '../../lib/platform/lambda/read-request.ts';
import { describeError, type Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import type { Queue } from '../../lib/platform/queues/queue.ts';
import { bindTrustSource } from '../../lib/trust/source/trust-source.ts';
import {
  parseApiRequest,
  reportFaults,
  requireModeAllowed,
  toVerdictResponse,
} from '../../lib/verdict/decide/request.ts';
import { decideAndRecord, type RecordedDecision } from '../../lib/verdict/records/decide-and-record.ts';
import type { Evidence } from '../../lib/verdict/records/open-evidence.ts';
import { reportObstacles, toAsked } from '../../lib/verdict/records/write-record.ts';
import { parseWordsForm, toVerdictWords } from '../../lib/verdict/words/to-verdict-words.ts';

export interface Dependencies extends Evidence {
  readonly mirrorQueue: Queue;
  readonly telemetry: Telemetry;
}

/** The route for callers who may force; API Gateway authorizes it on its own. */
const FORCED_ROUTE = 'POST /v1/verify/forced';

/** POST /v1/verify and {@link FORCED_ROUTE}; `?as=` answers in an operator's words. */
export function createHandler(dependencies: Dependencies): HttpHandler {
  const { upstream, telemetry } = dependencies;
  const answer: AnswerHttp = async (event, { signal }) => {
    const as = event.queryStringParameters?.['as'];
    const form = as === undefined ? undefined : parseWordsForm(as);
    const request = parseApiRequest(parseJsonBody(event), { takesForce: event.routeKey === FORCED_ROUTE });
    const trust = await bindTrustSource(dependencies.trust, signal).read(request.profile);
    requireModeAllowed(request, trust.prepared);
    const places = { ...dependencies, upstream: upstream.open(trust.prepared), signal };
    const decision = await decideAndRecord(
      request,
      toAsked('api', request.pullspec.text, readCaller(event)),
      trust,
      places,
    );
    const { verdict, recordId, obstacles } = decision;
    telemetry.count(`Verified.${verdict.outcome}`);
    reportFaults(verdict, telemetry);
    reportObstacles(obstacles, telemetry);
    await queueForMirror(decision, dependencies);
    const body = form === undefined ? verdict : toVerdictWords(verdict, form, trust.keyrings);
    return toVerdictResponse(verdict, { location: `/v1/records/${verdict.digest ?? 'undigested'}/${recordId}` }, body);
  };
  return wrapHttp(answer, telemetry);
}

/** The verdict stands whether or not its digest could be queued: the next plan of the mirror finds it missing. */
async function queueForMirror(
  { verdict, unmirrored }: RecordedDecision,
  { mirrorQueue, telemetry }: Dependencies,
): Promise<void> {
  try {
    await queueUnmirrored(mirrorQueue, verdict.profile, unmirrored);
  } catch (error) {
    telemetry.count('MirrorNotQueued');
    telemetry.log('warn', 'the digest could not be queued for the mirror', { error: describeError(error) });
  }
}
