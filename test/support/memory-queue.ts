import type { StoreError } from '../../lib/base/errors/store-error.ts';
import type { Queue } from '../../lib/platform/queues/queue.ts';

export interface MemoryQueue extends Queue {
  /** Bodies that were sent, in order. */
  readonly sent: readonly string[];
}

/** Messages held in memory. With a failure, every send fails with it. */
export function createMemoryQueue({ failure }: { readonly failure?: StoreError | undefined } = {}): MemoryQueue {
  const sent: string[] = [];
  return {
    description: 'memory',
    sent,
    async sendMessages(bodies) {
      if (failure !== undefined) throw failure;
      sent.push(...bodies);
    },
  };
}
