import { createHandler as createCheckPullspec } from '../functions/check-pullspec/handler.ts';
import { createHandler as createExportBundle, type ExportHandler } from '../functions/export-bundle/handler.ts';
import { createHandler as createMirrorSignatures } from '../functions/mirror-signatures/handler.ts';
import type { ProfileGraphs } from '../functions/plan-mirror/evaluate-graph-settings.ts';
import { createHandler as createPlanMirror, type PlanMirrorHandler } from '../functions/plan-mirror/handler.ts';
import { createHandler as createReadRecords } from '../functions/read-records/handler.ts';
import { createHandler as createReceivePush } from '../functions/receive-push/handler.ts';
import { createHandler as createRedriveLetters } from '../functions/redrive-letters/handler.ts';
import { createHandler as createReverify, type ReverifyHandler } from '../functions/reverify/handler.ts';
import { createHandler as createReviewAdmission } from '../functions/review-admission/handler.ts';
import { createHandler as createServePage } from '../functions/serve-page/handler.ts';
import { createHandler as createServeSignature } from '../functions/serve-signature/handler.ts';
import { createHandler as createVerifyImage } from '../functions/verify-image/handler.ts';
import { createHandler as createVerifyPushed } from '../functions/verify-pushed/handler.ts';
import { createDownloadLinks } from '../lib/bundle/service/bundle-links.ts';
import type { AdmissionCredential } from '../lib/cluster/admission/admission-credentials.ts';
import { createReviewRate } from '../lib/cluster/admission/review-admission.ts';
import { createVerdictReuse } from '../lib/cluster/admission/verdict-reuse.ts';
import { createCombinedBus } from '../lib/platform/bus/event-bus.ts';
import type { PageFiles } from '../lib/platform/files/page-files.ts';
import type { HttpClient, HttpSender } from '../lib/platform/http/http-client.ts';
import { readProxy } from '../lib/platform/lambda/environment.ts';
import type { QueueConsumer, QueueHandler } from '../lib/platform/lambda/queue-stack.ts';
import { createDeadLetterQueue } from '../lib/platform/queues/dead-letter-queue.ts';
import { createSqsConsumer, createSqsQueue } from '../lib/platform/queues/sqs-client.ts';
import type { SecretSource } from '../lib/platform/secrets/secret-source.ts';
import type { WebhookCredential } from '../lib/platform/secrets/webhook-credentials.ts';
import { openIdentities } from '../lib/push/receive/open-identities.ts';
import type { Signing } from '../lib/push/reverify/signing.ts';
import type { PreparedTrust } from '../lib/trust/prepared/prepared-trust.ts';
import type { OpenEvidence } from '../lib/verdict/records/open-evidence.ts';
import { createDownloads } from './download-bundle.ts';
import { createDiscovery } from './front/answer-discovery.ts';
import type { LocalHandlers } from './http-front.ts';
import { createLogBus } from './log-bus.ts';
import { createMetrics } from './metrics/answer-metrics.ts';
import type { EventCounts } from './metrics/count-events.ts';
import { createNotifier, createNotifyBus } from './notify/send-notifications.ts';
import { type LocalQueue, type LocalQueues, MAX_RECEIVES } from './queues/start-queues.ts';
import { createLocalEvents } from './receive-local-event.ts';

export interface LocalParts {
  readonly counts: EventCounts;
  readonly evidence: OpenEvidence;
  /** Update graphs that are kept mirrored. */
  readonly graphs: readonly ProfileGraphs[];
  readonly openClient: (access: PreparedTrust['storeAccess']) => HttpClient;
  readonly webhooks: SecretSource<readonly WebhookCredential[]> | undefined;
  readonly clusters: SecretSource<readonly AdmissionCredential[]> | undefined;
  /** Undefined when nobody is notified. */
  readonly notify:
    | { readonly urls: readonly string[]; readonly secret: SecretSource<() => Buffer>; readonly client: HttpSender }
    | undefined;
  /** Undefined: it was not built. */
  readonly page: PageFiles | undefined;
  /** Undefined when nothing is signed. */
  readonly signing: Signing | undefined;
  /** How the page gets in; `open` when left out. */
  readonly signIn?: 'open' | 'token' | 'certificate' | undefined;
  readonly queues: Pick<LocalQueues, 'client' | 'mirror' | 'push' | 'export' | 'notify'>;
}

/** The functions, over a directory and the embedded SQS instead of a bucket and SQS. */
export interface LocalFunctions {
  readonly http: LocalHandlers;
  readonly mirrorSignatures: QueueHandler;
  readonly verifyPushed: QueueHandler;
  readonly reverify: ReverifyHandler;
  readonly planMirror: PlanMirrorHandler;
  readonly exportBundle: ExportHandler;
  readonly notifier: QueueHandler | undefined;
}

const NAMES = ['push', 'mirror', 'export', 'notify'] as const;

export function wireFunctions(parts: LocalParts): LocalFunctions {
  const { counts, evidence, graphs, openClient, webhooks, clusters, notify, page, signing, queues } = parts;
  const { objects } = evidence;
  const { client } = queues;
  const mirrorQueue = createSqsQueue({ client, queueUrl: queues.mirror.queueUrl });
  const pushQueue = createSqsQueue({ client, queueUrl: queues.push.queueUrl });
  const toConsumer = (queue: LocalQueue): QueueConsumer => ({
    ...createSqsConsumer({ client, ...queue }),
    maxReceives: MAX_RECEIVES,
  });
  const of = (service: string) => ({ ...evidence, telemetry: counts.createTelemetry(service) });
  const receivePush = createReceivePush({
    ...of('receive-push'),
    webhooks,
    verifyIdentity: openIdentities(readProxy(process.env)),
    pushQueue,
    sendDead: createSqsConsumer({ client, ...queues.push }).sendDead,
  });
  const reverify = createReverify({ ...of('reverify'), pushQueue, invalidation: undefined, signing });
  const planMirror = createPlanMirror({ ...of('plan-mirror'), graphs, openClient, mirrorQueue });
  const exportBundle = createExportBundle({
    ...of('export-bundle'),
    exportQueue: createSqsQueue({ client, queueUrl: queues.export.queueUrl }),
    links: createDownloadLinks(),
    ...toConsumer(queues.export),
  });
  const watched = NAMES.map((name) => ({
    name,
    open: async () => ({
      queue: createDeadLetterQueue({ client, queueUrl: queues[name].queueUrl }),
      dead: createDeadLetterQueue({ client, queueUrl: queues[name].deadLetterUrl }),
    }),
  }));
  const redrivable = NAMES.map((name) => ({
    name,
    queue: createSqsQueue({ client, queueUrl: queues[name].queueUrl }),
    openDead: () => createDeadLetterQueue({ client, queueUrl: queues[name].deadLetterUrl }),
  }));
  const reuse = createVerdictReuse(objects);
  const rate = createReviewRate();
  const log = createLogBus(counts.createTelemetry('events'));
  const notifyQueue = createSqsQueue({ client, queueUrl: queues.notify.queueUrl });
  const bus = notify === undefined ? log : createCombinedBus([log, createNotifyBus(notifyQueue, notify.urls)]);
  const notifier =
    notify === undefined ? undefined : createNotifier({ ...of('notify'), ...notify, ...toConsumer(queues.notify) });
  return {
    http: {
      'check-pullspec': createCheckPullspec(of('check-pullspec')),
      'verify-image': createVerifyImage({ ...of('verify-image'), mirrorQueue }),
      'serve-signature': createServeSignature(of('serve-signature')),
      'read-records': createReadRecords({ ...of('read-records'), queues: watched }),
      'receive-push': async (event, context) => (await receivePush(event, context)) ?? {},
      'review-admission': createReviewAdmission({ ...of('review-admission'), clusters, rate, reuse }),
      'export-bundle': exportBundle,
      'redrive-letters': createRedriveLetters({ queues: redrivable, ...of('redrive-letters') }),
      'local-events': createLocalEvents({ receivePush, reverify, planMirror }, counts.createTelemetry('local-events')),
      'local-downloads': createDownloads(objects, counts.createTelemetry('local-downloads')),
      'local-metrics': createMetrics({ ...of('local-metrics'), queues: watched, counts }),
      'local-discovery': createDiscovery(counts.createTelemetry('local-discovery')),
      'serve-page': createServePage({ ...of('serve-page'), files: page, signIn: { kind: parts.signIn ?? 'open' } }),
    },
    mirrorSignatures: createMirrorSignatures({ ...of('mirror-signatures'), ...toConsumer(queues.mirror) }),
    verifyPushed: createVerifyPushed({ ...of('verify-pushed'), mirrorQueue, bus, ...toConsumer(queues.push) }),
    reverify,
    planMirror,
    exportBundle,
    notifier,
  };
}
