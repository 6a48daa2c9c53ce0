import { setFlagsFromString } from 'node:v8';

/** What a long command says of itself on standard error: a line that is drawn again, or a JSON line now and then. */
interface Progress {
  readonly show: (done: number, fields?: Readonly<Record<string, number>>) => void;
  /** Leaves the terminal clean. */
  readonly end: () => void;
}

/** Milliseconds between two lines. */
const TERMINAL_MS = 100;
const LINES_MS = 5000;
const WIDTH = 24;

/** A `total` among the fields makes a bar of the line. */
export function createProgress(what: string): Progress {
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
 * Has the collector wait for less garbage, at the price of some processor time: for commands that run for long. What is
 * young is collected before it is much, and what is old when it has grown by half. V8 reads these flags whenever it
 * decides how far a heap may grow, not only when it starts. `npm run bench:mirror` shows what a sync holds with them.
 */
export function preferMemory(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=50');
}
