import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { toMirrorBody } from '../../lib/mirror/sync/mirror-message.ts';
import { type HttpHandler, wrapHttp } from '../../lib/platform/lambda/http-stack.ts';
import { parseJsonBody } from '../../lib/platform/lambda/request-body.ts';
import { describeError, type Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import type { Queue } from '../../lib/platform/queues/queue.ts';
import type { UpstreamStores } from '../../lib/stores/open/open-stores.ts';
import type { SignaturePlaces } from '../../lib/stores/port/signature-store.ts';
import type { ReadyTrust } from '../../lib/trust/source/ready-trust.ts';
import type { TrustSource } from '../../lib/trust/source/trust-source.ts';
import { parseApiRequest, requireModeAllowed } from '../../lib/verdict/decide/parse-request.ts';
import { reportFaults } from '../../lib/verdict/decide/report-faults.ts';
import { toVerdictResponse } from '../../lib/verdict/decide/verdict-response.ts';
import type { Acceptances } from '../../lib/verdict/records/acceptances.ts';
import { decideAndRecord, type RecordedDecision } from '../../lib/verdict/records/decide-and-record.ts';
import { toAsked } from '../../lib/verdict/records/to-record.ts';
import { toVerdictWords } from '../../lib/verdict/words/to-verdict-words.ts';
import { parseWordsForm, type WordsForm } from '../../lib/verdict/words/words-form.ts';

export interface Dependencies {
  readonly trust: TrustSource;
  readonly objects: ObjectStore;
  readonly acceptances: Acceptances;
  readonly mirror: SignaturePlaces;
  readonly upstream: UpstreamStores;
  readonly mirrorQueue: Queue;
  readonly telemetry: Telemetry;
  readonly now: () => Date;
}

/** POST /v1/verify, and POST /v1/verify/forced for those who may force; `?as=` answers in an operator's words. */
export function createHandler(dependencies: Dependencies): HttpHandler {
  const { trust, objects, acceptances, mirror, upstream, telemetry, now } = dependencies;
  const handle: HttpHandler = async (event) => {
    const takesForce = event.rawPath.endsWith('/forced');
    const form = parseWordsForm(event.queryStringParameters?.['as']);
    const request = parseApiRequest(parseJsonBody(event), { takesForce });
    const ready = await trust.read(request.profile);
    requireModeAllowed(request, ready.prepared);
    const decision = await decideAndRecord(request, toAsked('api', request.pullspec.text), ready, {
      mirror,
      upstream: upstream.open(ready.prepared),
      objects,
      acceptances,
      now,
      signal: new AbortController().signal,
    });
    telemetry.count(`Verified.${decision.verdict.outcome}`);
    const faults = reportFaults(decision.verdict, telemetry);
    if (faults > 0) telemetry.count('CandidateFault', faults);
    await queueForMirror(decision, dependencies);
    return toResponse(decision, form, ready);
  };
  return wrapHttp(handle, telemetry);
}

/** The verdict stands whether or not its digest could be queued: the next plan of the mirror finds it missing. */
async function queueForMirror(
  { verdict, unmirrored }: RecordedDecision,
  { mirrorQueue, telemetry }: Dependencies,
): Promise<void> {
  if (unmirrored.length === 0) return;
  try {
    await mirrorQueue.sendMessages(unmirrored.map((one) => toMirrorBody(verdict.profile, one.digest, one.repository)));
  } catch (error) {
    telemetry.count('MirrorNotQueued');
    telemetry.log('warn', 'the digest could not be queued for the mirror', { error: describeError(error) });
  }
}

function toResponse(
  { verdict, recordId }: RecordedDecision,
  form: WordsForm | undefined,
  { keyrings }: ReadyTrust,
): APIGatewayProxyStructuredResultV2 {
  const body = form === undefined ? verdict : toVerdictWords(verdict, form, keyrings);
  return toVerdictResponse(verdict, { location: `/v1/records/${verdict.digest ?? 'undigested'}/${recordId}` }, body);
}
