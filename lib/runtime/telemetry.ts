import { Logger } from '@aws-lambda-powertools/logger';

/** What a function says of itself: one structured line per event, and counts. */
export interface Telemetry {
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly count: (metric: string, value?: number) => void;
  /** Hands the counts over; called once per event. */
  readonly flush: () => void;
}

/**
 * Log lines by powertools' logger, and counts in CloudWatch's embedded metric format, which is one JSON line: a library
 * for it weighs a tenth of the smallest bundle.
 *
 * @param metrics `none` where nobody reads the counts, as on one machine
 */
export function createTelemetry(service: string, metrics: 'embedded' | 'none' = 'embedded'): Telemetry {
  const logger = new Logger({ serviceName: service });
  const counts = new Map<string, number>();
  return {
    log: (level, message, fields = {}) => logger[level](message, { ...fields }),
    count: (metric, value = 1) => {
      counts.set(metric, (counts.get(metric) ?? 0) + value);
    },
    flush: () => {
      if (counts.size > 0 && metrics === 'embedded') process.stdout.write(toMetricLine(service, counts));
      counts.clear();
    },
  };
}

function toMetricLine(service: string, counts: ReadonlyMap<string, number>): string {
  const metrics = [...counts.keys()].map((name) => ({ Name: name, Unit: 'Count' }));
  const directive = { Namespace: 'Signet', Dimensions: [['service']], Metrics: metrics };
  const envelope = { Timestamp: Date.now(), CloudWatchMetrics: [directive] };
  return `${JSON.stringify({ _aws: envelope, service, ...Object.fromEntries(counts) })}\n`;
}
