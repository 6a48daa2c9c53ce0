import { openQueue } from '../../../cli/dlq/queues.ts';
import { createHttpClient } from '../../../lib/platform/http/http-client.ts';
import { createTelemetry } from '../../../lib/platform/lambda/telemetry.ts';
import { createDirectoryObjectStore } from '../../../lib/platform/objects/directory/directory-object-store.ts';
import { openEvidence } from '../../../lib/verdict/records/open-evidence.ts';
import { createEventCounts } from '../../../local/metrics/count-events.ts';
import { pollQueue } from '../../../local/queues/poll-queue.ts';
import { wireFunctions } from '../../../local/wire.ts';
import { STRESS_REGISTRY } from '../make-pushes.ts';

// The service's own consumers over a data folder and queues of another process, until this one is killed. It says its
// verdict events on standard output, as the service does.
const [objectsDirectory = '', queuesJson = '{}', registryOrigin = ''] = process.argv.slice(2);
const {
  push,
  mirror,
  export: exports,
  notify: notifications,
  accessKeyId,
} = JSON.parse(queuesJson) as Record<
  'push' | 'mirror' | 'export' | 'notify',
  { readonly queueUrl: string; readonly deadLetterUrl: string }
> & { readonly accessKeyId: string };
const { client } = openQueue('the push queue', push.queueUrl, accessKeyId);
const functions = wireFunctions({
  counts: createEventCounts(),
  evidence: openEvidence({
    objects: createDirectoryObjectStore(objectsDirectory),
    profiles: ['ocp'],
    proxy: {},
    pullSecret: undefined,
    // Manifests of what was pushed: an event does not say whether it is an image.
    apiOrigins: new Map([[STRESS_REGISTRY, registryOrigin]]),
    allowPrivateAddresses: true,
    trustRefreshMs: 500,
  }),
  graphs: [],
  openClient: createHttpClient,
  webhooks: undefined,
  clusters: undefined,
  notify: undefined,
  page: undefined,
  signing: undefined,
  queues: { client, push, mirror, export: exports, notify: notifications },
});
const telemetry = createTelemetry('stress', 'none');
// The server does not notice that a consumer was killed: it hands messages to a receive that still waits.
const common = { client, telemetry, waitSeconds: 1, timeoutMs: 60_000 };
pollQueue({ ...common, queueUrl: push.queueUrl, functionName: 'verify-pushed', handler: functions.verifyPushed });
pollQueue({
  ...common,
  queueUrl: mirror.queueUrl,
  functionName: 'mirror-signatures',
  handler: functions.mirrorSignatures,
});
