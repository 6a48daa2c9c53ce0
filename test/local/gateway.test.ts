import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { afterEach, describe, expect, test } from 'vitest';
import type { HttpHandler } from '../../lib/platform/lambda/http-stack.ts';
import { toAskedNames } from '../../local/asked-names.ts';
import { type HttpFront, startHttpFront } from '../../local/http-front.ts';
import { LOCAL_ROUTES, matchRoute, ROUTES } from '../../local/routes.ts';

let front: HttpFront | undefined;
afterEach(async () => {
  await front?.close();
  front = undefined;
});

/** Every route answers with the event that it was given, or as told. */
async function serve(
  answer?: (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>,
): Promise<string> {
  const handler: HttpHandler = async (event) =>
    answer === undefined ? { body: JSON.stringify(event) } : await answer(event);
  const handlers = {
    'check-pullspec': handler,
    'verify-image': handler,
    'serve-signature': handler,
    'read-records': handler,
    'receive-push': handler,
    'review-admission': handler,
    'export-bundle': handler,
    'redrive-letters': handler,
    'local-events': handler,
    'local-downloads': handler,
    'local-discovery': handler,
    'local-metrics': handler,
    'serve-page': handler,
  };
  front = await startHttpFront({ port: 0, host: '127.0.0.1', names: toAskedNames('127.0.0.1', ['h.example']) });
  front.serve(handlers);
  return front.url;
}

async function send(url: string, raw: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.end(raw);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

describe('a request becomes payload 2.0', () => {
  test('names in lower case, repeated headers joined, cookies apart, query and path parameters', async () => {
    const url = await serve();
    const answer = await send(
      url,
      'GET /v1/records/sha256%3Aab/x?after=a&after=b&limit=1%2B1 HTTP/1.1\r\nHost: h.example\r\nX-Two: a\r\nx-two: b\r\nCookie: one=1; two=2\r\nConnection: close\r\n\r\n',
    );
    const event = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as APIGatewayProxyEventV2;
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'GET /v1/records/{digest}/{id}',
      rawPath: '/v1/records/sha256%3Aab/x',
      rawQueryString: 'after=a&after=b&limit=1%2B1',
      headers: { host: 'h.example', 'x-two': 'a,b' },
      cookies: ['one=1', 'two=2'],
      queryStringParameters: { after: 'a,b', limit: '1+1' },
      pathParameters: { digest: 'sha256%3Aab', id: 'x' },
      requestContext: { http: { method: 'GET', path: '/v1/records/sha256%3Aab/x' } },
      isBase64Encoded: false,
    });
    expect(event.headers).not.toHaveProperty('cookie');
    expect(event.body).toBeUndefined();
  });

  test.each<[string, string, Buffer, boolean]>([
    ['JSON as text', 'application/json', Buffer.from('{"a":"ä"}'), false],
    ['JSON with a charset', 'application/json; charset=utf-8', Buffer.from('{}'), false],
    ['a JSON dialect', 'application/vnd.x+json', Buffer.from('{}'), false],
    ['plain text', 'text/plain', Buffer.from('hello'), false],
    ['bytes', 'application/octet-stream', Buffer.from([0, 255, 1]), true],
    ['nothing said', '', Buffer.from('hello'), true],
    ['JSON that is not UTF-8', 'application/json', Buffer.from([0x22, 0xff, 0x22]), true],
  ])('a body: %s', async (_, type, body, isBase64Encoded) => {
    const url = await serve();
    const response = await fetch(`${url}/v1/verify`, {
      method: 'POST',
      body,
      headers: type === '' ? {} : { 'content-type': type },
    });
    const event = (await response.json()) as APIGatewayProxyEventV2;
    expect(event.isBase64Encoded).toBe(isBase64Encoded);
    expect(Buffer.from(event.body ?? '', isBase64Encoded ? 'base64' : 'utf8')).toEqual(body);
  });
});

describe('a result becomes a response', () => {
  test('binary bodies, cookies and headers', async () => {
    const bytes = Buffer.from([0, 1, 2, 255]);
    const url = await serve(async () => ({
      statusCode: 201,
      headers: { 'x-one': 'a', 'x-number': 7 },
      cookies: ['a=1; Secure', 'b=2'],
      body: bytes.toString('base64'),
      isBase64Encoded: true,
    }));
    const response = await fetch(`${url}/healthz`);
    expect(response.status).toBe(201);
    expect(response.headers.getSetCookie()).toEqual(['a=1; Secure', 'b=2']);
    expect([response.headers.get('x-one'), response.headers.get('x-number')]).toEqual(['a', '7']);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
  });

  test('a handler that throws is a 500 without the reason', async () => {
    const url = await serve(async () => {
      throw new Error('a secret reason');
    });
    const response = await fetch(`${url}/healthz`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
  });
});

describe('the front', () => {
  test.each<[string, string, string, number]>([
    ['an unknown path', 'GET', '/v2/verify', 404],
    ['a path below the root', 'GET', '/decisions', 404],
    ['a known path, another method', 'GET', '/v1/verify', 405],
    ['one segment too many', 'GET', '/v1/records/a/b/c', 404],
    ['an empty rest', 'GET', '/signatures/', 404],
  ])('%s', async (_, method, path, status) => {
    const url = await serve();
    const response = await fetch(url + path, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ status });
  });

  test('a body beyond what the gateway takes is 413', async () => {
    const url = new URL(await serve());
    const request = httpRequest({ port: url.port, host: '127.0.0.1', path: '/v1/verify', method: 'POST' });
    request.on('error', () => undefined);
    const answered = once(request, 'response') as Promise<[{ statusCode: number }]>;
    const chunk = Buffer.alloc(1024 * 1024);
    for (let sent = 0; sent < 12; sent++) request.write(chunk);
    const [{ statusCode }] = await answered;
    expect(statusCode).toBe(413);
    request.destroy();
  });

  test('closing finishes what is under way and takes nothing new', async () => {
    const held: (() => void)[] = [];
    const url = await serve(
      () =>
        new Promise((resolve) => {
          held.push(() => resolve({ body: 'finished' }));
        }),
    );
    const slow = fetch(`${url}/healthz`);
    while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const closed = front?.close();
    front = undefined;
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    held[0]?.();
    expect(await (await slow).text()).toBe('finished');
    await closed;
  });

  test('until there is something to answer with, every request is told to come again', async () => {
    front = await startHttpFront({ port: 0, host: '127.0.0.1' });
    for (const [method, path, status] of [
      ['GET', '/healthz', 503],
      ['POST', '/v1/verify', 503],
      ['GET', '/no/such/route', 404],
    ] as const) {
      const answer = await fetch(`${front.url}${path}`, { method });
      expect([answer.status, answer.headers.has('retry-after')]).toEqual([status, status === 503]);
    }
    const foreign = await send(front.url, 'GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
    expect(foreign).toMatch(/^HTTP\/1.1 403/);
  });

  test('a port that is taken is an error, not a crash', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(startHttpFront({ port, host: '127.0.0.1' })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    server.close();
  });
});

test('a review that comes before the service can answer is denied in a review', async () => {
  front = await startHttpFront({ port: 0, host: '127.0.0.1' });
  const ask = async (path: string, body: string) =>
    await fetch(`${front?.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: { uid: 'x' } };
  const answered = await ask('/admission/token/nodepools', JSON.stringify(review));
  expect(answered.status).toBe(200);
  expect(await answered.json()).toMatchObject({ response: { uid: 'x', allowed: false, status: { code: 503 } } });
  expect((await ask('/admission/token/nodepools', '{}')).status).toBe(503);
  expect((await ask('/v1/verify', '{}')).status).toBe(503);
});

test.each([0, 1, 16 * 1024, 16 * 1024 + 1, 100_000])('an answer of %i bytes arrives as they are', async (length) => {
  const bytes = Buffer.from(Array.from({ length }, (_, index) => (index * 7) % 256));
  const url = await serve(async () => ({ statusCode: 200, body: bytes.toString('base64'), isBase64Encoded: true }));
  const answer = await fetch(`${url}/signatures/sha256=ab/signature-1`);
  expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
  expect(answer.headers.get('content-length')).toBe(String(length));
  const head = await fetch(`${url}/signatures/sha256=ab/signature-1`, { method: 'HEAD' });
  expect(await head.text()).toBe('');
});

describe('a body', () => {
  const MEGABYTE = 1024 * 1024;

  test('of as much as API Gateway takes is handed on, and a longer one is refused', async () => {
    const lengths: number[] = [];
    const url = await serve(async ({ body = '' }) => {
      lengths.push(body.length);
      return { body: '{}' };
    });
    const post = async (body: string) =>
      await fetch(`${url}/v1/verify`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    expect((await post('x'.repeat(10 * MEGABYTE))).status).toBe(200);
    const refused = await post('x'.repeat(10 * MEGABYTE + 1));
    expect(refused.status).toBe(413);
    expect(await refused.json()).toMatchObject({ code: 'BodyTooLarge' });
    expect(lengths).toEqual([10 * MEGABYTE]);
  });

  test('in chunks is put together, and one that says no length is none', async () => {
    const url = await serve();
    const head =
      'POST /v1/verify HTTP/1.1\r\nHost: h.example\r\nContent-Type: application/json\r\nConnection: close\r\n';
    const chunked = await send(
      url,
      `${head}Transfer-Encoding: chunked\r\n\r\n2\r\n{"\r\n3\r\na":\r\n2\r\n1}\r\n0\r\n\r\n`,
    );
    expect(chunked).toContain(String.raw`"body":"{\"a\":1}"`);
    const none = await send(url, `${head}\r\n`);
    expect(none).toMatch(/^HTTP\/1\.1 200 /);
    expect(none).not.toContain('"body":');
  });

  test('whose sender goes in the middle of it reaches no function, and keeps nothing open', async () => {
    const calls: string[] = [];
    const url = await serve(async ({ rawPath }) => {
      calls.push(rawPath);
      return { body: '{}' };
    });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write('POST /v1/verify HTTP/1.1\r\nHost: h.example\r\nContent-Length: 100\r\n\r\nhalf');
    await delay(50);
    socket.destroy();
    await front?.close();
    front = undefined;
    expect(calls).toEqual([]);
  });
});

test('every route matches itself', () => {
  for (const route of [...ROUTES, ...LOCAL_ROUTES]) {
    const path = route.path.replaceAll(/\{\w+\+\}/g, 'a/b').replaceAll(/\{\w+\}/g, 'x');
    expect(matchRoute(route.method, path)).toMatchObject({ route });
  }
});

describe('a page that a user of this machine opens', () => {
  const post = (path: string, headers: string): string =>
    `POST ${path} HTTP/1.1\r\n${headers}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`;
  const read = (path: string, headers: string): string =>
    `GET ${path} HTTP/1.1\r\n${headers}\r\nConnection: close\r\n\r\n`;
  const SIGNATURE = '/signatures/sha256=ab/signature-1';

  test.each<[name: string, request: string, status: number]>([
    ['asks by a name that it points here', post('/v1/verify/forced', 'Host: rebound.example'), 403],
    ['reads by such a name', read('/v1/trust', 'Host: rebound.example'), 403],
    ['reads a signature by such a name', read(SIGNATURE, 'Host: rebound.example'), 403],
    ['asks across origins', post('/v1/verify/forced', 'Host: localhost\r\nOrigin: https://a.example'), 403],
    [
      'names two origins, one of them ours',
      post('/v1/verify', 'Host: localhost\r\nOrigin: http://a\r\nOrigin: http://localhost'),
      403,
    ],
    ['asks from a sandbox', post('/v1/verify/forced', 'Host: localhost\r\nOrigin: null'), 403],
    ['posts an event across origins', post('/local/events', 'Host: localhost\r\nOrigin: https://a.example'), 403],
    ['asks for what is not there', read('/', 'Host: localhost\r\nOrigin: https://a.example'), 403],
    ['reads a signature, which everybody may', read(SIGNATURE, 'Host: localhost\r\nOrigin: https://a.example'), 200],
    ['is our own', post('/v1/verify', 'Host: localhost:80\r\nOrigin: http://localhost'), 200],
  ])('%s', async (_, request, status) => {
    const calls: string[] = [];
    const url = await serve(async ({ rawPath }) => {
      calls.push(rawPath);
      return { body: '{}' };
    });
    const answer = await send(url, request);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(calls.length).toBe(status === 200 ? 1 : 0);
  });
});
