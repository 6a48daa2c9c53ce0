import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { createHttpClient, type HttpClient } from '../../../lib/platform/http/http-client.ts';
import { MAX_REDIRECTS, toRedirectTarget } from '../../../lib/platform/http/http-url.ts';
import { type Handler, startServer, TEST_CA, type TestServer } from '../../support/servers/start-server.ts';

let client: HttpClient;
let servers: TestServer[] = [];

beforeEach(() => {
  client = createHttpClient({ allowPrivateAddresses: true, ca: TEST_CA });
});

afterEach(async () => {
  client.close();
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

async function serve(handler: Handler, scheme: 'http' | 'https' = 'http'): Promise<TestServer> {
  const server = await startServer(handler, scheme);
  servers.push(server);
  return server;
}

const redirectTo =
  (location: () => string, status = 302): Handler =>
  (_request, response) =>
    response.writeHead(status, { location: location() }).end();

async function outcome(url: string, headers: Record<string, string> = {}): Promise<string> {
  try {
    const { bytes } = await client.get(url, { signal: new AbortController().signal, limitBytes: 100, headers });
    return Buffer.from(bytes).toString();
  } catch (error) {
    return error instanceof StoreError ? error.code : String(error);
  }
}

const answer: Handler = (_request, response) => response.end('here');

describe('redirects', () => {
  test.each([301, 302, 303, 307, 308])('%i is followed', async (status) => {
    const target = await serve(answer);
    const server = await serve(redirectTo(() => `${target.origin}/t`, status));
    expect(await outcome(server.origin)).toBe('here');
  });

  test('from http to https is followed', async () => {
    const target = await serve(answer, 'https');
    const server = await serve(redirectTo(() => target.origin));
    expect(await outcome(server.origin)).toBe('here');
  });

  test('from https to http: RedirectRefused, without contact', async () => {
    const target = await serve(answer);
    const server = await serve(
      redirectTo(() => target.origin),
      'https',
    );
    expect(await outcome(server.origin)).toBe('RedirectRefused');
    expect(target.requests).toEqual([]);
  });

  test('from http over https to http: RedirectRefused', async () => {
    const last = await serve(answer);
    const middle = await serve(
      redirectTo(() => last.origin),
      'https',
    );
    const first = await serve(redirectTo(() => middle.origin));
    expect(await outcome(first.origin)).toBe('RedirectRefused');
    expect(last.requests).toEqual([]);
  });

  test('to a metadata service: AddressRefused', async () => {
    const server = await serve(redirectTo(() => 'http://169.254.169.254/latest/meta-data/'));
    expect(await outcome(server.origin)).toBe('AddressRefused');
  });

  test('in a loop end after the last one that is allowed: RedirectRefused', async () => {
    const server = await serve(({ url = '' }, response) => response.writeHead(302, { location: `${url}x` }).end());
    expect(await outcome(`${server.origin}/`)).toBe('RedirectRefused');
    expect(server.requests.length).toBe(1 + MAX_REDIRECTS);
  });

  test('as many as are allowed are followed', async () => {
    const server = await serve(({ url = '' }, response) => {
      if (url.length > MAX_REDIRECTS) response.end('here');
      else response.writeHead(302, { location: `${url}x` }).end();
    });
    expect(await outcome(`${server.origin}/`)).toBe('here');
  });

  test('to another origin take no credential along, nor does the way back', async () => {
    const other = await serve(redirectTo(() => `${server.origin}/back`));
    const server: TestServer = await serve(({ url }, response) => {
      if (url === '/back') response.end('here');
      else response.writeHead(302, { location: other.origin }).end();
    });
    expect(await outcome(`${server.origin}/`, { authorization: 'Bearer secret', cookie: 'a=b' })).toBe('here');
    expect(server.requests[0]?.headers.authorization).toBe('Bearer secret');
    expect(other.requests[0]?.headers.authorization).toBeUndefined();
    expect(other.requests[0]?.headers.cookie).toBeUndefined();
    expect(server.requests[1]?.headers.authorization).toBeUndefined();
  });

  test('within one origin keep the credential', async () => {
    const server = await serve(({ url }, response) => {
      if (url === '/next') response.end('here');
      else response.writeHead(302, { location: '/next' }).end();
    });
    expect(await outcome(`${server.origin}/`, { authorization: 'Bearer mine' })).toBe('here');
    expect(server.requests[1]?.headers.authorization).toBe('Bearer mine');
  });

  test('share one time limit', async () => {
    const server = await serve(({ url = '' }, response) => {
      setTimeout(() => response.writeHead(302, { location: `${url}x` }).end(), 200);
    });
    const signal = new AbortController().signal;
    const reading = client.get(`${server.origin}/`, { signal, limitBytes: 1, timeoutMs: 300 });
    await expect(reading).rejects.toMatchObject({ code: 'TimedOut' });
  });
});

describe('toRedirectTarget', () => {
  const rows: readonly { name: string; from: string; location: string; expected: string }[] = [
    { name: 'relative', from: 'https://a.test/x/y', location: '../z', expected: 'https://a.test/z' },
    { name: 'without a scheme', from: 'https://a.test/', location: '//b.test/', expected: 'https://b.test/' },
    { name: 'https to http', from: 'https://a.test/', location: 'http://a.test/', expected: 'RedirectRefused' },
    { name: 'http to http', from: 'http://a.test/', location: 'http://b.test/', expected: 'http://b.test/' },
    { name: 'with a user', from: 'http://a.test/', location: 'http://u:p@b.test/', expected: 'RedirectRefused' },
    { name: 'to a file', from: 'http://a.test/', location: 'file:///etc/passwd', expected: 'RedirectRefused' },
    { name: 'to data', from: 'http://a.test/', location: 'data:,x', expected: 'RedirectRefused' },
    { name: 'not a URL', from: 'http://a.test/', location: 'http://[', expected: 'RedirectRefused' },
  ];
  test.each(rows)('$name: $expected', ({ from, location, expected }) => {
    const target = () => {
      try {
        return toRedirectTarget(new URL(from), location).href;
      } catch (error) {
        return error instanceof StoreError ? error.code : String(error);
      }
    };
    expect(target()).toBe(expected);
  });
});
