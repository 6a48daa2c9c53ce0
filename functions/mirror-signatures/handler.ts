import { MirrorMessageSchema } from '../../lib/mirror/sync/mirror-message.ts';
import { type QueueConsumer, type QueueHandler, wrapQueue } from '../../lib/platform/lambda/queue-stack.ts';
import { type MirrorDependencies, mirrorQueued } from './mirror-queued.ts';

export interface Dependencies extends MirrorDependencies, QueueConsumer {}

/** Digests mirrored at the same time within one batch. */
const CONCURRENCY = 8;

/**
 * The mirror queue: copies what verifies into the bucket, and remembers what is absent, so that it is not looked up
 * again too soon. What can never succeed, or failed too often, is a dead letter.
 */
export function createHandler(dependencies: Dependencies): QueueHandler {
  return wrapQueue((message, signal) => mirrorQueued(message, dependencies, signal), {
    ...dependencies,
    schema: MirrorMessageSchema,
    concurrency: CONCURRENCY,
    failure: 'not mirrored',
  });
}
