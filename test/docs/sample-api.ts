import { createHash, hash } from 'node:crypto';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { DEMO_AUTHORIZATION, toDemoWebhooks } from '../../demo/demo-webhooks.ts';
import { createHandler as createCheckPullspec } from '../../functions/check-pullspec/handler.ts';
import { createHandler as createExportBundle } from '../../functions/export-bundle/handler.ts';
import { createHandler as createReadRecords } from '../../functions/read-records/handler.ts';
import type { WatchedQueue } from '../../functions/read-records/read-overview.ts';
import { createHandler as createReceivePush } from '../../functions/receive-push/handler.ts';
import {
  createHandler as createRedriveLetters,
  type RedrivableQueue,
} from '../../functions/redrive-letters/handler.ts';
import { createHandler as createReviewAdmission } from '../../functions/review-admission/handler.ts';
import { createHandler as createServePage, type SignIn } from '../../functions/serve-page/handler.ts';
import { createHandler as createServeSignature } from '../../functions/serve-signature/handler.ts';
import { createHandler as createVerifyImage } from '../../functions/verify-image/handler.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { createDownloadLinks } from '../../lib/bundle/service/bundle-links.ts';
import { createReviewRate } from '../../lib/cluster/admission/review-admission.ts';
import { createVerdictReuse } from '../../lib/cluster/admission/verdict-reuse.ts';
import type { PageFiles } from '../../lib/platform/files/page-files.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { parseWebhookCredentials } from '../../lib/platform/secrets/webhook-credentials.ts';
import { createObjectReleaseStore } from '../../lib/stores/numbered-stores.ts';
import { createFailingStore } from '../../lib/stores/port/composites.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createAcceptances } from '../../lib/verdict/records/list-accepted.ts';
import { createQuestions } from '../../lib/verdict/records/questions.ts';
import type { LocalHandlers } from '../../local/http-front.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { matchRoute } from '../../local/routes.ts';
import { FIXTURE_TIME } from '../support/fixture-releases.ts';
import { type SampleRequest, toHttpEvent } from '../support/http-event.ts';
import { NOBODY } from '../support/push-receiver.ts';
import { releaseOnly } from '../support/untouched-store.ts';

export interface SampleApi {
  /** The route that took the request, as local/routes.ts spells it, and what its function answered. */
  ask(request: SampleRequest): Promise<{
    readonly method: string;
    readonly route: string;
    readonly result: APIGatewayProxyStructuredResultV2;
  }>;
}

/** What a sample cluster's webhook has in its path. */
export const CLUSTER_TOKEN = 'sample-cluster-token';
const SAMPLE_CLUSTERS = [{ cluster: 'sample', tokenSha256: createHash('sha256').update(CLUSTER_TOKEN).digest('hex') }];

/** Two queues that are looked at, one with a dead letter, and one that is out of reach. */
const SAMPLE_QUEUES: readonly WatchedQueue[] = [
  {
    name: 'push',
    open: async () => ({
      queue: { countLetters: async () => 3 },
      dead: {
        countLetters: async () => 1,
        async *readLetters() {
          yield [
            { id: 'l', sentAt: '2026-11-21T00:00:00Z', receiveCount: 1, reason: 'TimedOut: no answer', body: '{}' },
          ];
        },
      },
    }),
  },
  { name: 'mirror', open: () => Promise.reject(new StoreError('ConnectionFailed', 'refused')) },
];

/** A queue of dead letters that was emptied, and one that is out of reach. */
const SAMPLE_LETTERS: readonly RedrivableQueue[] = [
  {
    name: 'push',
    queue: { sendMessages: async () => undefined },
    openDead: () => ({
      async *readLetters() {
        yield [{ id: 'l', sentAt: '2026-11-21T00:00:00Z', receiveCount: 1, reason: undefined, body: '{}' }];
      },
      removeLetter: async () => undefined,
    }),
  },
  {
    name: 'mirror',
    queue: { sendMessages: async () => undefined },
    openDead: () => ({
      readLetters: () => {
        throw new StoreError('ConnectionFailed', 'refused');
      },
      removeLetter: async () => undefined,
    }),
  },
];

const form = (text: string) => ({ bytes: Buffer.from(text), etag: `"${text}"` });
const SAMPLE_PAGE: PageFiles = new Map([
  ['index.html', { type: 'text/html; charset=utf-8', isHashed: false, plain: form('page'), packed: new Map() }],
]);
const SAMPLE_SIGN_IN: SignIn = {
  kind: 'oidc',
  issuer: 'https://id.example.com/',
  clientId: 'console',
  scopes: ['openid'],
  origins: [],
  redriveScope: 'signet/redrive',
};

const telemetry = { log: () => undefined, count: () => undefined, measure: () => undefined, flush: () => undefined };

/** Of a sender that asks first, and shows no token. */
const EVENT_GRID = JSON.stringify({
  schema: 1,
  credentials: [
    {
      source: 'eventgrid',
      registry: 'signetdemo.azurecr.io',
      authorizationSha256: hash('sha256', DEMO_AUTHORIZATION),
      origin: 'eventgrid.azure.net',
    },
  ],
});

/** The functions over these objects, at the fixtures' time, with one upstream store, which does not answer. */
export function createSampleApi(objects: ObjectStore): SampleApi {
  const now = (): Date => FIXTURE_TIME;
  const trust = createTrustSource(objects, ['ocp'], now);
  const failure = new StoreError('ConnectionFailed', 'no connection within 5000 ms');
  const upstream = createFailingStore('https://signatures.example.com/release', failure);
  const receivePush = createReceivePush({
    trust,
    verifyIdentity: NOBODY,
    webhooks: {
      read: async () => [...parseWebhookCredentials(toDemoWebhooks()), ...parseWebhookCredentials(EVENT_GRID)],
    },
    pushQueue: { description: 'queue', sendMessages: async () => undefined },
    sendDead: async () => undefined,
    telemetry,
  });
  const handlers: LocalHandlers = {
    'check-pullspec': createCheckPullspec({ trust, telemetry, now }),
    'verify-image': createVerifyImage({
      trust,
      objects,
      acceptances: createAcceptances(objects),
      questions: createQuestions(),
      mirror: releaseOnly(createObjectReleaseStore(objects)),
      upstream: { open: () => releaseOnly(upstream), close: () => undefined },
      mirrorQueue: { description: 'queue', sendMessages: async () => undefined },
      telemetry,
      now,
    }),
    'serve-signature': createServeSignature({ objects, telemetry }),
    'read-records': createReadRecords({ trust, objects, queues: SAMPLE_QUEUES, telemetry, now }),
    'receive-push': async (event, given) => (await receivePush(event, given)) ?? {},
    'review-admission': createReviewAdmission({
      trust,
      objects,
      clusters: { read: async () => SAMPLE_CLUSTERS },
      acceptances: createAcceptances(objects),
      mirror: releaseOnly(createObjectReleaseStore(objects)),
      upstream: { open: () => releaseOnly(upstream), close: () => undefined },
      rate: createReviewRate(),
      questions: createQuestions(),
      reuse: createVerdictReuse(objects),
      telemetry,
      now,
    }),
    'export-bundle': createExportBundle({
      trust,
      objects,
      exportQueue: { description: 'queue', sendMessages: async () => undefined },
      links: createDownloadLinks(),
      telemetry,
      now,
      maxReceives: 3,
      delayMessage: () => Promise.reject(new Error('nothing is consumed')),
      sendDead: () => Promise.reject(new Error('nothing is consumed')),
    }),
    'redrive-letters': createRedriveLetters({ queues: SAMPLE_LETTERS, telemetry, now }),
    'local-downloads': () => Promise.reject(new Error('not in a deployment')),
    'local-discovery': () => Promise.reject(new Error('not in a deployment')),
    'local-metrics': () => Promise.reject(new Error('not in a deployment')),
    'serve-page': createServePage({ files: SAMPLE_PAGE, signIn: SAMPLE_SIGN_IN, telemetry }),
    'local-events': () => Promise.reject(new Error('not in a deployment')),
  };
  const context: Context = createLocalContext('sample');
  return {
    async ask(request) {
      const matched = matchRoute(request.method, request.path);
      if (matched === undefined || 'otherMethods' in matched) throw new Error(`no route takes ${request.path}`);
      const { method, path, handler } = matched.route;
      const event = { ...toHttpEvent(request), pathParameters: { ...matched.pathParameters } };
      return { method, route: path, result: await handlers[handler](event, context) };
    },
  };
}
