import { AsyncLocalStorage } from 'node:async_hooks';
import fs from 'node:fs';
import { LOG_LEVELS, type LogLevel, readLogLevel, readStage, readTraceId } from './environment.ts';

/** What connects the lines of one invocation, and of one push through several functions. */
export interface LogContext {
  /** Of Lambda. */
  readonly requestId?: string | undefined;
  /** True in every line of the first invocation of a process. */
  readonly coldStart?: boolean | undefined;
  /** ID of the request, event or message that caused all of it. */
  readonly correlationId?: string | undefined;
}

const contexts = new AsyncLocalStorage<LogContext>();

/** Runs work whose lines, of whatever telemetry, all have these members. What is left out stays as it is outside. */
export function withLogContext<Result>(context: LogContext, work: () => Result): Result {
  return contexts.run({ ...contexts.getStore(), ...context }, work);
}

/** What the lines of the present work are connected by. */
export function readCorrelationId(): string | undefined {
  return contexts.getStore()?.correlationId;
}

/** Units of what is not counted: CloudWatch knows none of days. */
type Unit = 'Seconds' | 'None';

type LogLine = [level: 'info' | 'warn' | 'error', message: string, fields?: Readonly<Record<string, unknown>>];

/** The log of a function, one structured line per event, and its counts. */
export interface Telemetry {
  readonly log: (...line: LogLine) => void;
  readonly count: (metric: string, value?: number) => void;
  /** A value as it is now, which replaces one of the same event. */
  readonly measure: (metric: string, value: number, unit: Unit) => void;
  /** Writes counts and measures; called once per event. @param last the event's last line: one write takes both */
  readonly flush: (...last: LogLine | []) => void;
}

const LEVELS = { info: 'INFO', warn: 'WARN', error: 'ERROR' } as const satisfies Record<string, LogLevel>;

/**
 * Log lines and counts, each one JSON line; counts are in CloudWatch's embedded metric format. No library writes them:
 * the smallest one took a tenth of a function's cold start for the lines, and a tenth of the smallest bundle for counts.
 *
 * @param metrics `none` where counts are not collected, as on one machine; there a process lives on after an event, and the
 *   last lines of events that end together are one write
 */
export function createTelemetry(service: string, metrics: 'embedded' | 'none' = 'embedded'): Telemetry {
  const least = readLogLevel();
  const stage = readStage();
  const dimensions = { service, ...(stage === undefined ? {} : { stage }) };
  // A service goes on while nobody reads its log; a function may be frozen as soon as it has answered.
  const write = metrics === 'embedded' ? writeByDescriptor : writeByStream;
  const counts = new Map<string, number>();
  const units = new Map<string, Unit>();
  const format = (...[name, message, fields = {}]: LogLine): string => {
    const level = LEVELS[name];
    if (!isLogged(level, least)) return '';
    const traceId = metrics === 'embedded' ? readTraceId() : undefined;
    return formatLogLine({ level, message, service, time: new Date(), traceId, fields });
  };
  return {
    log: (...line) => {
      // In their order.
      writeNow();
      write(line[0] === 'info' ? OUTPUT : ERRORS, format(...line));
    },
    count: (metric, value = 1) => {
      counts.set(metric, (counts.get(metric) ?? 0) + value);
    },
    measure: (metric, value, unit) => {
      counts.set(metric, value);
      units.set(metric, unit);
    },
    flush: (...last) => {
      const line = last.length === 0 ? '' : format(...last);
      const isCounted = counts.size > 0 && metrics === 'embedded';
      const counted = isCounted ? toMetricLine(dimensions, counts, units) : '';
      counts.clear();
      if (last[0] !== undefined && last[0] !== 'info') write(ERRORS, line);
      const lines = last[0] === 'info' ? line + counted : counted;
      if (metrics === 'embedded') write(OUTPUT, lines);
      else writeSoon(lines);
    },
  };
}

/** Lines of the standard output that are written once what is under way has been looked at, or at the process's end. */
let soon = '';

function writeSoon(lines: string): void {
  if (lines === '') return;
  if (soon === '') setImmediate(writeNow);
  if (!isEndHeard) process.on('exit', writeNow);
  isEndHeard = true;
  soon += lines;
}

let isEndHeard = false;

function writeNow(): void {
  const lines = soon;
  soon = '';
  writeByStream(OUTPUT, lines);
}

/** Descriptors of the standard output and the standard error. */
const [OUTPUT, ERRORS] = [1, 2] as const;
type Descriptor = typeof OUTPUT | typeof ERRORS;

/** The streams of descriptors, made when they are first needed. */
const streams = new Map<Descriptor, NodeJS.WritableStream>();

/** To make a stream takes more than a millisecond of a start: one is made for what the descriptor does not take at once. */
function writeByDescriptor(descriptor: Descriptor, lines: string): void {
  if (lines === '') return;
  const rest = streams.has(descriptor) ? Buffer.from(lines) : writeAtOnce(descriptor, Buffer.from(lines));
  if (rest.length > 0) toStream(descriptor).write(rest);
}

function writeByStream(descriptor: Descriptor, lines: string): void {
  if (lines !== '') toStream(descriptor).write(lines);
}

/** Returns what was not written: a pipe may be full, or nobody may read it any more. */
function writeAtOnce(descriptor: Descriptor, bytes: Uint8Array): Uint8Array {
  let rest = bytes;
  try {
    while (rest.length > 0) {
      const written = fs.writeSync(descriptor, rest);
      if (written === 0) break;
      rest = rest.subarray(written);
    }
  } catch {
    // The stream waits, or says why it cannot.
  }
  return rest;
}

/** A service goes on when its log's reader is gone: without a listener, an error of the stream would end the process. */
function toStream(descriptor: Descriptor): NodeJS.WritableStream {
  const made = streams.get(descriptor);
  if (made !== undefined) return made;
  const stream = descriptor === OUTPUT ? process.stdout : process.stderr;
  stream.on('error', () => undefined);
  streams.set(descriptor, stream);
  return stream;
}

/** @param dimensions all of them: a metric of one stage is none of another's */
function toMetricLine(
  dimensions: Readonly<Record<string, string>>,
  counts: ReadonlyMap<string, number>,
  units: ReadonlyMap<string, Unit>,
): string {
  const metrics = [...counts.keys()].map((name) => ({ Name: name, Unit: units.get(name) ?? 'Count' }));
  const directive = { Namespace: 'Signet', Dimensions: [Object.keys(dimensions)], Metrics: metrics };
  const envelope = { Timestamp: Date.now(), CloudWatchMetrics: [directive] };
  return `${JSON.stringify({ _aws: envelope, ...dimensions, ...Object.fromEntries(counts) })}\n`;
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
    ...contexts.getStore(),
  };
  try {
    return `${JSON.stringify(Object.assign({}, own, fields, own))}\n`;
  } catch {
    return `${JSON.stringify({ ...own, unwritten: Object.keys(fields) })}\n`;
  }
}
