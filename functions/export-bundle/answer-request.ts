import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { type BundleLinks, summariseBundle } from '../../lib/bundle/service/bundle-links.ts';
import { parseBundleId, readBundleState } from '../../lib/bundle/service/bundle-state.ts';
import { chooseFormat, FORMAT_TYPES } from '../../lib/bundle/service/config-maps/choose-format.ts';
import { parseConfigMapsRequest } from '../../lib/bundle/service/config-maps/parse-config-maps-request.ts';
import { readConfigMaps } from '../../lib/bundle/service/config-maps/read-config-maps.ts';
import {
  parseBundleRequest,
  type RequestBundleDependencies,
  requestBundle,
} from '../../lib/bundle/service/request-bundle.ts';
import { toJsonResponse, toNotFoundResponse, toProblemDocument } from '../../lib/platform/lambda/http-response.ts';
import { parseJsonBody } from '../../lib/platform/lambda/request-body.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';

export interface AnswerDependencies extends RequestBundleDependencies {
  readonly links: BundleLinks;
  readonly telemetry: Telemetry;
}

/** Milliseconds for one answer: API Gateway waits for 30 s, whatever the function has. */
const ANSWER_MS = 25_000;
/** Milliseconds before its end at which the function gives an answer up, to say so. */
const MARGIN_MS = 1000;
/** Seconds after which it is worth asking again for a bundle that is queued. */
const QUEUED_RETRY_SECONDS = 5;

/** POST /v1/configmaps, POST /v1/bundles, GET /v1/bundles/{id}. */
export async function answerRequest(
  event: APIGatewayProxyEventV2,
  context: Context,
  dependencies: AnswerDependencies,
): Promise<APIGatewayProxyStructuredResultV2> {
  const [, version, resource, id, ...more] = event.rawPath.split('/');
  if (version !== 'v1' || more.length > 0) return toNotFoundResponse('there is no such resource');
  const { method } = event.requestContext.http;
  if (resource === 'configmaps' && id === undefined) return await answerConfigMaps(event, context, dependencies);
  if (resource !== 'bundles') return toNotFoundResponse('there is no such resource');
  if (id !== undefined) return await answerState(id, dependencies);
  if (method !== 'POST') return toNotFoundResponse('there is no such resource');
  const created = await requestBundle(parseBundleRequest(parseJsonBody(event)), dependencies);
  dependencies.telemetry.count('BundleRequested');
  return toJsonResponse(202, { id: created, state: 'queued' }, { location: `/v1/bundles/${created}` });
}

async function answerConfigMaps(
  event: APIGatewayProxyEventV2,
  context: Context,
  { trust: source, objects, telemetry, now }: AnswerDependencies,
): Promise<APIGatewayProxyStructuredResultV2> {
  const format = chooseFormat(event.headers['accept']);
  if (format === undefined) {
    const types = Object.values(FORMAT_TYPES).join(' or ');
    return toProblemDocument(406, 'NotAcceptable', 'Not acceptable', `this route answers ${types}`);
  }
  const request = parseConfigMapsRequest(parseJsonBody(event));
  const trust = await source.read(request.profile);
  const remaining = Math.max(0, context.getRemainingTimeInMillis() - MARGIN_MS);
  const signal = AbortSignal.timeout(Math.min(ANSWER_MS, remaining));
  const { text, next, read } = await readConfigMaps(request, format, { objects, trust, now: now(), signal });
  telemetry.count('ExportLeftOut', read.leftOut.length);
  return {
    statusCode: 200,
    headers: {
      'content-type': FORMAT_TYPES[format],
      'cache-control': 'no-store',
      ...(next === undefined ? {} : { 'signet-next': next }),
    },
    body: text,
  };
}

async function answerState(
  id: string,
  { objects, links }: AnswerDependencies,
): Promise<APIGatewayProxyStructuredResultV2> {
  const stored = await readBundleState(objects, parseBundleId(id));
  if (stored === undefined) return toNotFoundResponse('there is no such bundle');
  const summary = await summariseBundle(stored.state, links);
  const headers = stored.state.state === 'queued' ? { 'retry-after': String(QUEUED_RETRY_SECONDS) } : undefined;
  return toJsonResponse(200, summary, headers);
}
