import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { parseSignaturePath } from '../../lib/mirror/slots/slot-layout.ts';
import { type AnswerHttp, type HttpHandler, matchesTag, wrapHttp } from '../../lib/platform/lambda/http-stack.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import type { ObjectReader } from '../../lib/platform/objects/port/object-store.ts';
import { MAX_SIGNATURE_BYTES } from '../../lib/stores/port/signature-store.ts';

export interface Dependencies {
  readonly objects: ObjectReader;
  readonly telemetry: Telemetry;
}

/** Seconds for which caches may keep a signature, and the answer that there is none. */
const HIT_SECONDS = 300;
const MISS_SECONDS = 60;

/** GET and HEAD of one mirrored signature, in both layouts and under the update service's path; a true 404 when absent. */
export function createHandler({ objects, telemetry }: Dependencies): HttpHandler {
  // One read is all there is to end: the answer's own deadline does.
  const answer: AnswerHttp = async (event) => {
    const key = parseSignaturePath(event.rawPath);
    const stored = key === undefined ? undefined : await objects.readObject(key, MAX_SIGNATURE_BYTES);
    telemetry.count(stored === undefined ? 'SignatureMiss' : 'SignatureHit');
    if (stored === undefined) return MISS;
    const etag = `"${stored.etag.replaceAll('"', '')}"`;
    const headers = { etag, 'cache-control': `public, max-age=${HIT_SECONDS}` };
    if (matchesTag(event.headers['if-none-match'], etag)) return { statusCode: 304, headers };
    const found = {
      ...headers,
      'content-type': 'application/octet-stream',
      'content-length': String(stored.bytes.length),
    };
    if (event.requestContext.http.method === 'HEAD') return { statusCode: 200, headers: found };
    const body = Buffer.from(stored.bytes).toString('base64');
    return { statusCode: 200, headers: found, body, isBase64Encoded: true };
  };
  return wrapHttp(answer, telemetry);
}

const MISS: APIGatewayProxyStructuredResultV2 = {
  statusCode: 404,
  headers: { 'cache-control': `public, max-age=${MISS_SECONDS}`, 'content-type': 'text/plain; charset=utf-8' },
  body: 'no such signature\n',
};
