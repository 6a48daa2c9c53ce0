import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';

/** Keeps what a function says, to be looked at. */
export interface KeptTelemetry extends Telemetry {
  readonly lines: readonly {
    readonly level: string;
    readonly message: string;
    readonly fields: Readonly<Record<string, unknown>>;
  }[];
  readonly counts: ReadonlyMap<string, number>;
  readonly flushes: () => number;
}

export function createKeptTelemetry(): KeptTelemetry {
  const lines: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const counts = new Map<string, number>();
  let flushes = 0;
  return {
    lines,
    counts,
    flushes: () => flushes,
    log: (level, message, fields = {}) => {
      lines.push({ level, message, fields });
    },
    count: (metric, value = 1) => {
      counts.set(metric, (counts.get(metric) ?? 0) + value);
    },
    measure: (metric, value) => {
      counts.set(metric, value);
    },
    flush: (...last) => {
      flushes += 1;
      if (last.length === 0) return;
      const [level, message, fields = {}] = last;
      lines.push({ level, message, fields });
    },
  };
}
