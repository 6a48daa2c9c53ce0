import { setFlagsFromString } from 'node:v8';

/** The progress of a long command on standard error: one line that is redrawn, or a JSON line every few seconds. */
interface Progress {
  readonly show: (done: number, fields?: Readonly<Record<string, number>>) => void;
  /** Clears the line on a terminal. */
  readonly end: () => void;
}

/** Milliseconds between two lines. */
const TERMINAL_MS = 100;
const LINES_MS = 5000;
const WIDTH = 24;

let isShown = true;

/** Whether the progress of this call is shown. */
export function showProgress(shown: boolean): void {
  isShown = shown;
}

/** A `total` among the fields makes a bar of the line. */
export function createProgress(what: string): Progress {
  if (!isShown) return { show: () => undefined, end: () => undefined };
  const isTerminal = process.stderr.isTTY;
  const interval = isTerminal ? TERMINAL_MS : LINES_MS;
  let shownAt = isTerminal ? 0 : Date.now();
  return {
    show(done, fields = {}) {
      const now = Date.now();
      if (now - shownAt < interval) return;
      shownAt = now;
      process.stderr.write(isTerminal ? toBar(what, done, fields) : toLine(what, done, fields));
    },
    end() {
      if (isTerminal && shownAt > 0) process.stderr.write('\r\u001b[K');
    },
  };
}

function toBar(what: string, done: number, { total, ...rest }: Readonly<Record<string, number>>): string {
  const more = Object.entries(rest).map(([name, value]) => `, ${value} ${name}`);
  if (total === undefined) return `\r\u001b[K${done} ${what}${more.join('')}`;
  const filled = total === 0 ? WIDTH : Math.round((WIDTH * done) / total);
  return `\r\u001b[K[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}] ${done} of ${total} ${what}${more.join('')}`;
}

function toLine(what: string, done: number, fields: Readonly<Record<string, number>>): string {
  return `${JSON.stringify({ progress: what, done, ...fields })}\n`;
}

/**
 * Collects garbage more often, at the price of some processor time: for commands that run long. The young generation
 * stays small, and the old one is collected when it has grown by half. V8 reads these flags whenever it decides how far
 * a heap may grow, not only when it starts. `npm run bench:mirror` measures the memory of a sync with them.
 */
export function preferMemory(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=50');
}
