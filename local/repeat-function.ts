import type { Context } from 'aws-lambda';
import { createLocalContext } from './local-context.ts';

/** What a schedule calls. */
export interface RepeatedFunction {
  readonly name: string;
  readonly handler: (event: object, context: Context) => Promise<unknown>;
  /** Milliseconds that each run has, as in serverless.yml. */
  readonly budgetMs: number;
  /** Milliseconds between two runs. */
  readonly pauseMs: number;
}

/** What a schedule does in a deployment. A failure is logged by the function itself. */
export function repeatFunction({ name, handler, budgetMs, pauseMs }: RepeatedFunction): {
  readonly close: () => Promise<void>;
} {
  let running: Promise<unknown> = Promise.resolve();
  const run = (): void => {
    running = running.then(() => handler({}, createLocalContext(name, budgetMs))).catch(() => undefined);
  };
  run();
  const timer = setInterval(run, pauseMs);
  return {
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
