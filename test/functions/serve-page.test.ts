import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { createHandler, type SignIn } from '../../functions/serve-page/handler.ts';
import { parseSignIn } from '../../functions/serve-page/parse-sign-in.ts';
import type { PageFile, PageFiles } from '../../lib/platform/files/page-files.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { toHttpEvent } from '../support/http-event.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';

const SETTING = {
  issuer: 'https://id.example.com/realms/ocp',
  clientId: 'console',
  scopes: 'openid signet/redrive',
  origins: 'https://login.example.com,https://tokens.example.com:8443',
  redriveScope: 'signet/redrive',
};
const AT_ISSUER = parseSignIn(JSON.stringify(SETTING));
const form = (text: string) => ({ bytes: Buffer.from(text), etag: `"${text}"` });
const index: PageFile = {
  type: 'text/html; charset=utf-8',
  isHashed: false,
  plain: form('page'),
  packed: new Map([['br', form('packed')]]),
};
const FILES: PageFiles = new Map([['index.html', index]]);

async function ask(
  path: string,
  { signIn = AT_ISSUER, claims, headers, method = 'GET', files = FILES }: Asked = {},
): Promise<Answer> {
  const telemetry = createKeptTelemetry();
  const handler = createHandler({ files: files ?? undefined, signIn: signIn ?? undefined, telemetry });
  const event = toHttpEvent({ method, path, ...(headers === undefined ? {} : { headers }) });
  const authorizer = claims === undefined ? {} : { authorizer: { jwt: { claims } } };
  const asked = { ...event, requestContext: { ...event.requestContext, ...authorizer } } as APIGatewayProxyEventV2;
  return (await handler(asked, createLocalContext('serve-page'))) as Answer;
}

interface Asked {
  readonly signIn?: SignIn | null | undefined;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly files?: PageFiles | null;
}
interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}
const toJson = ({ body }: Answer): unknown => JSON.parse(body ?? '');

describe('the page in a deployment', () => {
  test('may ask its own origin, the issuer, and where the issuer has endpoints, and nobody else', async () => {
    const { statusCode, headers } = await ask('/');
    expect(statusCode).toBe(200);
    expect(headers['content-security-policy']).toContain(
      "connect-src 'self' https://id.example.com https://login.example.com https://tokens.example.com:8443;",
    );
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
  });

  test.each<[name: string, path: string, given: Asked, status: number, body: string | undefined]>([
    ['whole', '/', {}, 200, 'page'],
    ['packed', '/', { headers: { 'accept-encoding': 'gzip, br' } }, 200, 'packed'],
    ['without its bytes', '/', { method: 'HEAD' }, 200, undefined],
    ['not again', '/', { headers: { 'if-none-match': '"page"' } }, 304, undefined],
  ])('is sent %s', async (_, path, given, status, body) => {
    const answer = await ask(path, given);
    expect(answer.statusCode).toBe(status);
    expect(answer.body === undefined ? undefined : Buffer.from(answer.body, 'base64').toString()).toBe(body);
  });

  test.each([
    '/console/',
    '/console/none.js',
    '/console/../handler.mjs',
    '/console/..%2fhandler.mjs',
    '/console//index.html',
    '/console/constructor',
    '/index.html',
    '/console',
  ])('%s is not there', async (path) => {
    expect((await ask(path)).statusCode).toBe(404);
  });

  test('says where to sign in, and no more than the page needs', async () => {
    expect(toJson(await ask('/console.json'))).toEqual({
      schema: 1,
      api: '',
      auth: {
        kind: 'oidc',
        issuer: SETTING.issuer,
        clientId: 'console',
        scopes: ['openid', 'signet/redrive'],
      },
    });
  });

  test.each<[name: string, claims: Readonly<Record<string, unknown>>, may: boolean]>([
    ['the scope among others', { scope: 'openid signet/redrive' }, true],
    ['the scope as some issuers have it', { scp: '[openid signet/redrive]' }, true],
    ['a longer scope', { scope: 'signet/redrive2 x.signet/redrive' }, false],
    ['no scope', {}, false],
    ['a role that its issuer gave', { role: 'operator' }, false],
    ['a list, which API Gateway never gives', { scope: ['signet/redrive'] }, false],
  ])('with %s, dead letters may be put back: %s', async (_, claims, may) => {
    expect(toJson(await ask('/v1/me', { claims: { sub: 'alice', ...claims } }))).toEqual({
      schema: 1,
      role: 'operator',
      mayRedrive: may,
      name: 'alice',
    });
  });

  test.each(['/', '/console/index.html', '/console.json', '/v1/me'])(
    '%s is 404 where no page is offered',
    async (path) => {
      expect((await ask(path, { signIn: null })).statusCode).toBe(404);
    },
  );

  test('says so where it was not built', async () => {
    const answer = await ask('/', { files: null });
    expect([answer.statusCode, answer.body]).toEqual([404, expect.stringContaining('the page is not built')]);
  });
});

describe('the page on one machine', () => {
  test.each<[kind: 'open' | 'token' | 'certificate', role: string | undefined, expected: string]>([
    ['open', undefined, 'operator'],
    ['token', 'operator', 'operator'],
    ['token', 'reader', 'reader'],
    ['certificate', undefined, 'reader'],
  ])('signed in by %s as %s, one is %s', async (kind, role, expected) => {
    const given = { signIn: { kind }, ...(role === undefined ? {} : { claims: { role } }) } as const;
    const isOperator = expected === 'operator';
    expect(toJson(await ask('/v1/me', given))).toEqual({ schema: 1, role: expected, mayRedrive: isOperator });
    expect(toJson(await ask('/console.json', given))).toEqual({ schema: 1, api: '', auth: { kind } });
    expect((await ask('/', given)).headers['content-security-policy']).toContain("connect-src 'self';");
  });
});

describe('the setting', () => {
  test('that is empty is no page', () => {
    expect(parseSignIn('')).toBeUndefined();
  });

  test.each<[name: string, text: string, place: string]>([
    ['no JSON', '{"issuer":', 'not strict JSON'],
    ['a member twice', '{"issuer":"https://a","issuer":"https://b"}', 'not strict JSON'],
    ['an issuer in the clear', JSON.stringify({ ...SETTING, issuer: 'http://id.example.com' }), 'issuer'],
    [
      'an issuer whose host ends the directive',
      JSON.stringify({ ...SETTING, issuer: 'https://a;script-src/x' }),
      'issuer',
    ],
    ['no client', JSON.stringify({ ...SETTING, clientId: '' }), 'clientId'],
    ['an origin with a path', JSON.stringify({ ...SETTING, origins: 'https://a.example/x' }), 'origins'],
    ['an origin in the clear', JSON.stringify({ ...SETTING, origins: 'http://a.example' }), 'origins'],
    [
      'an origin that ends the directive',
      JSON.stringify({ ...SETTING, origins: 'https://a.example;script-src' }),
      'origins',
    ],
    ['every origin', JSON.stringify({ ...SETTING, origins: 'https://*' }), 'origins'],
    ['origins without end', JSON.stringify({ ...SETTING, origins: 'https://a.example '.repeat(17) }), 'origins'],
    ['a scope with a quote', JSON.stringify({ ...SETTING, scopes: 'open"id' }), 'scopes'],
    ['a member more', JSON.stringify({ ...SETTING, secret: 'x' }), 'the whole'],
  ])('with %s is refused by its place', (_, text, place) => {
    expect(() => parseSignIn(text)).toThrow(
      expect.objectContaining({ code: 'DocumentInvalid', message: expect.stringContaining(place) as unknown }),
    );
  });
});
