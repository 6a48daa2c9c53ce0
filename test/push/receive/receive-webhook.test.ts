import { createHash, createHmac } from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import {
  parseWebhookCredentials,
  WEBHOOK_SOURCES,
  type WebhookCredential,
  type WebhookSource,
} from '../../../lib/platform/secrets/webhook-credentials.ts';
import { toWebhookFormat } from '../../../lib/push/receive/parse/parse-webhook.ts';
import type { ParsedEvent } from '../../../lib/push/receive/parse/push.ts';
import { receiveWebhook } from '../../../lib/push/receive/receive-webhook.ts';
import { ACR, type Body, DOCKERHUB, GITHUB, HARBOR, QUAY, replaceMember } from './parse/samples.ts';

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
    ],
  }),
);

/** What a request shows to be let in. */
interface Proof {
  readonly token?: string;
  readonly authorization?: string;
  /** Of this body. */
  readonly signature?: (body: string) => string;
}

/** The body of a push to a registry, as its source sends it. Docker Hub's names none: it is Docker Hub itself. */
const BODIES: Readonly<Record<WebhookSource, (registry: string) => Body>> = {
  quay: (registry) => replaceMember(QUAY, 'docker_url', `${registry}/ns/name`),
  harbor: (registry) => replaceMember(HARBOR, 'event_data.resources.0.resource_url', `${registry}/test-webhook/debian`),
  distribution: (registry) => replaceMember(ACR, 'request.host', registry),
  github: (registry) => replaceMember(GITHUB, 'package.package_version.package_url', `${registry}/octo-team/hello:v1`),
  dockerhub: () => DOCKERHUB,
};

function receivePush(
  source: WebhookSource,
  registry: string,
  { token, authorization, signature }: Proof,
  credentials: readonly WebhookCredential[],
): ParsedEvent | undefined {
  const sent = JSON.stringify(BODIES[source](registry));
  const headers = {
    'content-type': toWebhookFormat(source).mediaTypes[0],
    authorization,
    'x-hub-signature-256': signature?.(sent),
  };
  return receiveWebhook({ source, token, headers, body: sent, isBase64Encoded: false }, credentials);
}

const REGISTRIES = [...new Set(CREDENTIALS.map(({ registry }) => registry))];

/** The registries of those pushes that are received, of one to each registry of a credential. */
function listReceived(
  source: WebhookSource,
  proof: Proof,
  credentials: readonly WebhookCredential[],
): readonly string[] {
  const events = REGISTRIES.map((registry) => receivePush(source, registry, proof, credentials));
  const pushes = events.flatMap((event) => (event?.kind === 'pushes' ? event.pushes : []));
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
  ])('%s (%s)', (_, source, proof, expected) => {
    expect(listReceived(source, proof, CREDENTIALS)).toEqual(expected);
    expect(listReceived(source, proof, [])).toEqual([]);
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
  ])('%s (%s)', (_, source, proof, count) => {
    receivePush(source, 'quay.io', proof, CREDENTIALS);
    expect(compared).toEqual(Array.from({ length: count }, () => [32, 32]));
  });

  test('a push that is received was compared with every one', () => {
    const event = receivePush('quay', 'quay.io', { token: 'first' }, CREDENTIALS);
    expect([event?.kind, compared]).toEqual(['pushes', Array.from({ length: 4 }, () => [32, 32])]);
  });
});

test.each(WEBHOOK_SOURCES)('without credentials nothing from %s is received', (source) => {
  const headers = { 'content-type': 'application/json', authorization: '', 'x-hub-signature-256': sign('')(body) };
  const request = { source, token: '', headers, body, isBase64Encoded: false };
  expect(receiveWebhook(request, [])).toBeUndefined();
  expect(receiveWebhook(request, CREDENTIALS)).toBeUndefined();
});
