import { createHandler as createCheckPullspec } from '../functions/check-pullspec/handler.ts';
import { createHandler as createMirrorSignatures, type MirrorHandler } from '../functions/mirror-signatures/handler.ts';
import { createHandler as createReadRecords } from '../functions/read-records/handler.ts';
import { createHandler as createServeSignature } from '../functions/serve-signature/handler.ts';
import { createHandler as createVerifyImage } from '../functions/verify-image/handler.ts';
import { createTrustSource } from '../lib/decide/trust-source.ts';
import type { ObjectStore } from '../lib/objects/object-store.ts';
import { createSqsConsumer } from '../lib/queue/sqs-consumer.ts';
import { createSqsQueue } from '../lib/queue/sqs-queue.ts';
import type { HttpHandler } from '../lib/runtime/http-stack.ts';
import { createTelemetry } from '../lib/runtime/telemetry.ts';
import { createObjectReleaseStore } from '../lib/signatures/object-release-store.ts';
import type { UpstreamStores } from '../lib/signatures/upstream-stores.ts';
import type { FunctionName } from './routes.ts';
import type { LocalQueues } from './start-queues.ts';

/** The functions, over a directory and the embedded SQS instead of a bucket and SQS. */
export interface LocalFunctions {
  readonly http: Readonly<Record<FunctionName, HttpHandler>>;
  readonly mirrorSignatures: MirrorHandler;
}

/** Milliseconds after which a changed trust revision is seen: people wait for it here. */
const TRUST_REFRESH_MS = 500;

export function wireFunctions(
  objects: ObjectStore,
  profiles: readonly string[],
  upstream: UpstreamStores,
  { client, mirror: mirrorQueue }: LocalQueues,
): LocalFunctions {
  const now = (): Date => new Date();
  const trust = createTrustSource(objects, profiles, now, TRUST_REFRESH_MS);
  const mirror = createObjectReleaseStore(objects, { description: 'mirror' });
  const of = (service: string) => ({ trust, objects, upstream, now, telemetry: createTelemetry(service, 'none') });
  return {
    http: {
      'check-pullspec': createCheckPullspec(of('check-pullspec')),
      'verify-image': createVerifyImage({
        ...of('verify-image'),
        mirror,
        mirrorQueue: createSqsQueue({ client, queueUrl: mirrorQueue.queueUrl }),
      }),
      'serve-signature': createServeSignature(of('serve-signature')),
      'read-records': createReadRecords(of('read-records')),
    },
    mirrorSignatures: createMirrorSignatures({
      ...of('mirror-signatures'),
      ...createSqsConsumer({ client, queueUrl: mirrorQueue.queueUrl, deadLetterUrl: mirrorQueue.deadLetterUrl }),
    }),
  };
}
