import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type BundleLinks, summariseBundle, withoutSchema } from '../../lib/bundle/service/bundle-links.ts';
import { parseBundleId, readBundleState } from '../../lib/bundle/service/bundle-state.ts';
import {
  chooseFormat,
  FORMAT_TYPES,
  parseConfigMapsRequest,
} from '../../lib/bundle/service/config-maps/parse-config-maps-request.ts';
import { readConfigMaps } from '../../lib/bundle/service/config-maps/read-config-maps.ts';
import { BUNDLE_LIST_PREFIX, listBundles, MAX_PAGE_BUNDLES } from '../../lib/bundle/service/list-bundles.ts';
import {
  parseBundleRequest,
  type RequestBundleDependencies,
  requestBundle,
} from '../../lib/bundle/service/request-bundle.ts';
import { toJsonResponse, toNotFoundResponse, toProblemDocument } from '../../lib/platform/lambda/http-stack.ts';
import {
  type Parameters,
  readCursor,
  readLimit,
  requireKnown,
  toCursor,
} from '../../lib/platform/lambda/page-parameters.ts';
import { parseJsonBody } from '../../lib/platform/lambda/read-request.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import { bindObjectStore, type ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { bindTrustSource } from '../../lib/trust/source/trust-source.ts';

export interface AnswerDependencies extends RequestBundleDependencies {
  readonly links: BundleLinks;
  readonly telemetry: Telemetry;
}

/** Seconds after which it is worth asking again for a bundle that is queued. */
const QUEUED_RETRY_SECONDS = 5;

const DEFAULT_LIMIT = 20;

/** POST /v1/configmaps, POST and GET /v1/bundles, GET /v1/bundles/{id}. */
export async function answerRequest(
  event: APIGatewayProxyEventV2,
  signal: AbortSignal,
  unbound: AnswerDependencies,
): Promise<APIGatewayProxyStructuredResultV2> {
  const trust = bindTrustSource(unbound.trust, signal);
  const dependencies = { ...unbound, trust, objects: bindObjectStore(unbound.objects, signal) };
  switch (event.routeKey) {
    case 'POST /v1/configmaps':
      return await answerConfigMaps(event, signal, dependencies);
    case 'POST /v1/bundles': {
      const id = await requestBundle(parseBundleRequest(parseJsonBody(event)), dependencies);
      dependencies.telemetry.count('BundleRequested');
      return toJsonResponse(202, { id, state: 'queued' }, { location: `/v1/bundles/${id}` });
    }
    case 'GET /v1/bundles':
      return await answerList(event.queryStringParameters ?? {}, dependencies.objects);
    case 'GET /v1/bundles/{id}':
      return await answerState(event.pathParameters?.['id'] ?? '', dependencies);
    default:
      return toNotFoundResponse('there is no such resource');
  }
}

async function answerConfigMaps(
  event: APIGatewayProxyEventV2,
  signal: AbortSignal,
  { trust: source, objects, telemetry, now }: AnswerDependencies,
): Promise<APIGatewayProxyStructuredResultV2> {
  const format = chooseFormat(event.headers['accept']);
  if (format === undefined) {
    const types = Object.values(FORMAT_TYPES).join(' or ');
    return toProblemDocument(406, 'NotAcceptable', 'Not acceptable', `this route answers ${types}`);
  }
  const request = parseConfigMapsRequest(parseJsonBody(event));
  const trust = await source.read(request.profile);
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

/** Without links: they are made for the one bundle that is fetched. */
async function answerList(untrusted: Parameters, objects: ObjectStore): Promise<APIGatewayProxyStructuredResultV2> {
  requireKnown(untrusted, ['limit', 'after']);
  const limit = readLimit(untrusted, DEFAULT_LIMIT, MAX_PAGE_BUNDLES);
  const { bundles, next } = await listBundles(objects, { limit, after: readCursor(untrusted, BUNDLE_LIST_PREFIX) });
  return toJsonResponse(200, {
    bundles: bundles.map((one) => ('fault' in one ? one : withoutSchema(one))),
    ...(next === undefined ? {} : { next: toCursor(next) }),
  });
}
