/** A signal that aborts when time is up, with an error that says so as its reason, and with the caller's signal. */
export interface Deadline {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  /** Releases the timer and the caller's signal. */
  clear(): void;
}

/** @param parent the caller's signal; undefined for the outermost deadline of an invocation */
export function startDeadline(parent: AbortSignal | undefined, milliseconds: number, toError: () => Error): Deadline {
  const controller = new AbortController();
  const follow = () => controller.abort(parent?.reason);
  if (parent?.aborted === true) follow();
  else parent?.addEventListener('abort', follow, { once: true });
  const timer = setTimeout(() => controller.abort(toError()), milliseconds);
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    clear() {
      clearTimeout(timer);
      parent?.removeEventListener('abort', follow);
    },
  };
}

/** The promise's outcome, or the signal's reason as soon as it aborts. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    const stop = (): void => signal.removeEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    promise.then(
      (value) => {
        stop();
        resolve(value);
      },
      (error: unknown) => {
        stop();
        reject(error);
      },
    );
  });
}
