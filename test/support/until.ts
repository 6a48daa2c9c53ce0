import { setTimeout as delay } from 'node:timers/promises';

/** Far more than anything here takes, and less than a test has: only what never happens waits for its end. */
const PATIENCE_MS = 90_000;

/**
 * Looks every 20 ms whether it happened.
 *
 * @param tell what is known, for the error's text
 * @throws Error when it did not happen in 90 seconds
 */
export async function until(what: () => boolean | Promise<boolean>, tell: () => string = () => ''): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await what())) {
    if (Date.now() > deadline) throw new Error(`it did not happen in time: ${tell()}`);
    await delay(20);
  }
}
