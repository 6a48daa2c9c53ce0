/** Milliseconds between two tries to reach a service that did not answer. */
const RETRY_MS = 3000;

type Listener = () => void;

let unreachableSince: number | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<Listener>();

/** Since when the service has not answered; undefined while it does. */
export function toUnreachableSince(): number | undefined {
  return unreachableSince;
}

/** Calls back whenever the service is lost or found again. @returns what ends it */
export function whenReachChanges(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Something asked and had no answer: from now on the service is tried until it answers. */
export function reportLost(): void {
  timer ??= setTimeout(tryAgain, RETRY_MS);
  if (unreachableSince !== undefined) return;
  unreachableSince = Date.now();
  for (const listener of listeners) listener();
}

/** Something had an answer, whatever it said. */
export function reportAnswered(): void {
  clearTimeout(timer);
  timer = undefined;
  if (unreachableSince === undefined) return;
  unreachableSince = undefined;
  for (const listener of listeners) listener();
}

/** Any answer will do: also one that refuses. */
function tryAgain(): void {
  timer = undefined;
  fetch('/healthz', { cache: 'no-store' }).then(reportAnswered, reportLost);
}

/** Follows what the browser knows of the network. */
export function followNetwork(): void {
  addEventListener('online', tryAgain);
  addEventListener('offline', reportLost);
}
