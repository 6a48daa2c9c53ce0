import { createHash, createHmac } from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import {
  parseWebhookCredentials,
  WEBHOOK_SOURCES,
  type WebhookCredential,
  type WebhookSource,
} from '../../../lib/platform/secrets/webhook-credentials.ts';
import { authenticateWebhook, receiveWebhook, type WebhookProof } from '../../../lib/push/receive/receive-webhook.ts';
import { QUAY } from './parse/samples.ts';

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
const body = Buffer.from(JSON.stringify(QUAY));
const sign = (secret: string): string => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

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

const NOTHING: WebhookProof = { token: undefined, authorization: undefined, signature: undefined, body };

describe('authenticateWebhook: the registries that a proof speaks for', () => {
  test.each<[string, WebhookSource, Partial<WebhookProof>, readonly string[]]>([
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
    expect([...authenticateWebhook(source, { ...NOTHING, ...proof }, CREDENTIALS)]).toEqual(expected);
    expect([...authenticateWebhook(source, { ...NOTHING, ...proof }, [])]).toEqual([]);
  });
});

describe('every credential of the source is compared, at equal length, whichever matches', () => {
  beforeEach(() => {
    compared.length = 0;
  });
  test.each<[string, WebhookSource, Partial<WebhookProof>, number]>([
    ['the first token', 'quay', { token: 'first' }, 4],
    ['the second', 'quay', { token: 'second' }, 4],
    ['none', 'quay', { token: 'x' }, 4],
    ['a long one', 'quay', { token: 'x'.repeat(10_000) }, 4],
    ['the first Authorization', 'harbor', { authorization: 'Basic one' }, 2],
    ['none', 'harbor', { authorization: '' }, 0],
    ['the first secret', 'github', { signature: sign('first-secret') }, 3],
    ['none', 'github', { signature: sign('x') }, 3],
    ['what is no signature', 'github', { signature: 'sha256=00' }, 0],
  ])('%s (%s)', (_, source, proof, count) => {
    authenticateWebhook(source, { ...NOTHING, ...proof }, CREDENTIALS);
    expect(compared).toEqual(Array.from({ length: count }, () => [32, 32]));
  });

  test('through receiveWebhook too', () => {
    const request = { source: 'quay', token: 'first', headers: { 'content-type': 'application/json' } } as const;
    const event = receiveWebhook({ ...request, body: body.toString(), isBase64Encoded: false }, CREDENTIALS);
    expect([event?.kind, compared]).toEqual(['pushes', Array.from({ length: 4 }, () => [32, 32])]);
  });
});

test.each(WEBHOOK_SOURCES)('without credentials nothing from %s is received', (source) => {
  const headers = { 'content-type': 'application/json', authorization: '', 'x-hub-signature-256': sign('') };
  const request = { source, token: '', headers, body: body.toString(), isBase64Encoded: false };
  expect(receiveWebhook(request, [])).toBeUndefined();
  expect(receiveWebhook(request, CREDENTIALS)).toBeUndefined();
});
