import { type Overview, type OverviewDependencies, readOverview } from '../../functions/read-records/read-overview.ts';
import { type HttpHandler, wrapHttp } from '../../lib/platform/lambda/http-stack.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import type { EventCounts } from './count-events.ts';
import { chooseExposition, formatFamilies, MEDIA_TYPES } from './exposition.ts';
import { toFamilies } from './overview-families.ts';

interface MetricsDependencies extends OverviewDependencies {
  readonly counts: EventCounts;
  readonly telemetry: Telemetry;
}

/** Milliseconds for which what was read answers again: a scraper asks every few seconds. */
const FRESH_MS = 5000;

/** GET /metrics: what there is now, and what was counted since the service started. */
export function createMetrics(dependencies: MetricsDependencies): HttpHandler {
  let last: { readonly at: number; readonly overview: Promise<Overview> } | undefined;
  const read = async (): Promise<Overview> => {
    const at = performance.now();
    if (last === undefined || at - last.at > FRESH_MS) last = { at, overview: readOverview(dependencies, 1, 0) };
    return await last.overview;
  };
  return wrapHttp(async ({ headers }) => {
    const exposition = chooseExposition(headers['accept']);
    const families = [...toFamilies(await read()), ...dependencies.counts.toFamilies()];
    const type = MEDIA_TYPES[exposition];
    return {
      statusCode: 200,
      headers: { 'content-type': type, 'cache-control': 'no-store' },
      body: formatFamilies(families, exposition),
    };
  }, dependencies.telemetry);
}
