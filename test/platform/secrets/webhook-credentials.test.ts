import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { StrictJsonError } from '../../../lib/base/documents/parse-strict-json.ts';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import {
  MAX_CREDENTIALS_BYTES,
  MIN_SECRET_LENGTH,
  parseWebhookCredentials,
} from '../../../lib/platform/secrets/webhook-credentials.ts';

const SECRET = 'hush-hush-secret';
const SHA256 = 'c0ffee'.padEnd(64, '0');
const QUAY = { source: 'quay', registry: 'quay.io', tokenSha256: SHA256 };
const GITHUB = { source: 'github', registry: 'ghcr.io', secret: SECRET };

const GOOGLE = { source: 'google', registry: 'us-docker.pkg.dev', audience: 'a', serviceAccount: 'push@example.com' };

function toDocument(...credentials: readonly object[]): string {
  return JSON.stringify({ schema: 1, credentials });
}

function faultOf(text: string): ConfigurationError {
  try {
    parseWebhookCredentials(text);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('no fault');
}

test('each credential, with its registry as pushes have it', () => {
  const parsed = parseWebhookCredentials(
    toDocument(
      { ...QUAY, registry: 'QUAY.io:443' },
      { source: 'harbor', registry: 'harbor.example.com:8443', authorizationSha256: SHA256 },
      { source: 'distribution', registry: '[2001:DB8::1]:5000', authorizationSha256: SHA256 },
      { source: 'dockerhub', registry: 'index.docker.io', tokenSha256: SHA256 },
      GITHUB,
    ),
  );
  expect(parsed).toEqual([
    { source: 'quay', registry: 'quay.io', kind: 'token', sha256: SHA256 },
    { source: 'harbor', registry: 'harbor.example.com:8443', kind: 'authorization', sha256: SHA256 },
    { source: 'distribution', registry: '[2001:db8::1]:5000', kind: 'authorization', sha256: SHA256 },
    { source: 'dockerhub', registry: 'docker.io', kind: 'token', sha256: SHA256 },
    { source: 'github', registry: 'ghcr.io', kind: 'hmac', toSecret: expect.any(Function) as unknown },
  ]);
  expect(parsed.flatMap((one) => (one.kind === 'hmac' ? [one.toSecret()] : []))).toEqual([SECRET]);
});

test('what later sources are known by', () => {
  const grid = { source: 'eventgrid', registry: 'team.azurecr.io', tokenSha256: SHA256 };
  const jfrog = { source: 'jfrog', registry: 'Docker-local.example.com', repositoryKey: 'docker-local' };
  expect(
    parseWebhookCredentials(
      toDocument(
        grid,
        { ...grid, origin: 'eventgrid.azure.net' },
        { source: 'cloudevents', registry: 'zot.example.com', authorizationSha256: SHA256 },
        { ...jfrog, platform: 'Example.jfrog.io', secret: SECRET },
        { source: 'jfrog', registry: 'example.jfrog.io', eventAuthSha256: SHA256 },
        GOOGLE,
        { ...GOOGLE, subscription: 'projects/p/subscriptions/s' },
      ),
    ),
  ).toEqual([
    { source: 'eventgrid', registry: 'team.azurecr.io', kind: 'token', sha256: SHA256 },
    { source: 'eventgrid', registry: 'team.azurecr.io', origin: 'eventgrid.azure.net', kind: 'token', sha256: SHA256 },
    { source: 'cloudevents', registry: 'zot.example.com', kind: 'authorization', sha256: SHA256 },
    {
      source: 'jfrog',
      registry: 'docker-local.example.com',
      platform: 'example.jfrog.io',
      repositoryKey: 'docker-local',
      kind: 'event-hmac',
      toSecret: expect.any(Function) as unknown,
    },
    { source: 'jfrog', registry: 'example.jfrog.io', kind: 'event-auth', sha256: SHA256 },
    { ...GOOGLE, kind: 'identity' },
    { ...GOOGLE, kind: 'identity', subscription: 'projects/p/subscriptions/s' },
  ]);
});

test('none at all', () => {
  expect(parseWebhookCredentials(toDocument())).toEqual([]);
});

test('a secret is not printed', () => {
  const parsed = parseWebhookCredentials(toDocument(GITHUB));
  const [credential] = parsed;
  for (const shown of [
    inspect(parsed, { depth: null, showHidden: true }),
    JSON.stringify(parsed),
    inspect(Object.entries(credential ?? {})),
    credential?.kind === 'hmac' ? String(credential.toSecret) : '',
    inspect(structuredClone({ ...credential, toSecret: undefined })),
  ]) {
    expect(shown).not.toContain(SECRET);
  }
});

describe('is refused, and tells nothing of what stands there', () => {
  const malformed = 'invalid at ';
  test.each<[name: string, text: string, fault: string]>([
    ['not JSON', `{"secret": "${SECRET}"`, 'not strict JSON'],
    ['the secret alone', SECRET, 'not strict JSON'],
    ['nothing', '', 'not strict JSON'],
    ['YAML', `schema: 1\ncredentials: [{secret: ${SECRET}}]`, 'not strict JSON'],
    [
      'a member twice',
      `{"schema":1,"credentials":[{"source":"github","registry":"ghcr.io","secret":"${SECRET}","secret":"${SECRET}"}]}`,
      'not strict JSON',
    ],
    ['the credentials twice', `{"schema":1,"credentials":[],"credentials":[]}`, 'not strict JSON'],
    ['an array', JSON.stringify([GITHUB]), `${malformed}the whole`],
    ['a newer schema', JSON.stringify({ schema: 2, credentials: [GITHUB] }), `${malformed}schema`],
    ['no schema', JSON.stringify({ credentials: [GITHUB] }), `${malformed}schema`],
    ['a schema as text', JSON.stringify({ schema: '1', credentials: [GITHUB] }), `${malformed}schema`],
    ['no credentials', JSON.stringify({ schema: 1 }), `${malformed}credentials`],
    [
      'an object of credentials',
      JSON.stringify({ schema: 1, credentials: { [SECRET]: 1 } }),
      `${malformed}credentials`,
    ],
    ['an unknown member', JSON.stringify({ schema: 1, credentials: [], [SECRET]: SECRET }), `${malformed}the whole`],
    ['an unknown member of one', toDocument(QUAY, { ...GITHUB, [SECRET]: SECRET }), `${malformed}credentials.1`],
    ['two kinds', toDocument({ ...QUAY, source: 'harbor', authorizationSha256: SHA256 }), `${malformed}credentials.0`],
    ['a secret and a token', toDocument({ ...GITHUB, tokenSha256: SHA256 }), `${malformed}credentials.0`],
    ['no kind', toDocument({ source: 'quay', registry: 'quay.io' }), `${malformed}credentials.0`],
    ['no source', toDocument({ registry: 'quay.io', tokenSha256: SHA256 }), `${malformed}credentials.0`],
    ['no registry', toDocument({ source: 'quay', tokenSha256: SHA256 }), `${malformed}credentials.0`],
    ['GitHub with a token', toDocument({ ...QUAY, source: 'github' }), `${malformed}credentials.0`],
    ['Quay with a secret', toDocument({ ...GITHUB, source: 'quay' }), `${malformed}credentials.0`],
    [
      'Quay with an Authorization, which it does not send',
      toDocument({ source: 'quay', registry: 'quay.io', authorizationSha256: SHA256 }),
      `${malformed}credentials.0`,
    ],
    ['ECR', toDocument({ ...QUAY, source: 'ecr' }), `${malformed}credentials.0`],
    ['an unknown source', toDocument({ ...QUAY, source: SECRET }), `${malformed}credentials.0`],
    [
      'a short secret',
      toDocument({ ...GITHUB, secret: SECRET.slice(0, MIN_SECRET_LENGTH - 1) }),
      `${malformed}credentials.0.secret`,
    ],
    ['an origin of Quay', toDocument({ ...QUAY, origin: 'a.example.com' }), `${malformed}credentials.0`],
    [
      'an origin that is a URL',
      toDocument({ ...QUAY, source: 'eventgrid', origin: 'https://a.example.com' }),
      `${malformed}credentials.0.origin`,
    ],
    ['Google without an account', toDocument({ ...GOOGLE, serviceAccount: undefined }), `${malformed}credentials.0`],
    ['Google without an audience', toDocument({ ...GOOGLE, audience: '' }), `${malformed}credentials.0.audience`],
    [
      'Google with no account',
      toDocument({ ...GOOGLE, serviceAccount: 'anybody' }),
      `${malformed}credentials.0.serviceAccount`,
    ],
    [
      'Google with the name of a subscription alone',
      toDocument({ ...GOOGLE, subscription: 's' }),
      `${malformed}credentials.0.subscription`,
    ],
    ['JFrog with a token', toDocument({ ...QUAY, source: 'jfrog' }), `${malformed}credentials.0`],
    [
      'JFrog with a short secret',
      toDocument({ ...GITHUB, source: 'jfrog', secret: 'short' }),
      `${malformed}credentials.0.secret`,
    ],
    [
      'a platform that is a URL',
      toDocument({ ...GITHUB, source: 'jfrog', platform: 'https://a.example.com' }),
      `${malformed}credentials.0.platform: expected a registry host`,
    ],
    ['an empty secret', toDocument({ ...GITHUB, secret: '' }), `${malformed}credentials.0.secret`],
    [
      'a hash in capitals',
      toDocument({ ...QUAY, tokenSha256: SHA256.toUpperCase() }),
      `${malformed}credentials.0.tokenSha256`,
    ],
    ['a short hash', toDocument({ ...QUAY, tokenSha256: SHA256.slice(1) }), `${malformed}credentials.0.tokenSha256`],
    ['a long hash', toDocument({ ...QUAY, tokenSha256: `${SHA256}0` }), `${malformed}credentials.0.tokenSha256`],
    [
      'a line feed after the hash',
      toDocument({ ...QUAY, tokenSha256: `${SHA256}\n` }),
      `${malformed}credentials.0.tokenSha256`,
    ],
    [
      'the token instead of its hash',
      toDocument({ ...QUAY, tokenSha256: SECRET }),
      `${malformed}credentials.0.tokenSha256`,
    ],
    [
      'a URL for a registry',
      toDocument({ ...QUAY, registry: `https://${SECRET}` }),
      `${malformed}credentials.0.registry: expected a registry host`,
    ],
    [
      'a repository for a registry',
      toDocument({ ...QUAY, registry: `${SECRET}.io/a` }),
      `${malformed}credentials.0.registry: expected a registry host`,
    ],
    [
      'a name without a dot',
      toDocument({ ...QUAY, registry: SECRET }),
      `${malformed}credentials.0.registry: expected a registry host`,
    ],
    [
      'an empty registry',
      toDocument(QUAY, { ...QUAY, registry: '' }),
      `${malformed}credentials.1.registry: expected a registry host`,
    ],
    [
      'a wildcard',
      toDocument({ ...QUAY, registry: '*.example.com' }),
      `${malformed}credentials.0.registry: expected a registry host`,
    ],
    [
      'two at fault',
      toDocument({ ...QUAY, source: 'ecr' }, GITHUB, { ...GITHUB, secret: SECRET.slice(0, 4) }),
      `${malformed}credentials.0, credentials.2.secret`,
    ],
  ])('%s', (_, text, fault) => {
    const error = faultOf(text);
    expect([error.code, error.message]).toEqual(['DocumentInvalid', `the webhook credentials are ${fault}`]);
    expect(error.cause).toBeUndefined();
    const shown = inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error);
    for (const piece of [SECRET, SECRET.slice(0, 4), SHA256, SHA256.slice(0, 6).toUpperCase(), StrictJsonError.name]) {
      expect(shown).not.toContain(piece);
    }
  });

  test('a document beyond the limit, and none at it', () => {
    const fill = (bytes: number): string => toDocument(QUAY).padEnd(bytes, ' ');
    expect(parseWebhookCredentials(fill(MAX_CREDENTIALS_BYTES))).toHaveLength(1);
    expect(faultOf(fill(MAX_CREDENTIALS_BYTES + 1)).code).toBe('LimitExceeded');
  });
});
