import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { type Digest, parseDigest } from '../../lib/base/names/digest.ts';
import {
  type AnswerHttp,
  type HttpHandler,
  toJsonResponse,
  toNotFoundResponse,
  wrapHttp,
} from '../../lib/platform/lambda/http-stack.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import { bindObjectStore, type ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { bindTrustSource } from '../../lib/trust/source/trust-source.ts';
import { parseDecisionQuery } from '../../lib/verdict/records/decision-query.ts';
import { listDecisions } from '../../lib/verdict/records/list-decisions.ts';
import { readQuestions } from '../../lib/verdict/records/questions.ts';
import { type PageRequest, readRecord, readRecords, readStoredRecord } from '../../lib/verdict/records/read-records.ts';
import { isRecordId } from '../../lib/verdict/records/verdict-record.ts';
import { readHealth, summariseTrust } from './read-health.ts';
import { type OverviewDependencies, parseDays, readOverview } from './read-overview.ts';

export interface Dependencies extends OverviewDependencies {
  readonly telemetry: Telemetry;
}

const DEFAULT_PAGE = 20;
/** What is signed is asked for rarely: a start does not load it. */
const loadSigned = () => import('./read-signed.ts');

/** GET of records and of the list of decisions (newest first, paged), of the overview and other views, of the trust in use, and of health. */
export function createHandler(dependencies: Dependencies): HttpHandler {
  const answer: AnswerHttp = async (event, { signal }) => {
    const trust = bindTrustSource(dependencies.trust, signal);
    const objects = bindObjectStore(dependencies.objects, signal);
    const { digest = '', id = '' } = event.pathParameters ?? {};
    switch (event.routeKey) {
      case 'GET /healthz':
        return await readHealth(trust, dependencies.now());
      case 'GET /v1/trust':
        return toJsonResponse(200, await summariseTrust(trust));
      case 'GET /v1/overview': {
        const days = parseDays(event.queryStringParameters ?? {});
        return toJsonResponse(200, await readOverview({ ...dependencies, trust, objects }, days));
      }
      case 'GET /v1/verdicts':
        return toJsonResponse(200, await listDecisions(objects, parseDecisionQuery(event.queryStringParameters ?? {})));
      case 'GET /v1/records/{digest}':
        // A record's id, as the audit log of a cluster has it, is no digest.
        if (isRecordId(digest)) return await answerById(objects, digest, dependencies.now());
        if (digest === 'seals')
          return await (await loadSigned()).answerSeals(objects, event.queryStringParameters ?? {});
        return toJsonResponse(200, await readRecords(objects, parseSubject(digest), parsePage(event)));
      case 'GET /v1/records/{digest}/{id}': {
        if (isRecordId(digest) && (id === 'attestation' || id === 'stored')) {
          return await (await loadSigned()).answerPart(objects, digest, id, event.queryStringParameters ?? {});
        }
        const record = await readRecord(objects, parseSubject(digest), id);
        return record === undefined ? toNotFoundResponse('there is no such record') : toJsonResponse(200, record);
      }
      default: {
        const { answerView } = await import('./answer-view.ts');
        return await answerView(event, { ...dependencies, trust, objects, signal });
      }
    }
  };
  return wrapHttp(answer, dependencies.telemetry);
}

/** A record, and how often its question was asked. */
async function answerById(objects: ObjectStore, id: string, now: Date): Promise<APIGatewayProxyStructuredResultV2> {
  const record = (await readStoredRecord(objects, id))?.record;
  if (record === undefined) return toNotFoundResponse('there is no such record');
  return toJsonResponse(200, { ...record, questions: await readQuestions(objects, id, now) });
}

/** `undigested` stands for pullspecs without a digest. A client may send the colon percent-encoded. */
function parseSubject(text: string): Digest | undefined {
  return text === 'undigested' ? undefined : parseDigest(text.replace(/%3a/i, ':'));
}

function parsePage({ queryStringParameters = {} }: APIGatewayProxyEventV2): PageRequest {
  const { limit = String(DEFAULT_PAGE), after, ...unknown } = queryStringParameters;
  const [name] = Object.keys(unknown);
  if (name !== undefined)
    throw new InputError('ArgumentInvalid', `unknown parameter ${JSON.stringify(name)}; expected limit, after`);
  if (!/^[0-9]{1,3}$/.test(limit)) throw new InputError('ArgumentInvalid', 'limit must be a number');
  return { limit: Number(limit), after };
}
