import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import type { HttpSender } from '../../../lib/platform/http/http-client.ts';
import { createRegistryClient } from '../../../lib/registry/client/registry-client.ts';
import { MAX_REMEMBERED, MAX_TOKEN_ANSWER_BYTES } from '../../../lib/registry/client/token-auth.ts';
import { startProxy } from '../../support/servers/start-proxy.ts';
import type { Handler } from '../../support/servers/start-server.ts';
import {
  BASIC,
  codeOf,
  createSetup,
  errorOf,
  makeManifest,
  OCI_MANIFEST,
  PASSWORD,
  toDigest,
  toShownText,
  USER,
} from './registry-setup.ts';

const setup = createSetup();
const { signal } = new AbortController();
const MANIFEST = makeManifest();
const DIGEST = toDigest(MANIFEST);
const AUTH = { username: USER, password: PASSWORD };
const TOKEN = 'a-secret.token';
const SCOPE = 'scope=repository%3Ateam%2Fapp%3Apull';

afterEach(() => setup.close());

/** A registry that lets in whoever has one of these values of Authorization, and challenges the others. */
const guarded =
  (accepted: (request: IncomingMessage) => boolean, challenge: () => string | string[]): Handler =>
  (request, response) => {
    if (accepted(request)) response.writeHead(200, { 'content-type': OCI_MANIFEST }).end(MANIFEST);
    else response.writeHead(401, { 'www-authenticate': challenge() }).end('no entry');
  };
const takesToken = ({ headers }: IncomingMessage) => headers.authorization === `Bearer ${TOKEN}`;
const takesBasic = ({ headers }: IncomingMessage) => headers.authorization === BASIC;
const never = () => false;

const tokenAnswer =
  (body: unknown = { token: TOKEN }, status = 200): Handler =>
  (_request, response) =>
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));

interface Scene {
  readonly challenge: (hosts: { readonly registry: string; readonly tokens: string }) => string | string[];
  readonly tokens?: Handler;
  readonly accepted?: (request: IncomingMessage) => boolean;
  readonly auth?: object | undefined;
  /** Leaves the token service out of the allowed hosts. */
  readonly isStranger?: boolean;
  readonly more?: readonly string[];
}

async function enact({ challenge, tokens = tokenAnswer(), accepted = takesToken, auth = AUTH, ...scene }: Scene) {
  const service = await setup.serve(tokens);
  const hosts = { registry: '', tokens: service.host };
  const registry = await setup.serve(guarded(accepted, () => challenge(hosts)));
  hosts.registry = registry.host;
  const allowed = [registry.host, ...(scene.isStranger === true ? [] : [service.host]), ...(scene.more ?? [])];
  const auths = { [registry.host]: auth };
  const client = setup.connect({ allowed, plain: [registry.host, service.host], auths });
  const repository = parseRepository(`${registry.host}/team/app`);
  const error = await errorOf(client.readManifest(repository, DIGEST, signal));
  return {
    registry,
    service,
    client,
    repository,
    error,
    code: await codeOf(error === undefined ? Promise.resolve() : Promise.reject(error)),
  };
}

const bearer = ({ tokens }: { readonly tokens: string }) =>
  `Bearer realm="http://${tokens}/token",service="the service"`;

describe('a challenge that is answered', () => {
  test('Bearer: with the credential to the token service, with the token to the registry', async () => {
    const { registry, service, code } = await enact({ challenge: bearer });
    expect(code).toBe('answered');
    expect(service.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      [`/token?service=the+service&${SCOPE}`, BASIC],
    ]);
    expect(registry.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, `Bearer ${TOKEN}`]);
  });

  test('Bearer without a credential: anonymously', async () => {
    const { service, code } = await enact({ challenge: bearer, auth: {} });
    expect(code).toBe('answered');
    expect(service.requests[0]?.headers.authorization).toBeUndefined();
  });

  test('Basic: with the credential to the registry', async () => {
    const { registry, service, code } = await enact({ challenge: () => 'Basic realm="r"', accepted: takesBasic });
    expect(code).toBe('answered');
    expect(registry.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, BASIC]);
    expect(service.requests).toEqual([]);
  });

  test.each([
    { name: 'Bearer after Basic', challenge: (to: string) => `Basic realm="r", ${to}` },
    { name: 'Bearer in a line of its own', challenge: (to: string) => ['Basic realm="r"', to] },
    { name: 'in another case', challenge: (to: string) => to.replace('Bearer realm', 'BEARER REALM') },
    { name: 'with one that is not known', challenge: (to: string) => `Negotiate, ${to}` },
  ])('$name: the token', async ({ challenge }) => {
    const { registry, code } = await enact({ challenge: (hosts) => challenge(bearer(hosts)) });
    expect(code).toBe('answered');
    expect(registry.requests.at(-1)?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  test.each([
    { name: 'the challenge', challenge: (to: string) => `${to},scope="repository:other/app:pull,push,delete"` },
    {
      name: 'the realm’s query',
      challenge: (to: string) => to.replace('/token', '/token?scope=repository:x:*&scope=y&z=1'),
    },
  ])('the scope is ours, not that of $name', async ({ challenge }) => {
    const { service, code } = await enact({ challenge: (hosts) => challenge(bearer(hosts)) });
    expect(code).toBe('answered');
    const { searchParams } = new URL(service.requests[0]?.path ?? '', 'http://x.test');
    expect(searchParams.getAll('scope')).toEqual(['repository:team/app:pull']);
  });

  test('an identity token is posted, and never in a URL', async () => {
    const posted: Promise<string>[] = [];
    const tokens: Handler = (request, response) => {
      posted.push(text(request));
      tokenAnswer({ access_token: TOKEN })(request, response);
    };
    const { service, code } = await enact({ challenge: bearer, tokens, auth: { identitytoken: 'refresh-me' } });
    expect(code).toBe('answered');
    expect(service.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([['/token', undefined]]);
    expect(await Promise.all(posted)).toEqual([
      `grant_type=refresh_token&client_id=signet&refresh_token=refresh-me&service=the+service&${SCOPE}`,
    ]);
  });

  test('a token serves one repository while it lasts, and no other', async () => {
    let now = 0;
    const tokens = await setup.serve(tokenAnswer({ token: TOKEN, expires_in: 100 }));
    const registry = await setup.serve(guarded(takesToken, () => bearer({ tokens: tokens.host })));
    const allowed = [registry.host, tokens.host];
    const client = setup.connect({ allowed, plain: allowed, now: () => now });
    const read = (path: string) => client.readManifest(parseRepository(`${registry.host}/${path}`), DIGEST, signal);
    await read('a');
    await read('a');
    expect(tokens.requests.length).toBe(1);
    await read('b');
    expect(registry.requests.at(-2)?.headers.authorization).toBeUndefined();
    expect(tokens.requests.length).toBe(2);
    now = 96_000;
    await read('a');
    expect(tokens.requests.length).toBe(3);
  });

  test('the tokens of as many repositories as the limit are kept', async () => {
    const challenge = { 'www-authenticate': 'Bearer realm="https://r.test/token"' };
    const asked: string[] = [];
    const toAnswer = (url: URL, headers: Readonly<Record<string, string>>) => {
      if (url.pathname === '/token') return { status: 200, bytes: Buffer.from('{"token":"t"}'), headers: {}, url };
      if (headers['authorization'] === undefined) asked.push(url.pathname.split('/')[2] ?? '');
      const status = headers['authorization'] === undefined ? 401 : 200;
      return { status, bytes: MANIFEST, headers: { ...challenge, 'content-type': OCI_MANIFEST }, url };
    };
    const http: HttpSender = {
      send: (url, { headers = {} }) => Promise.resolve(toAnswer(new URL(url), headers)),
    };
    const client = createRegistryClient({ http, allowedHosts: ['r.test'], now: () => 0 });
    const read = (name: string) => client.readManifest(parseRepository(`r.test/${name}`), DIGEST, signal);
    for (let index = 0; index < MAX_REMEMBERED; index += 1) await read(`a${index}`);
    await read('a0');
    expect(asked.length).toBe(MAX_REMEMBERED);
    await read('b');
    await read('a1');
    expect(asked.slice(MAX_REMEMBERED)).toEqual(['b']);
    await read('a0');
    expect(asked.slice(MAX_REMEMBERED)).toEqual(['b', 'a0']);
  });

  test('a token that the registry no longer takes is replaced', async () => {
    let current = 'one';
    const tokens = await setup.serve((request, response) => tokenAnswer({ token: current })(request, response));
    const accepted = ({ headers }: IncomingMessage) => headers.authorization === `Bearer ${current}`;
    const registry = await setup.serve(guarded(accepted, () => bearer({ tokens: tokens.host })));
    const allowed = [registry.host, tokens.host];
    const client = setup.connect({ allowed, plain: allowed });
    const repository = parseRepository(`${registry.host}/a`);
    await client.readManifest(repository, DIGEST, signal);
    current = 'two';
    expect(await codeOf(client.readManifest(repository, DIGEST, signal))).toBe('answered');
    expect(registry.requests.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      'Bearer one',
      'Bearer one',
      'Bearer two',
    ]);
  });
});

describe('a challenge that is refused, with no credential sent', () => {
  const at = (realm: string) => () => `Bearer realm="${realm}",service="s"`;
  const rows: readonly (Scene & { readonly name: string; readonly expected: string })[] = [
    { name: 'another host', expected: 'NotAllowed', challenge: bearer, isStranger: true },
    { name: 'another port of the registry', expected: 'NotAllowed', challenge: at('http://127.0.0.1:1/token') },
    {
      name: 'a host whose name begins like an allowed one',
      expected: 'NotAllowed',
      challenge: at('http://127.0.0.1.evil.test/'),
    },
    { name: 'a metadata service', expected: 'NotAllowed', challenge: at('http://169.254.169.254/latest/meta-data/') },
    { name: 'a metadata service over https', expected: 'NotAllowed', challenge: at('https://169.254.169.254/') },
    {
      name: 'a metadata service that was allowed',
      expected: 'AddressRefused',
      challenge: at('https://169.254.169.254/'),
      more: ['169.254.169.254'],
    },
    {
      name: 'http where https is configured',
      expected: 'NotAllowed',
      challenge: at('http://auth.test/token'),
      more: ['auth.test'],
    },
    { name: 'a user', expected: 'NotAllowed', challenge: ({ tokens }) => `Bearer realm="http://u@${tokens}/token"` },
    {
      name: 'a user and password',
      expected: 'NotAllowed',
      challenge: ({ tokens }) => `Bearer realm="http://u:p@${tokens}/token"`,
    },
    {
      name: 'an allowed host as the user',
      expected: 'NotAllowed',
      challenge: ({ tokens }) => `Bearer realm="http://${tokens}@evil.test/"`,
    },
    {
      name: 'a backslash before the host',
      expected: 'NotAllowed',
      challenge: ({ tokens }) => `Bearer realm="http://evil.test\\\\@${tokens}/"`,
    },
    { name: 'a file', expected: 'NotAllowed', challenge: at('file:///etc/passwd') },
    { name: 'a path', expected: 'ChallengeInvalid', challenge: at('/token') },
    { name: 'nothing', expected: 'ChallengeInvalid', challenge: () => 'Bearer service="s"' },
    {
      name: 'two realms',
      expected: 'ChallengeInvalid',
      challenge: ({ tokens }) => `Bearer realm="http://${tokens}/",realm="http://evil.test/"`,
    },
    {
      name: 'a realm that Bearer refuses, beside Basic',
      expected: 'NotAllowed',
      challenge: () => 'Basic realm="r", Bearer realm="https://evil.test/"',
    },
    { name: 'no scheme that is known', expected: 'ChallengeInvalid', challenge: () => 'Negotiate' },
    { name: 'what cannot be read', expected: 'ChallengeInvalid', challenge: () => 'Bearer realm="http' },
    { name: 'no challenge', expected: 'ChallengeInvalid', challenge: () => [] },
    { name: 'Basic without a credential', expected: 'AccessDenied', challenge: () => 'Basic realm="r"', auth: {} },
  ];
  test.each(rows)('$name: $expected', async ({ expected, ...scene }) => {
    const { code, error, registry, service } = await enact(scene);
    expect(code).toBe(expected);
    expect(service.requests).toEqual([]);
    expect(registry.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(toShownText(error)).not.toContain(PASSWORD);
  });

  test('an https registry does not send its credential over http', async () => {
    const tokens = await setup.serve(tokenAnswer());
    const registry = await setup.serve(
      guarded(takesToken, () => bearer({ tokens: tokens.host })),
      'https',
    );
    const auths = { [registry.host]: AUTH };
    const client = setup.connect({ allowed: [registry.host, tokens.host], plain: [tokens.host], auths });
    const repository = parseRepository(`${registry.host}/a`);
    expect(await codeOf(client.readManifest(repository, DIGEST, signal))).toBe('NotAllowed');
    expect(tokens.requests).toEqual([]);
  });

  test.each([
    { name: 'a private address', realm: 'https://10.0.0.1/token' },
    { name: 'a name of a loopback address', realm: 'https://localhost/token' },
  ])('a public registry names $name: AddressRefused, though its host is allowed', async ({ realm }) => {
    const registry = await setup.serve(guarded(takesToken, at(realm)), 'https');
    const proxy = await startProxy(registry.port);
    setup.onEnd(() => proxy.close());
    const client = setup.connect({
      allowed: ['store.test', '10.0.0.1', 'localhost'],
      auths: { 'store.test': AUTH },
      allowPrivateAddresses: false,
      proxy: { httpsProxy: proxy.url, noProxy: 'localhost' },
    });
    expect(await codeOf(client.readManifest(parseRepository('store.test/a'), DIGEST, signal))).toBe('AddressRefused');
    expect(proxy.seen).toEqual(['CONNECT store.test:443']);
  });
});

describe('a registry or token service that goes wrong', () => {
  const header = `${TOKEN}\r\nx-injected: 1`;
  const rows: readonly { name: string; expected: string; tokens?: Handler; accepted?: typeof never }[] = [
    { name: 'a token that is not taken', expected: 'AccessDenied', accepted: never },
    { name: 'a token service that denies', expected: 'AccessDenied', tokens: tokenAnswer({ details: PASSWORD }, 401) },
    { name: 'a token service that forbids', expected: 'AccessDenied', tokens: tokenAnswer({ details: PASSWORD }, 403) },
    { name: 'a token service that is absent', expected: 'StatusUnexpected', tokens: tokenAnswer('', 404) },
    { name: 'a token service that is broken', expected: 'StatusUnexpected', tokens: tokenAnswer('', 500) },
    { name: 'HTML with 200', expected: 'ChallengeInvalid', tokens: tokenAnswer(`<html>${TOKEN}`) },
    { name: 'no token', expected: 'ChallengeInvalid', tokens: tokenAnswer({}) },
    { name: 'an empty token', expected: 'ChallengeInvalid', tokens: tokenAnswer({ token: '' }) },
    { name: 'a token that ends its header', expected: 'ChallengeInvalid', tokens: tokenAnswer({ token: header }) },
    { name: 'a token that is an object', expected: 'ChallengeInvalid', tokens: tokenAnswer({ token: { TOKEN } }) },
    { name: 'a token twice', expected: 'ChallengeInvalid', tokens: tokenAnswer(`{"token":"${TOKEN}","token":"b"}`) },
    {
      name: 'a token answer over the limit',
      expected: 'LimitExceeded',
      tokens: tokenAnswer(' '.repeat(MAX_TOKEN_ANSWER_BYTES + 1)),
    },
  ];
  test.each(rows)('$name: $expected, and nothing secret in the error', async ({ expected, ...scene }) => {
    const { code, error, registry, service } = await enact({ challenge: bearer, ...scene });
    expect(code).toBe(expected);
    expect(service.requests.length).toBe(1);
    expect(registry.requests.length).toBeLessThanOrEqual(2);
    for (const secret of [PASSWORD, TOKEN, BASIC.slice(6)]) expect(toShownText(error)).not.toContain(secret);
  });

  test('a password that is not taken: AccessDenied, asked twice and no more', async () => {
    const { code, registry, error } = await enact({ challenge: () => 'Basic realm="r"', accepted: never });
    expect(code).toBe('AccessDenied');
    expect(registry.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, BASIC]);
    expect(toShownText(error)).not.toContain(BASIC.slice(6));
  });

  test.each([
    { name: 'a credential', auth: AUTH },
    { name: 'an identity token', auth: { identitytoken: 'refresh-me' } },
  ])('a token service that redirects elsewhere: RedirectRefused, without $name', async ({ auth }) => {
    const other = await setup.serve(tokenAnswer());
    const tokens: Handler = (_request, response) =>
      response.writeHead(307, { location: `${other.origin}/token` }).end();
    const { code } = await enact({ challenge: bearer, tokens, auth, more: [other.host] });
    expect(code).toBe('RedirectRefused');
    expect(other.sockets.size).toBe(0);
  });
});
