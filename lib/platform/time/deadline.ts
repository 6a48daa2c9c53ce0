import type { StoreError } from '../../base/errors/store-error.ts';

/** A signal that follows the caller's and also aborts when time is up, with a StoreError as its reason. */
export interface Deadline {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  /** Lets go of the timer and of the caller's signal. */
  clear(): void;
}

export function startDeadline(parent: AbortSignal, milliseconds: number, toError: () => StoreError): Deadline {
  const controller = new AbortController();
  const follow = () => controller.abort(parent.reason);
  if (parent.aborted) follow();
  else parent.addEventListener('abort', follow, { once: true });
  const timer = setTimeout(() => controller.abort(toError()), milliseconds);
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    clear() {
      clearTimeout(timer);
      parent.removeEventListener('abort', follow);
    },
  };
}

/** The promise's outcome, or the signal's reason as soon as it aborts. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([aborted, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
