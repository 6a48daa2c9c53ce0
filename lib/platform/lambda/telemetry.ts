import { LOG_LEVELS, type LogLevel, readLogLevel, readTraceId } from './environment.ts';

/** What a function says of itself: one structured line per event, and counts. */
export interface Telemetry {
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly count: (metric: string, value?: number) => void;
  /** Hands the counts over; called once per event. */
  readonly flush: () => void;
}

const LEVELS = { info: 'INFO', warn: 'WARN', error: 'ERROR' } as const satisfies Record<string, LogLevel>;

/**
 * Log lines and counts, each one JSON line; counts are in CloudWatch's embedded metric format. No library writes them:
 * the smallest one took a tenth of a function's cold start for the lines, and a tenth of the smallest bundle for counts.
 *
 * @param metrics `none` where nobody reads the counts, as on one machine
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

/** A service goes on when nobody reads its log any more: an error of the stream that nobody hears would end it. */
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

/** What a log line may say of an error: names, codes and messages of it and of what caused it. */
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

export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly service: string;
  readonly time: Date;
  /** Of X-Ray, where the function is traced. */
  readonly traceId?: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** True when lines of this level are wanted where the log is kept from `least` on. */
export function isLogged(level: LogLevel, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least);
}

/**
 * One line of JSON. What the function says of itself comes after the fields, so that no field can pass for it. Never
 * throws: fields that cannot be written are left out, and the line says so.
 */
export function formatLogLine({ level, message, service, time, traceId, fields }: LogEntry): string {
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
