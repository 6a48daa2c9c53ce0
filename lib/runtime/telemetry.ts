import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

/** What a function says of itself: one structured line per event, and counts. */
export interface Telemetry {
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly count: (metric: string, value?: number) => void;
  /** Hands the counts over; called once per event. */
  readonly flush: () => void;
}

/** Log lines and metrics (EMF) as CloudWatch reads them from standard output. */
export function createTelemetry(service: string): Telemetry {
  const logger = new Logger({ serviceName: service });
  const metrics = new Metrics({ namespace: 'Signet', serviceName: service });
  return {
    log: (level, message, fields = {}) => logger[level](message, { ...fields }),
    count: (metric, value = 1) => {
      metrics.addMetric(metric, MetricUnit.Count, value);
    },
    flush: () => metrics.publishStoredMetrics(),
  };
}
