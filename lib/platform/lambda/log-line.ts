/** What a line of the log may be, by weight. */
export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'SILENT'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

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
