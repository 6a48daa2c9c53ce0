import type { ReverifyHandler } from '../functions/reverify/handler.ts';
import { createLocalContext } from './local-context.ts';
import { REVERIFY_MS } from './receive-local-event.ts';

/** Milliseconds between two runs; one that has nothing to do reads two objects. */
const PAUSE_MS = 5000;

/** What the bucket's notification and the schedule do in a deployment. A failure is logged by the function itself. */
export function repeatReverify(reverify: ReverifyHandler): { readonly close: () => Promise<void> } {
  let running: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(() => reverify({}, createLocalContext('reverify', REVERIFY_MS))).catch(() => undefined);
  }, PAUSE_MS);
  return {
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
