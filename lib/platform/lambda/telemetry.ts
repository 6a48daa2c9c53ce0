import { LOG_LEVELS, type LogLevel, readLogLevel, readTraceId } from './environment.ts';

/** The log of a function, one structured line per event, and its counts. */
export interface Telemetry {
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly count: (metric: string, value?: number) => void;
  /** Writes the counts; called once per event. */
  readonly flush: () => void;
}

const LEVELS = { info: 'INFO', warn: 'WARN', error: 'ERROR' } as const satisfies Record<string, LogLevel>;

/**
 * Log lines and counts, each one JSON line; counts are in CloudWatch's embedded metric format. No library writes them:
 * the smallest one took a tenth of a function's cold start for the lines, and a tenth of the smallest bundle for counts.
 *
 * @param metrics `none` where counts are not collected, as on one machine
 */
export function createTelemetry(service: string, metrics: 'embedded' | 'none' = 'embedded'): Telemetry {
  const least = readLogLevel();
  const counts = new Map<string, number>();
  return {
    log: (name, message, fields = {}) => {
      const level = LEVELS[name];
      if (!isLogged(level, least)) return;
      const line = formatLogLine({ level, message, service, time: new Date(), traceId: readTraceId(), fields });
      writeLine(name === 'info' ? process.stdout : process.stderr, line);
    },
    count: (metric, value = 1) => {
      counts.set(metric, (counts.get(metric) ?? 0) + value);
    },
    flush: () => {
      if (counts.size > 0 && metrics === 'embedded') writeLine(process.stdout, toMetricLine(service, counts));
      counts.clear();
    },
  };
}

const heard = new WeakSet<NodeJS.WritableStream>();

/** A service goes on when its log's reader is gone: without a listener, an error of the stream would end the process. */
function writeLine(stream: NodeJS.WritableStream, line: string): void {
  if (!heard.has(stream)) {
    heard.add(stream);
    stream.on('error', () => undefined);
  }
  stream.write(line);
}

function toMetricLine(service: string, counts: ReadonlyMap<string, number>): string {
  const metrics = [...counts.keys()].map((name) => ({ Name: name, Unit: 'Count' }));
  const directive = { Namespace: 'Signet', Dimensions: [['service']], Metrics: metrics };
  const envelope = { Timestamp: Date.now(), CloudWatchMetrics: [directive] };
  return `${JSON.stringify({ _aws: envelope, service, ...Object.fromEntries(counts) })}\n`;
}

/** An error in a log line: names, codes and messages of it and of its causes. */
export function describeError(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    name: error.name,
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    message: error.message,
    ...(isOwn(error) ? {} : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}

/** Errors thrown on purpose explain themselves; anything else needs its stack. */
function isOwn({ name }: Error): boolean {
  return ['ConfigurationError', 'InputError', 'SignatureError', 'StoreError', 'StrictJsonError'].includes(name);
}

interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly service: string;
  readonly time: Date;
  /** Of X-Ray, where the function is traced. */
  readonly traceId?: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** True when a line of this level is logged where `least` is the lowest level. */
function isLogged(level: LogLevel, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least);
}

/**
 * One line of JSON. The function's own members come after the fields, so that no field can replace them. Never throws:
 * fields that cannot be written are left out and listed under `unwritten`.
 */
function formatLogLine({ level, message, service, time, traceId, fields }: LogEntry): string {
  const own = {
    level,
    message,
    timestamp: time.toISOString(),
    service,
    ...(traceId === undefined ? {} : { xray_trace_id: traceId }),
  };
  try {
    return `${JSON.stringify({ ...own, ...fields, ...own })}\n`;
  } catch {
    return `${JSON.stringify({ ...own, unwritten: Object.keys(fields) })}\n`;
  }
}
