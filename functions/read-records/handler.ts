import type { APIGatewayProxyEventV2 } from 'aws-lambda';
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
import { bindTrustSource, type TrustSource } from '../../lib/trust/source/trust-source.ts';
import { type PageRequest, readRecord, readRecords } from '../../lib/verdict/records/read-records.ts';
import { readHealth, summariseTrust } from './read-health.ts';

export interface Dependencies {
  readonly trust: TrustSource;
  readonly objects: ObjectStore;
  readonly telemetry: Telemetry;
  readonly now: () => Date;
}

const DEFAULT_PAGE = 20;

/** GET of records (newest first, paged), of the trust in use, and of health. */
export function createHandler(dependencies: Dependencies): HttpHandler {
  const answer: AnswerHttp = async (event, signal) => {
    const trust = bindTrustSource(dependencies.trust, signal);
    const objects = bindObjectStore(dependencies.objects, signal);
    const { digest = '', id = '' } = event.pathParameters ?? {};
    switch (event.routeKey) {
      case 'GET /healthz':
        return await readHealth(trust, dependencies.now());
      case 'GET /v1/trust':
        return toJsonResponse(200, await summariseTrust(trust));
      case 'GET /v1/records/{digest}':
        return toJsonResponse(200, await readRecords(objects, parseSubject(digest), parsePage(event)));
      case 'GET /v1/records/{digest}/{id}': {
        const record = await readRecord(objects, parseSubject(digest), id);
        return record === undefined ? toNotFoundResponse('there is no such record') : toJsonResponse(200, record);
      }
      default:
        return toNotFoundResponse('there is no such resource');
    }
  };
  return wrapHttp(answer, dependencies.telemetry);
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
