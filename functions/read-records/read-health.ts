import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { toJsonResponse } from '../../lib/platform/lambda/http-stack.ts';
import { isStale } from '../../lib/trust/prepared/profiles.ts';
import { type TrustSource, toTrustSummary } from '../../lib/trust/source/trust-source.ts';

/** 200 while the trust of every profile is fresh enough to decide by, else 503. */
export async function readHealth(trust: TrustSource, now: Date): Promise<APIGatewayProxyStructuredResultV2> {
  const profiles = await Promise.all(
    trust.profiles.map(async (profile) => {
      const ready = await trust.read(profile).catch(() => undefined);
      const age = ready === undefined ? null : Math.floor((now.getTime() - ready.refreshedAt.getTime()) / 1000);
      return { summary: { profile, trustAgeSeconds: age }, isFresh: ready !== undefined && !isStale(ready, now) };
    }),
  );
  const isHealthy = profiles.length > 0 && profiles.every(({ isFresh }) => isFresh);
  const body = { status: isHealthy ? 'ok' : 'unhealthy', profiles: profiles.map(({ summary }) => summary) };
  return toJsonResponse(isHealthy ? 200 : 503, body);
}

/** Profiles, key fingerprints with their expiry, stores and revisions; no secrets. */
export async function summariseTrust(trust: TrustSource): Promise<unknown> {
  const ready = await Promise.all(trust.profiles.map((profile) => trust.read(profile)));
  return { profiles: ready.map(toTrustSummary) };
}
