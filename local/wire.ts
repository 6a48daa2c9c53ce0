import { createHandler as createCheckPullspec } from '../functions/check-pullspec/handler.ts';
import { createHandler as createExportBundle, type ExportHandler } from '../functions/export-bundle/handler.ts';
import { createHandler as createMirrorSignatures, type MirrorHandler } from '../functions/mirror-signatures/handler.ts';
import type { ProfileGraphs } from '../functions/plan-mirror/evaluate-graph-settings.ts';
import { createHandler as createPlanMirror, type PlanMirrorHandler } from '../functions/plan-mirror/handler.ts';
import { createHandler as createReadRecords } from '../functions/read-records/handler.ts';
import { createHandler as createReceivePush } from '../functions/receive-push/handler.ts';
import { createHandler as createReverify, type ReverifyHandler } from '../functions/reverify/handler.ts';
import { createHandler as createReviewAdmission } from '../functions/review-admission/handler.ts';
import { createHandler as createServeSignature } from '../functions/serve-signature/handler.ts';
import { createHandler as createVerifyImage } from '../functions/verify-image/handler.ts';
import { createHandler as createVerifyPushed, type VerifyPushedHandler } from '../functions/verify-pushed/handler.ts';
import { createDownloadLinks } from '../lib/bundle/service/bundle-links.ts';
import type { AdmissionCredential } from '../lib/cluster/admission/admission-credentials.ts';
import { createVerdictReuse } from '../lib/cluster/admission/verdict-reuse.ts';
import type { HttpClient } from '../lib/platform/http/http-client.ts';
import type { HttpHandler } from '../lib/platform/lambda/http-stack.ts';
import { createTelemetry } from '../lib/platform/lambda/telemetry.ts';
import type { ObjectStore } from '../lib/platform/objects/port/object-store.ts';
import { createSqsQueue } from '../lib/platform/queues/sqs-client.ts';
import { createSqsConsumer } from '../lib/platform/queues/sqs-consumer.ts';
import type { SecretSource } from '../lib/platform/secrets/secret-source.ts';
import type { WebhookCredential } from '../lib/platform/secrets/webhook-credentials.ts';
import type { ProfileRegistries } from '../lib/registry/profile/profile-registries.ts';
import { openMirror, type UpstreamStores } from '../lib/stores/open/open-stores.ts';
import type { PreparedTrust } from '../lib/trust/prepared/prepared-trust.ts';
import { createTrustSource } from '../lib/trust/source/trust-source.ts';
import { createAcceptances } from '../lib/verdict/records/acceptances.ts';
import { createDownloads } from './download-bundle.ts';
import type { LocalHandlers } from './http-front.ts';
import { createLogBus } from './log-bus.ts';
import { createLocalEvents } from './receive-local-event.ts';
import { type LocalQueues, MAX_RECEIVES } from './start-queues.ts';

export interface LocalParts {
  readonly objects: ObjectStore;
  readonly profiles: readonly string[];
  readonly upstream: UpstreamStores;
  /** Update graphs that are kept mirrored. */
  readonly graphs: readonly ProfileGraphs[];
  readonly openClient: (access: PreparedTrust['storeAccess']) => HttpClient;
  readonly registries: ProfileRegistries;
  readonly webhooks: SecretSource<readonly WebhookCredential[]> | undefined;
  readonly clusters: SecretSource<readonly AdmissionCredential[]> | undefined;
  readonly queues: Pick<LocalQueues, 'client' | 'mirror' | 'push' | 'export'>;
}

/** The functions, over a directory and the embedded SQS instead of a bucket and SQS. */
export interface LocalFunctions {
  readonly http: LocalHandlers;
  readonly mirrorSignatures: MirrorHandler;
  readonly verifyPushed: VerifyPushedHandler;
  readonly reverify: ReverifyHandler;
  readonly planMirror: PlanMirrorHandler;
  readonly exportBundle: ExportHandler;
}

/** Milliseconds after which a changed trust revision is seen: people wait for it here. */
const TRUST_REFRESH_MS = 500;

export function wireFunctions({
  objects,
  profiles,
  upstream,
  graphs,
  openClient,
  registries,
  webhooks,
  clusters,
  queues,
}: LocalParts): LocalFunctions {
  const { client } = queues;
  const now = (): Date => new Date();
  const trust = createTrustSource(objects, profiles, now, TRUST_REFRESH_MS);
  const mirror = openMirror(objects);
  const acceptances = createAcceptances(objects);
  const mirrorQueue = createSqsQueue({ client, queueUrl: queues.mirror.queueUrl });
  const pushQueue = createSqsQueue({ client, queueUrl: queues.push.queueUrl });
  const mirrorConsumer = createSqsConsumer({ client, ...queues.mirror });
  const pushConsumer = createSqsConsumer({ client, ...queues.push });
  const of = (service: string) => ({ trust, objects, upstream, now, telemetry: createTelemetry(service, 'none') });
  const receivePush = createReceivePush({
    ...of('receive-push'),
    webhooks,
    pushQueue,
    sendDead: pushConsumer.sendDead,
  });
  const reverify = createReverify({ ...of('reverify'), pushQueue, invalidation: undefined });
  const planMirror = createPlanMirror({ ...of('plan-mirror'), graphs, openClient, registries, mirrorQueue });
  const exportBundle = createExportBundle({
    ...of('export-bundle'),
    exportQueue: createSqsQueue({ client, queueUrl: queues.export.queueUrl }),
    links: createDownloadLinks(),
    maxReceives: MAX_RECEIVES,
    ...createSqsConsumer({ client, ...queues.export }),
  });
  const receiveHttp: HttpHandler = async (event, context) => (await receivePush(event, context)) ?? {};
  return {
    http: {
      'check-pullspec': createCheckPullspec(of('check-pullspec')),
      'verify-image': createVerifyImage({ ...of('verify-image'), acceptances, mirror, mirrorQueue }),
      'serve-signature': createServeSignature(of('serve-signature')),
      'read-records': createReadRecords(of('read-records')),
      'receive-push': receiveHttp,
      'review-admission': createReviewAdmission({
        ...of('review-admission'),
        clusters,
        acceptances,
        mirror,
        reuse: createVerdictReuse(objects),
      }),
      'export-bundle': exportBundle,
      'local-events': createLocalEvents({ receivePush, reverify, planMirror }, createTelemetry('local-events', 'none')),
      'local-downloads': createDownloads(objects, createTelemetry('local-downloads', 'none')),
    },
    mirrorSignatures: createMirrorSignatures({
      ...of('mirror-signatures'),
      maxReceives: MAX_RECEIVES,
      ...mirrorConsumer,
    }),
    verifyPushed: createVerifyPushed({
      ...of('verify-pushed'),
      acceptances,
      mirror,
      registries,
      mirrorQueue,
      bus: createLogBus(createTelemetry('events', 'none')),
      maxReceives: MAX_RECEIVES,
      ...pushConsumer,
    }),
    reverify,
    planMirror,
    exportBundle,
  };
}
