import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { type Digest, parseDigest } from '../../lib/base/names/digest.ts';
import { toJsonResponse, toNotFoundResponse } from '../../lib/platform/lambda/http-response.ts';
import { type HttpHandler, wrapHttp } from '../../lib/platform/lambda/http-stack.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { isStale, toTrustSummary } from '../../lib/trust/source/ready-trust.ts';
import type { TrustSource } from '../../lib/trust/source/trust-source.ts';
import { readRecord, readRecords } from '../../lib/verdict/records/read-records.ts';

export interface Dependencies {
  readonly trust: TrustSource;
  readonly objects: ObjectStore;
  readonly telemetry: Telemetry;
  readonly now: () => Date;
}

const DEFAULT_PAGE = 20;

/** GET of records (newest first, paged), of the trust in use, and of health. */
export function createHandler(dependencies: Dependencies): HttpHandler {
  const { objects, trust, telemetry } = dependencies;
  const handle: HttpHandler = async (event) => {
    const [, first, second, digest, id, ...more] = event.rawPath.split('/');
    if (event.rawPath === '/healthz') return await readHealth(dependencies);
    if (event.rawPath === '/v1/trust') return toJsonResponse(200, await summariseAll(trust));
    if (first !== 'v1' || second !== 'records' || digest === undefined || more.length > 0) {
      return toNotFoundResponse('there is no such resource');
    }
    const about = parseAbout(digest);
    if (id === undefined) return toJsonResponse(200, await readRecords(objects, about, parsePage(event)));
    const record = await readRecord(objects, about, id);
    return record === undefined ? toNotFoundResponse('there is no such record') : toJsonResponse(200, record);
  };
  return wrapHttp(handle, telemetry);
}

/** `undigested` stands for pullspecs without a digest. A client may send the colon percent-encoded. */
function parseAbout(text: string): Digest | undefined {
  return text === 'undigested' ? undefined : parseDigest(text.replace(/%3a/i, ':'));
}

function parsePage({ queryStringParameters = {} }: APIGatewayProxyEventV2): {
  limit: number;
  after?: string | undefined;
} {
  const { limit = String(DEFAULT_PAGE), after, ...unknown } = queryStringParameters;
  const [name] = Object.keys(unknown);
  if (name !== undefined)
    throw new InputError('ArgumentInvalid', `unknown parameter ${JSON.stringify(name)}; expected limit, after`);
  if (!/^[0-9]{1,3}$/.test(limit)) throw new InputError('ArgumentInvalid', 'limit must be a number');
  return { limit: Number(limit), after };
}

async function summariseAll(trust: TrustSource): Promise<unknown> {
  const ready = await Promise.all(trust.profiles.map((profile) => trust.read(profile)));
  return { profiles: ready.map(toTrustSummary) };
}

/** 200 while every profile's trust is fresh enough to decide by, else 503. */
async function readHealth({ trust, now }: Dependencies): Promise<APIGatewayProxyStructuredResultV2> {
  const asked = now();
  const profiles = await Promise.all(
    trust.profiles.map(async (profile) => {
      const ready = await trust.read(profile).catch(() => undefined);
      const age = ready === undefined ? null : Math.floor((asked.getTime() - ready.refreshedAt.getTime()) / 1000);
      return { summary: { profile, trustAgeSeconds: age }, isFresh: ready !== undefined && !isStale(ready, asked) };
    }),
  );
  const isHealthy = profiles.length > 0 && profiles.every(({ isFresh }) => isFresh);
  const body = { status: isHealthy ? 'ok' : 'unhealthy', profiles: profiles.map(({ summary }) => summary) };
  return toJsonResponse(isHealthy ? 200 : 503, body);
}
