import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export const CLIENT_ID = 'signet-console';

/** An issuer of OpenID Connect that signs everybody in, and keeps to RFC 6749, RFC 7636 and RFC 9207. */
export interface TestIssuer {
  readonly url: string;
  /** Access tokens that are good now. */
  readonly tokens: Set<string>;
  /** What it answers the next reader with in place of a code. */
  answer: { state?: string; iss?: string; error?: string; description?: string };
  /** Seconds for which a token is good. */
  seconds: number;
  /** What was asked of the token endpoint. */
  readonly asked: URLSearchParams[];
  /** Takes back whatever it gave. */
  readonly revoke: () => void;
  readonly close: () => void;
}

interface Grant {
  readonly challenge: string;
  readonly redirect: string;
}

export async function startIssuer(): Promise<TestIssuer> {
  const grants = new Map<string, Grant>();
  const refreshes = new Set<string>();
  const server = createServer((request, response) => {
    void handle(request).then(({ status, headers = {}, body }) => {
      response.writeHead(status, { 'access-control-allow-origin': '*', ...headers });
      response.end(body === undefined ? '' : JSON.stringify(body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer: TestIssuer = {
    url,
    tokens: new Set(),
    answer: {},
    seconds: 3600,
    asked: [],
    revoke: () => {
      issuer.tokens.clear();
      refreshes.clear();
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return issuer;

  async function handle(
    request: IncomingMessage,
  ): Promise<{ status: number; headers?: Record<string, string>; body?: unknown }> {
    const { pathname, searchParams } = new URL(request.url ?? '/', url);
    if (pathname === '/.well-known/openid-configuration') {
      const body = { issuer: url, authorization_endpoint: `${url}/authorize`, token_endpoint: `${url}/token` };
      return { status: 200, headers: { 'content-type': 'application/json' }, body };
    }
    if (pathname === '/authorize') return authorize(searchParams);
    if (pathname === '/token') return giveToken(new URLSearchParams(await text(request)));
    return { status: 404 };
  }

  function authorize(asked: URLSearchParams) {
    const redirect = asked.get('redirect_uri') ?? '';
    const isWhole =
      asked.get('response_type') === 'code' &&
      asked.get('client_id') === CLIENT_ID &&
      asked.get('code_challenge_method') === 'S256' &&
      (asked.get('scope') ?? '').split(' ').includes('openid');
    if (!isWhole) return { status: 400 };
    const back = new URL(redirect);
    back.searchParams.set('state', issuer.answer.state ?? asked.get('state') ?? '');
    back.searchParams.set('iss', issuer.answer.iss ?? url);
    if (issuer.answer.error === undefined) {
      const code = randomBytes(16).toString('hex');
      grants.set(code, { challenge: asked.get('code_challenge') ?? '', redirect });
      back.searchParams.set('code', code);
    } else {
      back.searchParams.set('error', issuer.answer.error);
      back.searchParams.set('error_description', issuer.answer.description ?? '');
    }
    return { status: 302, headers: { location: back.href } };
  }

  function giveToken(asked: URLSearchParams) {
    issuer.asked.push(asked);
    const refused = { status: 400, headers: { 'content-type': 'application/json' }, body: { error: 'invalid_grant' } };
    if (asked.get('client_id') !== CLIENT_ID) return refused;
    if (asked.get('grant_type') === 'refresh_token') {
      if (!refreshes.delete(asked.get('refresh_token') ?? '')) return refused;
    } else {
      const code = asked.get('code') ?? '';
      const grant = grants.get(code);
      grants.delete(code);
      const verifier = asked.get('code_verifier') ?? '';
      const isSame = createHash('sha256').update(verifier).digest('base64url') === grant?.challenge;
      if (!isSame || grant.redirect !== asked.get('redirect_uri')) return refused;
    }
    const access = randomBytes(16).toString('hex');
    const refresh = randomBytes(16).toString('hex');
    issuer.tokens.add(access);
    refreshes.add(refresh);
    const body = { access_token: access, refresh_token: refresh, token_type: 'Bearer', expires_in: issuer.seconds };
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  }
}
