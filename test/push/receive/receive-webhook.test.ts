import { createHash, createHmac } from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import {
  parseWebhookCredentials,
  WEBHOOK_SOURCES,
  type WebhookCredential,
  type WebhookSource,
} from '../../../lib/platform/secrets/webhook-credentials.ts';
import type { VerifyIdentity } from '../../../lib/push/receive/identity.ts';
import { allowSender, receiveWebhook } from '../../../lib/push/receive/receive-webhook.ts';
import { toWebhookFormat } from '../../../lib/push/receive/webhook-formats.ts';
import { NOBODY } from '../../support/push-receiver.ts';
import {
  ACR,
  type Body,
  DOCKERHUB,
  EVENT_GRID_EVENT,
  GITHUB,
  HARBOR,
  JFROG,
  QUAY,
  replaceMember,
  toPubSub,
  ZOT_CLOUD_EVENT,
} from './parse/samples.ts';

const compared = vi.hoisted(() => [] as [number, number][]);
vi.mock('node:crypto', async (load) => {
  const real = await load<typeof import('node:crypto')>();
  return {
    ...real,
    timingSafeEqual: (one: Uint8Array, other: Uint8Array): boolean => {
      compared.push([one.length, other.length]);
      return real.timingSafeEqual(one, other);
    },
  };
});

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const body = JSON.stringify(QUAY);
const sign =
  (secret: string) =>
  (signed: string): string =>
    `sha256=${createHmac('sha256', secret).update(signed).digest('hex')}`;

const CREDENTIALS: readonly WebhookCredential[] = parseWebhookCredentials(
  JSON.stringify({
    schema: 1,
    credentials: [
      { source: 'quay', registry: 'quay.io', tokenSha256: hash('first') },
      { source: 'quay', registry: 'Quay.Example.com:443', tokenSha256: hash('second') },
      { source: 'quay', registry: 'quay.io', tokenSha256: hash('third') },
      { source: 'quay', registry: 'both.example.com', tokenSha256: hash('first') },
      { source: 'harbor', registry: 'harbor.example.com', authorizationSha256: hash('Basic one') },
      { source: 'harbor', registry: 'other.example.com', authorizationSha256: hash('Basic two') },
      { source: 'github', registry: 'ghcr.io', secret: 'first-secret' },
      { source: 'github', registry: 'ghcr.io', secret: 'second-secret' },
      { source: 'github', registry: 'ghe.example.com', secret: 'third-secret' },
      { source: 'dockerhub', registry: 'index.docker.io', tokenSha256: hash('first') },
      { source: 'cloudevents', registry: 'zot.example.com', authorizationSha256: hash('Basic one') },
      { source: 'cloudevents', registry: 'other.example.com', tokenSha256: hash('first') },
      { source: 'eventgrid', registry: 'team.azurecr.io', tokenSha256: hash('first') },
      { source: 'eventgrid', registry: 'other.azurecr.io', authorizationSha256: hash('Basic two') },
      { source: 'jfrog', registry: 'a.jfrog.io', secret: 'fourth-secret' },
      { source: 'jfrog', registry: 'b.jfrog.io', secret: 'fifth-secret' },
      { source: 'jfrog', registry: 'c.jfrog.io', eventAuthSha256: hash('sixth-secret') },
      { source: 'google', registry: 'us-docker.pkg.dev', audience: 'signet', serviceAccount: 'push@a.example.com' },
      { source: 'google', registry: 'eu-docker.pkg.dev', audience: 'signet', serviceAccount: 'push@b.example.com' },
      { source: 'google', registry: 'asia-docker.pkg.dev', audience: 'other', serviceAccount: 'push@a.example.com' },
    ],
  }),
);

/** What a request shows to be let in. */
interface Proof {
  readonly token?: string;
  readonly authorization?: string;
  /** Of this body. */
  readonly signature?: (body: string) => string;
  readonly eventAuth?: (body: string) => string;
  /** Whom its token identifies: the account, and whom it was made for. */
  readonly identity?: readonly [email: string, audience: string];
}

const signBare =
  (secret: string) =>
  (signed: string): string =>
    createHmac('sha256', secret).update(signed).digest('hex');

/** The body of a push to a registry, as its source sends it. Docker Hub's names none: it is Docker Hub itself. */
const BODIES: Readonly<Record<WebhookSource, (registry: string) => Body>> = {
  quay: (registry) => replaceMember(QUAY, 'docker_url', `${registry}/ns/name`),
  harbor: (registry) => replaceMember(HARBOR, 'event_data.resources.0.resource_url', `${registry}/test-webhook/debian`),
  distribution: (registry) => replaceMember(ACR, 'request.host', registry),
  github: (registry) => replaceMember(GITHUB, 'package.package_version.package_url', `${registry}/octo-team/hello:v1`),
  dockerhub: () => DOCKERHUB,
  cloudevents: (registry) => ({ ...ZOT_CLOUD_EVENT, source: `https://${registry}` }),
  eventgrid: (registry) => replaceMember(EVENT_GRID_EVENT, 'data.request.host', registry),
  jfrog: (registry) => replaceMember(JFROG, 'jpd_origin', `https://${registry}`),
  google: (registry) => toPubSub({ action: 'INSERT', tag: `${registry}/project/repository/hello-world:1.1` }),
};

const LISTS: readonly WebhookSource[] = ['eventgrid'];

function receivePush(
  source: WebhookSource,
  registry: string,
  { token, authorization, signature, eventAuth, identity }: Proof,
  credentials: readonly WebhookCredential[],
): ReturnType<typeof receiveWebhook> {
  const event = BODIES[source](registry);
  const sent = JSON.stringify(LISTS.includes(source) ? [event] : event);
  const { mediaTypes } = toWebhookFormat(source);
  const [email = '', audience = ''] = identity ?? [];
  const verify: VerifyIdentity = identity === undefined ? NOBODY : async () => ({ kind: 'verified', email, audience });
  const headers = {
    'content-type': LISTS.includes(source) ? 'application/json' : mediaTypes[0],
    authorization,
    'x-hub-signature-256': signature?.(sent),
    'x-jfrog-event-auth': eventAuth?.(sent),
  };
  return receiveWebhook({ source, token, headers, body: sent, isBase64Encoded: false }, credentials, verify);
}

const REGISTRIES = [...new Set(CREDENTIALS.map(({ registry }) => registry))];

/** The registries of those pushes that are received, of one to each registry of a credential. */
async function listReceived(
  source: WebhookSource,
  proof: Proof,
  credentials: readonly WebhookCredential[],
): Promise<readonly string[]> {
  const sent = REGISTRIES.map((registry) => receivePush(source, registry, proof, credentials));
  const events = await Promise.all(sent);
  const pushes = events.flatMap((event) => (event.kind === 'pushes' ? event.pushes : []));
  return [...new Set(pushes.map(({ registry }) => registry))];
}

describe('the registries that a proof speaks for', () => {
  test.each<[string, WebhookSource, Proof, readonly string[]]>([
    ['one token', 'quay', { token: 'second' }, ['quay.example.com']],
    ['a token of two registries', 'quay', { token: 'first' }, ['quay.io', 'both.example.com']],
    ['the last of a registry’s tokens', 'quay', { token: 'third' }, ['quay.io']],
    ['the same token at another source', 'dockerhub', { token: 'first' }, ['docker.io']],
    ['a source that has no credential', 'distribution', { token: 'first' }, []],
    ['another token', 'quay', { token: 'fourth' }, []],
    ['an Authorization', 'harbor', { authorization: 'Basic two' }, ['other.example.com']],
    ['an Authorization as token', 'harbor', { token: 'Basic two' }, []],
    ['a token as Authorization', 'quay', { authorization: 'second' }, []],
    ['a secret', 'github', { signature: sign('second-secret') }, ['ghcr.io']],
    ['the secret of another registry', 'github', { signature: sign('third-secret') }, ['ghe.example.com']],
    ['the secret of a signature as token', 'github', { token: 'first-secret' }, []],
    ['a signature to a source of tokens', 'quay', { signature: sign('first-secret') }, []],
    ['all proofs of others at once', 'quay', { authorization: 'Basic one', signature: sign('first-secret') }, []],
    ['nothing', 'quay', {}, []],
    ['nothing', 'harbor', {}, []],
    ['nothing', 'github', {}, []],
    ['nothing', 'cloudevents', {}, []],
    ['nothing', 'eventgrid', {}, []],
    ['nothing', 'jfrog', {}, []],
    ['nothing', 'google', {}, []],
    ['an account and its audience', 'google', { identity: ['push@a.example.com', 'signet'] }, ['us-docker.pkg.dev']],
    [
      'the account for another audience',
      'google',
      { identity: ['push@a.example.com', 'other'] },
      ['asia-docker.pkg.dev'],
    ],
    ['an account for an audience of another’s', 'google', { identity: ['push@b.example.com', 'other'] }, []],
    ['an account in capitals', 'google', { identity: ['Push@a.example.com', 'signet'] }, []],
    ['an account at another source', 'jfrog', { identity: ['push@a.example.com', 'signet'] }, []],
    ['an Authorization', 'cloudevents', { authorization: 'Basic one' }, ['zot.example.com']],
    ['a token', 'cloudevents', { token: 'first' }, ['other.example.com']],
    ['both', 'cloudevents', { token: 'first', authorization: 'Basic one' }, ['other.example.com', 'zot.example.com']],
    ['the Authorization of another source', 'cloudevents', { authorization: 'Basic two' }, []],
    ['a token', 'eventgrid', { token: 'first' }, ['team.azurecr.io']],
    ['an Authorization', 'eventgrid', { authorization: 'Basic two' }, ['other.azurecr.io']],
    ['a signed body', 'jfrog', { eventAuth: signBare('fifth-secret') }, ['b.jfrog.io']],
    ['a secret that is sent', 'jfrog', { eventAuth: () => 'sixth-secret' }, ['c.jfrog.io']],
    ['a secret that signs, sent', 'jfrog', { eventAuth: () => 'fourth-secret' }, []],
    ['a secret that is sent, signing', 'jfrog', { eventAuth: signBare('sixth-secret') }, []],
    ['the hash of a secret that is sent', 'jfrog', { eventAuth: () => hash('sixth-secret') }, []],
    ['a signature as GitHub writes it', 'jfrog', { eventAuth: sign('fourth-secret') }, []],
    ['a signature in capitals', 'jfrog', { eventAuth: (text) => signBare('fourth-secret')(text).toUpperCase() }, []],
    ['a signature over another body', 'jfrog', { eventAuth: () => signBare('fourth-secret')('{}') }, []],
    ['a signature in GitHub’s header', 'jfrog', { signature: sign('fourth-secret') }, []],
    ['a signature with an empty secret', 'jfrog', { eventAuth: signBare('') }, []],
    ['JFrog’s signature at GitHub', 'github', { eventAuth: signBare('first-secret') }, []],
  ])('%s (%s)', async (_, source, proof, expected) => {
    expect(await listReceived(source, proof, CREDENTIALS)).toEqual(expected);
    expect(await listReceived(source, proof, [])).toEqual([]);
  });
});

describe('every credential of the source is compared, at equal length, whichever matches', () => {
  beforeEach(() => {
    compared.length = 0;
  });
  test.each<[string, WebhookSource, Proof, number]>([
    ['the first token', 'quay', { token: 'first' }, 4],
    ['the second', 'quay', { token: 'second' }, 4],
    ['none', 'quay', { token: 'x' }, 4],
    ['a long one', 'quay', { token: 'x'.repeat(10_000) }, 4],
    ['the first Authorization', 'harbor', { authorization: 'Basic one' }, 2],
    ['none', 'harbor', { authorization: '' }, 0],
    ['the first secret', 'github', { signature: sign('first-secret') }, 3],
    ['none', 'github', { signature: sign('x') }, 3],
    ['what is no signature', 'github', { signature: () => 'sha256=00' }, 0],
    ['the first secret that is sent', 'jfrog', { eventAuth: () => 'sixth-secret' }, 1],
    ['the first secret that signs', 'jfrog', { eventAuth: signBare('fourth-secret') }, 3],
  ])('%s (%s)', async (_, source, proof, count) => {
    await receivePush(source, 'quay.io', proof, CREDENTIALS);
    expect(compared).toEqual(Array.from({ length: count }, () => [32, 32]));
  });

  test('a push that is received was compared with every one', async () => {
    const event = await receivePush('quay', 'quay.io', { token: 'first' }, CREDENTIALS);
    expect([event.kind, compared]).toEqual(['pushes', Array.from({ length: 4 }, () => [32, 32])]);
  });
});

test.each(WEBHOOK_SOURCES)('without credentials nothing from %s is received', async (source) => {
  const headers = { 'content-type': 'application/json', authorization: '', 'x-hub-signature-256': sign('')(body) };
  const request = { source, token: '', headers, body, isBase64Encoded: false };
  expect((await receiveWebhook(request, [], NOBODY)).kind).toBe('refused');
  expect((await receiveWebhook(request, CREDENTIALS, NOBODY)).kind).toBe('refused');
});

describe('whether a sender may send', () => {
  const credentials = parseWebhookCredentials(
    JSON.stringify({
      schema: 1,
      credentials: [
        { source: 'eventgrid', registry: 'team.azurecr.io', tokenSha256: hash('any-origin') },
        {
          source: 'eventgrid',
          registry: 'team.azurecr.io',
          tokenSha256: hash('one-origin'),
          origin: 'eventgrid.azure.net',
        },
        {
          source: 'cloudevents',
          registry: 'zot.example.com',
          authorizationSha256: hash('Basic one'),
          origin: 'zot.example.com',
        },
        { source: 'cloudevents', registry: 'b.example.com', authorizationSha256: hash('Basic two') },
        { source: 'quay', registry: 'quay.io', tokenSha256: hash('first') },
      ],
    }),
  );
  const GRID = 'eventgrid.azure.net';
  test.each<[string, WebhookSource, string | undefined, string | undefined, string]>([
    ['by its token', 'eventgrid', 'any-origin', GRID, `allowed ${GRID}`],
    ['by its token, whoever it is', 'eventgrid', 'any-origin', 'a.example.com', 'allowed a.example.com'],
    ['by its token, as its credential names it', 'eventgrid', 'one-origin', GRID, `allowed ${GRID}`],
    ['in other letters', 'eventgrid', 'one-origin', 'EventGrid.azure.net', 'allowed EventGrid.azure.net'],
    ['by its name', 'cloudevents', undefined, 'zot.example.com', 'allowed zot.example.com'],
    [
      'by another name',
      'eventgrid',
      'one-origin',
      'a.example.com',
      'a.example.com is the origin of no credential of eventgrid',
    ],
    [
      'by another token',
      'eventgrid',
      'x',
      GRID,
      'a token at the end of the path is given and matches no tokenSha256 of eventgrid',
    ],
    [
      'by the hash of a token',
      'eventgrid',
      hash('any-origin'),
      GRID,
      'a token at the end of the path is given and matches no tokenSha256 of eventgrid',
    ],
    [
      'by the name that a token’s credential has, without the token',
      'eventgrid',
      '',
      GRID,
      'it has not a token at the end of the path of eventgrid',
    ],
    [
      'by no name that is configured',
      'cloudevents',
      undefined,
      'b.example.com',
      'b.example.com is the origin of no credential of cloudevents',
    ],
    [
      'without a name',
      'eventgrid',
      'any-origin',
      undefined,
      'it has not a WebHook-Request-Origin header with a DNS name',
    ],
    [
      'by what is no name',
      'eventgrid',
      'any-origin',
      'a\r\nx: 1',
      'it has not a WebHook-Request-Origin header with a DNS name',
    ],
    ['by a wildcard', 'eventgrid', 'any-origin', '*', 'it has not a WebHook-Request-Origin header with a DNS name'],
    [
      'by a long name',
      'eventgrid',
      'any-origin',
      'a'.repeat(254),
      'it has not a WebHook-Request-Origin header with a DNS name',
    ],
    ['of a source that asks nothing', 'quay', 'first', GRID, 'no sender of quay asks whether it may send'],
    ['of a source without credentials', 'jfrog', 'first', GRID, 'no sender of jfrog asks whether it may send'],
  ])('%s (%s)', (_, source, token, origin, expected) => {
    const headers = { 'webhook-request-origin': origin, authorization: undefined };
    const answer = allowSender({ source, token, headers }, credentials);
    expect(answer.kind === 'allowed' ? `allowed ${answer.origin}` : answer.reason).toBe(expected);
    expect(allowSender({ source, token, headers }, []).kind).toBe('refused');
  });
});
