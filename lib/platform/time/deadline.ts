/** Milliseconds of a monotonic clock. `performance` would have to be loaded, which takes a millisecond of a start. */
export function readClock(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** The time of some work: over with an error that says so, or with the caller's signal. */
export interface Deadline {
  /** Aborts at the end. Made when it is first asked for, which costs more than many an answer that needs none. */
  readonly signal: AbortSignal;
  /** The promise's outcome, or the reason of the end as soon as it comes. */
  within<T>(promise: Promise<T>): Promise<T>;
  abort(reason: unknown): void;
  /** Releases the timer and the caller's signal. */
  clear(): void;
}

interface RunningDeadline {
  readonly endsAt: number;
  readonly expire: () => void;
  readonly parent: AbortSignal | undefined;
  readonly waiters: Waiters;
}

/** Of each signal that a deadline made. */
const running = new WeakMap<AbortSignal, RunningDeadline>();

/**
 * Aborts a signal whose deadline is over, or a deadline above it, without waiting for its timer: none runs while the
 * process computes. Returns whether the signal has aborted.
 */
export function expireDeadline(signal: AbortSignal): boolean {
  for (let above: AbortSignal | undefined = signal; above !== undefined && !signal.aborted;) {
    const deadline: RunningDeadline | undefined = running.get(above);
    if (deadline !== undefined && readClock() >= deadline.endsAt) deadline.expire();
    above = deadline?.parent;
  }
  return signal.aborted;
}

/** @param parent the caller's signal; undefined for the outermost deadline of an invocation */
export function startDeadline(parent: AbortSignal | undefined, milliseconds: number, toError: () => Error): Deadline {
  let controller: AbortController | undefined;
  let end: { readonly reason: unknown } | undefined;
  const waiters: Waiters = new Set();
  const abort = (reason: unknown): void => {
    if (end !== undefined) return;
    end = { reason };
    controller?.abort(reason);
    for (const reject of waiters) reject(reason);
  };
  const above = parent === undefined ? undefined : toWaiters(parent);
  if (parent?.aborted === true) abort(parent.reason);
  else above?.add(abort);
  const endsAt = readClock() + milliseconds;
  const expire = (): void => abort(toError());
  const timer = setTimeout(expire, milliseconds);
  const open = (): AbortController => {
    controller = new AbortController();
    running.set(controller.signal, { endsAt, expire, parent, waiters });
    if (end !== undefined) controller.abort(end.reason);
    return controller;
  };
  return {
    get signal() {
      return (controller ?? open()).signal;
    },
    within: (promise) => raceWaiters(promise, waiters, end),
    abort,
    clear() {
      clearTimeout(timer);
      if (controller !== undefined) running.delete(controller.signal);
      above?.delete(abort);
    },
  };
}

/** Who waits for a promise or the end. */
type Waiters = Set<(reason: unknown) => void>;

function raceWaiters<T>(
  promise: Promise<T>,
  waiters: Waiters,
  end: { readonly reason: unknown } | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    waiters.add(reject);
    if (end !== undefined) reject(end.reason);
    promise.then(
      (value) => {
        waiters.delete(reject);
        resolve(value);
      },
      (error: unknown) => {
        waiters.delete(reject);
        reject(error);
      },
    );
  });
}

/** Of a signal that no deadline made, one listener serves all who wait, because adding one costs microseconds. */
const waiting = new WeakMap<AbortSignal, Waiters>();

/** The promise's outcome, or the signal's reason as soon as it aborts. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return raceWaiters(promise, toWaiters(signal), signal.aborted ? { reason: signal.reason } : undefined);
}

function toWaiters(signal: AbortSignal): Waiters {
  const known = running.get(signal)?.waiters ?? waiting.get(signal);
  if (known !== undefined) return known;
  const waiters: Waiters = new Set();
  waiting.set(signal, waiters);
  signal.addEventListener(
    'abort',
    () => {
      for (const reject of waiters) reject(signal.reason);
    },
    { once: true },
  );
  return waiters;
}
