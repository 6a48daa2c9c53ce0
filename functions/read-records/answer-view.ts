import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { toJsonResponse, toNotFoundResponse } from '../../lib/platform/lambda/http-stack.ts';
import { parseJsonBody } from '../../lib/platform/lambda/read-request.ts';
import { explainPasted, MAX_REQUEST_BYTES } from './explain-pasted.ts';
import { readLetters } from './read-letters.ts';
import type { WatchedQueue } from './read-overview.ts';
import { readMirror, readRelease, readReleases, type ViewPlaces } from './read-releases.ts';
import { readChanges, readRevision, readRevisions } from './read-trust-views.ts';

/** What the views of the page show. It is loaded for them alone: some of it verifies signatures. */
export async function answerView(
  event: APIGatewayProxyEventV2,
  view: ViewPlaces & { readonly queues: readonly WatchedQueue[] },
): Promise<APIGatewayProxyStructuredResultV2> {
  const { routeKey, queryStringParameters: parameters = {} } = event;
  const { digest = '', profile = '', revision = '' } = event.pathParameters ?? {};
  switch (routeKey) {
    case 'GET /v1/releases':
      return toJsonResponse(200, await readReleases(view, parameters));
    case 'GET /v1/releases/{digest}':
      // A client may send the colon percent-encoded.
      return orNotFound(
        await readRelease(view, digest.replace(/%3a/i, ':'), parameters),
        'nothing here knows this digest',
      );
    case 'GET /v1/mirror':
      return toJsonResponse(200, await readMirror(view, parameters));
    case 'GET /v1/trust/{profile}/revisions':
      return toJsonResponse(200, await readRevisions(view, profile, parameters));
    case 'GET /v1/trust/{profile}/revisions/{revision}':
      return orNotFound(await readRevision(view, profile, revision, parameters), 'this revision is not stored');
    case 'GET /v1/trust/{profile}/changes':
      return orNotFound(await readChanges(view, profile, parameters), 'one of the two revisions is not stored');
    case 'GET /v1/dead-letters':
      return toJsonResponse(200, await readLetters(view.queues, parameters, view.now()));
    case 'POST /v1/explain':
      return toJsonResponse(200, await explainPasted(view, parseJsonBody(event, MAX_REQUEST_BYTES)));
    default:
      return toNotFoundResponse('there is no such resource');
  }
}

function orNotFound(found: object | undefined, otherwise: string): APIGatewayProxyStructuredResultV2 {
  return found === undefined ? toNotFoundResponse(otherwise) : toJsonResponse(200, found);
}
