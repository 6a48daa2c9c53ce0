import { createHash, createHmac } from 'node:crypto';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { expect } from 'vitest';
import { createHandler, type Dependencies } from '../../functions/receive-push/handler.ts';
import type { SecretSource } from '../../lib/platform/secrets/secret-source.ts';
import { parseWebhookCredentials, type WebhookCredential } from '../../lib/platform/secrets/webhook-credentials.ts';
import type { VerifyIdentity } from '../../lib/push/receive/identity.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { publishTrust } from '../../lib/trust/publish/publish-trust.ts';
import { createTrustSource, type TrustSource } from '../../lib/trust/source/trust-source.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { FIXTURE_TIME, readFixtureDocuments } from './fixture-releases.ts';
import { toHttpEvent } from './http-event.ts';
import { createMemoryObjectStore } from './memory-object-store.ts';
import { createMemoryQueue } from './memory-queue.ts';
import { createKeptTelemetry } from './quiet-telemetry.ts';

export const QUAY_TOKEN = 'token-of-quay-io';
export const OTHER_QUAY_TOKEN = 'token-of-quay-example-com';
export const HARBOR_TOKEN = 'token-of-harbor';
export const HARBOR_AUTHORIZATION = 'Bearer authorization-of-harbor';
export const DISTRIBUTION_TOKEN = 'token-of-distribution';
export const DOCKERHUB_TOKEN = 'token-of-docker-hub';
export const GITHUB_SECRET = 'secret-of-github';
export const OLD_GITHUB_SECRET = 'former-secret-of-github';
export const GRID_TOKEN = 'token-of-event-grid';
export const EVENTS_AUTHORIZATION = 'Basic authorization-of-zot';
export const JFROG_SECRET = 'secret-of-jfrog';
const SECRETS: readonly string[] = [
  GRID_TOKEN,
  EVENTS_AUTHORIZATION,
  JFROG_SECRET,
  QUAY_TOKEN,
  OTHER_QUAY_TOKEN,
  HARBOR_TOKEN,
  HARBOR_AUTHORIZATION,
  'authorization-of-harbor',
  DISTRIBUTION_TOKEN,
  DOCKERHUB_TOKEN,
  GITHUB_SECRET,
  OLD_GITHUB_SECRET,
];

/** Every kind of credential; two registries of one source, and two secrets of one registry. */
export const CREDENTIALS: readonly Readonly<Record<string, string>>[] = [
  { source: 'quay', registry: 'quay.io', tokenSha256: toSha256(QUAY_TOKEN) },
  { source: 'quay', registry: 'quay.example.com', tokenSha256: toSha256(OTHER_QUAY_TOKEN) },
  { source: 'harbor', registry: 'hub.harbor.com', authorizationSha256: toSha256(HARBOR_AUTHORIZATION) },
  { source: 'harbor', registry: 'hub.harbor.com', tokenSha256: toSha256(HARBOR_TOKEN) },
  { source: 'distribution', registry: '192.168.100.227:5000', tokenSha256: toSha256(DISTRIBUTION_TOKEN) },
  { source: 'github', registry: 'ghcr.io', secret: GITHUB_SECRET },
  { source: 'github', registry: 'ghcr.io', secret: OLD_GITHUB_SECRET },
  { source: 'dockerhub', registry: 'docker.io', tokenSha256: toSha256(DOCKERHUB_TOKEN) },
  { source: 'eventgrid', registry: 'myregistry.azurecr.io', tokenSha256: toSha256(GRID_TOKEN) },
  { source: 'cloudevents', registry: 'zot.example.com', authorizationSha256: toSha256(EVENTS_AUTHORIZATION) },
  { source: 'jfrog', registry: 'example.jfrog.io', secret: JFROG_SECRET },
];

const MIRROR_OF = 'quay.io/openshift-release-dev/ocp-release';
/** What the samples push to; the second profile names the first of them too. */
const PUSHED_TO_QUAY = { source: 'quay', registry: 'quay.io', repository: 'ns/name' };
const PUSH_SOURCES = [
  { ...PUSHED_TO_QUAY, mirrorOf: MIRROR_OF },
  { source: 'harbor', registry: 'hub.harbor.com', repository: 'test-webhook/debian', mirrorOf: MIRROR_OF },
  { source: 'distribution', registry: '192.168.100.227:5000', repository: 'team/hello-world' },
  { source: 'github', registry: 'ghcr.io', repository: 'octo-team/hello-world' },
  { source: 'dockerhub', registry: 'docker.io', repository: 'me/testhook' },
  { source: 'eventgrid', registry: 'myregistry.azurecr.io', repository: 'hello-world' },
  { source: 'cloudevents', registry: 'zot.example.com', repository: 'team/hello-world', mirrorOf: MIRROR_OF },
  { source: 'jfrog', registry: 'example.jfrog.io', repository: 'docker-local/team/hello-world' },
  { source: 'google', registry: 'us-east1-docker.pkg.dev', repository: 'my-project/my-repo/hello-world' },
  {
    source: 'ecr',
    registry: '123456789012.dkr.ecr.us-west-2.amazonaws.com',
    repository: 'my-repository-name',
    mirrorOf: MIRROR_OF,
  },
];

const CANONICAL = { canonicalRepositories: [MIRROR_OF], signedRepositories: [MIRROR_OF] };

/** A webhook's request, as its sender makes it. */
export interface Sent {
  readonly source: string;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body: string;
  readonly method?: 'POST' | 'OPTIONS' | undefined;
  /** Handed over as API Gateway does with types that it does not take for text. */
  readonly isBase64?: boolean | undefined;
}

type Webhooks = SecretSource<readonly WebhookCredential[]> | undefined;

/** Published trust of two profiles. */
export async function publishPushTrust(): Promise<TrustSource> {
  const objects = createMemoryObjectStore();
  for (const [profile, pushSources] of [
    ['ocp', PUSH_SOURCES],
    ['own', [PUSHED_TO_QUAY]],
  ] as const) {
    const document = {
      apiVersion: 'signet/v1',
      kind: 'Profile',
      metadata: { name: profile },
      spec: { ...CANONICAL, pushSources },
    };
    const documents = readFixtureDocuments({ 'profile.yaml': JSON.stringify(document) });
    await publishTrust(objects, await prepareTrust(profile, documents), documents);
  }
  return createTrustSource(objects, ['ocp', 'own'], () => FIXTURE_TIME);
}

/** The function over that trust; `change` replaces what it depends on. */
export async function createPushReceiver(change: Partial<Dependencies> = {}) {
  const pushQueue = createMemoryQueue();
  const telemetry = createKeptTelemetry();
  const dead: { readonly body: string; readonly reason: string }[] = [];
  const handler = createHandler({
    trust: change.trust ?? (await publishPushTrust()),
    webhooks: toWebhooks(CREDENTIALS),
    verifyIdentity: NOBODY,
    pushQueue,
    sendDead: async ({ body }, reason) => {
      dead.push({ body, reason });
    },
    telemetry,
    ...change,
  });

  /** Whatever the answer is, neither it nor the log holds a secret, or what the caller tried as one. */
  async function send(sent: Sent): Promise<APIGatewayProxyStructuredResultV2> {
    const answer = await handler(toEvent(sent), createLocalContext('receive-push'));
    const tried = [sent.token ?? '', sent.headers?.['authorization'] ?? ''].filter((text) => text.trim() !== '');
    const signatures = ['x-hub-signature-256', 'x-jfrog-event-auth'].map((name) => sent.headers?.[name] ?? '');
    const hidden = [...SECRETS, ...tried, ...signatures.filter((text) => text !== '')];
    const shown = JSON.stringify([answer, telemetry.lines]);
    expect(hidden.filter((text) => shown.includes(JSON.stringify(text).slice(1, -1)))).toEqual([]);
    if (answer === undefined) throw new Error('a webhook was not answered');
    return answer;
  }

  return {
    send,
    tell: (event: Readonly<Record<string, unknown>>) => handler(event, createLocalContext('receive-push')),
    pushQueue,
    telemetry,
    dead,
  };
}

/** Tokens identify nobody. */
export const NOBODY: VerifyIdentity = async () => ({ kind: 'unknown', fault: 'it has no token' });

/** What must not be reached: every one of them throws. */
export const OUT_OF_BOUNDS: Pick<Dependencies, 'trust' | 'pushQueue' | 'sendDead'> = {
  trust: { profiles: ['ocp'], read: () => Promise.reject(new Error('trust was read')) },
  pushQueue: { description: 'none', sendMessages: () => Promise.reject(new Error('the queue was reached')) },
  sendDead: () => Promise.reject(new Error('the dead-letter queue was reached')),
};

export function toWebhooks(credentials: readonly object[]): NonNullable<Webhooks> {
  const parsed = parseWebhookCredentials(JSON.stringify({ schema: 1, credentials }));
  return { read: async () => parsed };
}

export function toSha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function toSignature(body: string | Uint8Array, secret: string = GITHUB_SECRET, algorithm = 'sha256'): string {
  return `${algorithm}=${createHmac(algorithm, secret).update(body).digest('hex')}`;
}

function toEvent({ source, token, headers = {}, body, method = 'POST', isBase64 = false }: Sent) {
  const last = token === undefined ? '' : `/${encodeURIComponent(token)}`;
  const path = `/webhooks/${encodeURIComponent(source)}${last}`;
  return {
    ...toHttpEvent({ method, path, headers: { 'content-type': 'application/json', ...headers } }),
    pathParameters: { source, ...(token === undefined ? {} : { token }) },
    body: isBase64 ? Buffer.from(body).toString('base64') : body,
    isBase64Encoded: isBase64,
  };
}
