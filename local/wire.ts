import { createHandler as createCheckPullspec } from '../functions/check-pullspec/handler.ts';
import { createHandler as createExportBundle, type ExportHandler } from '../functions/export-bundle/handler.ts';
import { createHandler as createMirrorSignatures } from '../functions/mirror-signatures/handler.ts';
import type { ProfileGraphs } from '../functions/plan-mirror/evaluate-graph-settings.ts';
import { createHandler as createPlanMirror, type PlanMirrorHandler } from '../functions/plan-mirror/handler.ts';
import { createHandler as createReadRecords } from '../functions/read-records/handler.ts';
import { createHandler as createReceivePush } from '../functions/receive-push/handler.ts';
import { createHandler as createReverify, type ReverifyHandler } from '../functions/reverify/handler.ts';
import { createHandler as createReviewAdmission } from '../functions/review-admission/handler.ts';
import { createHandler as createServeSignature } from '../functions/serve-signature/handler.ts';
import { createHandler as createVerifyImage } from '../functions/verify-image/handler.ts';
import { createHandler as createVerifyPushed } from '../functions/verify-pushed/handler.ts';
import { createDownloadLinks } from '../lib/bundle/service/bundle-links.ts';
import type { AdmissionCredential } from '../lib/cluster/admission/admission-credentials.ts';
import { createVerdictReuse } from '../lib/cluster/admission/verdict-reuse.ts';
import type { HttpClient } from '../lib/platform/http/http-client.ts';
import type { QueueConsumer, QueueHandler } from '../lib/platform/lambda/queue-stack.ts';
import { createTelemetry } from '../lib/platform/lambda/telemetry.ts';
import { createSqsQueue } from '../lib/platform/queues/sqs-client.ts';
import { createSqsConsumer } from '../lib/platform/queues/sqs-consumer.ts';
import type { SecretSource } from '../lib/platform/secrets/secret-source.ts';
import type { WebhookCredential } from '../lib/platform/secrets/webhook-credentials.ts';
import type { PreparedTrust } from '../lib/trust/prepared/prepared-trust.ts';
import type { OpenEvidence } from '../lib/verdict/records/open-evidence.ts';
import { createDownloads } from './download-bundle.ts';
import type { LocalHandlers } from './http-front.ts';
import { createLogBus } from './log-bus.ts';
import { createLocalEvents } from './receive-local-event.ts';
import { type LocalQueue, type LocalQueues, MAX_RECEIVES } from './start-queues.ts';

export interface LocalParts {
  readonly evidence: OpenEvidence;
  /** Update graphs that are kept mirrored. */
  readonly graphs: readonly ProfileGraphs[];
  readonly openClient: (access: PreparedTrust['storeAccess']) => HttpClient;
  readonly webhooks: SecretSource<readonly WebhookCredential[]> | undefined;
  readonly clusters: SecretSource<readonly AdmissionCredential[]> | undefined;
  readonly queues: Pick<LocalQueues, 'client' | 'mirror' | 'push' | 'export'>;
}

/** The functions, over a directory and the embedded SQS instead of a bucket and SQS. */
export interface LocalFunctions {
  readonly http: LocalHandlers;
  readonly mirrorSignatures: QueueHandler;
  readonly verifyPushed: QueueHandler;
  readonly reverify: ReverifyHandler;
  readonly planMirror: PlanMirrorHandler;
  readonly exportBundle: ExportHandler;
}

export function wireFunctions(parts: LocalParts): LocalFunctions {
  const { evidence, graphs, openClient, webhooks, clusters, queues } = parts;
  const { objects } = evidence;
  const { client } = queues;
  const mirrorQueue = createSqsQueue({ client, queueUrl: queues.mirror.queueUrl });
  const pushQueue = createSqsQueue({ client, queueUrl: queues.push.queueUrl });
  const toConsumer = (queue: LocalQueue): QueueConsumer => ({
    ...createSqsConsumer({ client, ...queue }),
    maxReceives: MAX_RECEIVES,
  });
  const of = (service: string) => ({ ...evidence, telemetry: createTelemetry(service, 'none') });
  const receivePush = createReceivePush({
    ...of('receive-push'),
    webhooks,
    pushQueue,
    sendDead: createSqsConsumer({ client, ...queues.push }).sendDead,
  });
  const reverify = createReverify({ ...of('reverify'), pushQueue, invalidation: undefined });
  const planMirror = createPlanMirror({ ...of('plan-mirror'), graphs, openClient, mirrorQueue });
  const exportBundle = createExportBundle({
    ...of('export-bundle'),
    exportQueue: createSqsQueue({ client, queueUrl: queues.export.queueUrl }),
    links: createDownloadLinks(),
    ...toConsumer(queues.export),
  });
  const reuse = createVerdictReuse(objects);
  const bus = createLogBus(createTelemetry('events', 'none'));
  return {
    http: {
      'check-pullspec': createCheckPullspec(of('check-pullspec')),
      'verify-image': createVerifyImage({ ...of('verify-image'), mirrorQueue }),
      'serve-signature': createServeSignature(of('serve-signature')),
      'read-records': createReadRecords(of('read-records')),
      'receive-push': async (event, context) => (await receivePush(event, context)) ?? {},
      'review-admission': createReviewAdmission({ ...of('review-admission'), clusters, reuse }),
      'export-bundle': exportBundle,
      'local-events': createLocalEvents({ receivePush, reverify, planMirror }, createTelemetry('local-events', 'none')),
      'local-downloads': createDownloads(objects, createTelemetry('local-downloads', 'none')),
    },
    mirrorSignatures: createMirrorSignatures({ ...of('mirror-signatures'), ...toConsumer(queues.mirror) }),
    verifyPushed: createVerifyPushed({ ...of('verify-pushed'), mirrorQueue, bus, ...toConsumer(queues.push) }),
    reverify,
    planMirror,
    exportBundle,
  };
}
