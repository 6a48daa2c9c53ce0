import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import {
  createHttpClient,
  type HttpClient,
  type HttpSender,
  type SendOptions,
} from '../../../lib/platform/http/http-client.ts';
import { type Handler, startServer, type TestServer } from '../../support/servers/start-server.ts';

let client: HttpClient & HttpSender;
let servers: TestServer[] = [];
const LIMITS = { signal: new AbortController().signal, limitBytes: 100 };
const POST = { ...LIMITS, method: 'POST', form: new URLSearchParams({ a: 'b c' }) } satisfies SendOptions;

beforeEach(() => {
  client = createHttpClient({ allowPrivateAddresses: true });
});

afterEach(async () => {
  client.close();
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

async function serve(handler: Handler): Promise<TestServer> {
  const server = await startServer(handler);
  servers.push(server);
  return server;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'answered';
  } catch (error) {
    return error instanceof StoreError ? error.code : String(error);
  }
}

describe('HEAD', () => {
  test('has no bytes whatever length it tells, and keeps the connection', async () => {
    const methods: string[] = [];
    const server = await serve(({ method = '' }, response) => {
      methods.push(method);
      response.writeHead(200, { 'content-length': '1000000', 'x-mine': '1' }).end();
    });
    const answer = await client.send(`${server.origin}/x`, { ...LIMITS, method: 'HEAD' });
    await client.send(`${server.origin}/x`, { ...LIMITS, method: 'HEAD' });
    expect([answer.status, answer.bytes.length, answer.headers['x-mine']]).toEqual([200, 0, '1']);
    expect(methods).toEqual(['HEAD', 'HEAD']);
    expect(server.sockets.size).toBe(1);
  });

  test('stays HEAD over a redirect', async () => {
    const methods: string[] = [];
    const server = await serve(({ method = '', url }, response) => {
      methods.push(method);
      if (url === '/next') response.end();
      else response.writeHead(302, { location: '/next' }).end();
    });
    await client.send(`${server.origin}/`, { ...LIMITS, method: 'HEAD' });
    expect(methods).toEqual(['HEAD', 'HEAD']);
  });
});

describe('POST', () => {
  test('sends a form', async () => {
    const server = await serve((request, response) => {
      void text(request).then((body) => response.end(`${request.method} ${body}`));
    });
    const { bytes } = await client.send(server.origin, { ...POST, headers: { 'x-mine': '1' } });
    expect(Buffer.from(bytes).toString()).toBe('POST a=b+c');
    expect(server.requests[0]?.headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': '5',
      'x-mine': '1',
    });
  });

  test.each([301, 302, 303, 307, 308])('does not follow a %i, not even within its origin', async (status) => {
    const server = await serve((_request, response) => response.writeHead(status, { location: '/next' }).end());
    expect(await codeOf(client.send(server.origin, POST))).toBe('RedirectRefused');
    expect(server.requests.length).toBe(1);
  });

  test('is not repeated on another connection', async () => {
    const server = await serve((request, response) => {
      if (request.method === 'POST') request.socket.destroy();
      else response.end();
    });
    await client.get(server.origin, LIMITS);
    expect(await codeOf(client.send(server.origin, POST))).toBe('ConnectionFailed');
    expect(server.requests.length).toBe(2);
  });
});

describe('a check of redirects', () => {
  test('refuses before the target is contacted', async () => {
    const target = await serve((_request, response) => response.end());
    const server = await serve((_request, response) => response.writeHead(302, { location: target.origin }).end());
    const seen: string[][] = [];
    const checkRedirect = (from: URL, to: URL) => {
      seen.push([from.origin, to.origin]);
      throw new StoreError('NotAllowed', 'not there');
    };
    const sending = client.send(server.origin, { ...LIMITS, method: 'GET', checkRedirect });
    expect(await codeOf(sending)).toBe('NotAllowed');
    expect(seen).toEqual([[server.origin, target.origin]]);
    expect(target.sockets.size).toBe(0);
  });

  test('does not lift the rules that hold for every redirect', async () => {
    const server = await serve((_request, response) => response.writeHead(302, { location: 'file:///x' }).end());
    const sending = client.send(server.origin, { ...LIMITS, method: 'GET', checkRedirect: () => undefined });
    expect(await codeOf(sending)).toBe('RedirectRefused');
  });
});
