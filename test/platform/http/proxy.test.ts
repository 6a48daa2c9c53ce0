import { afterEach, describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { createHttpClient, type HttpClient } from '../../../lib/platform/http/http-client.ts';
import type { ProxyOptions } from '../../../lib/platform/http/routes.ts';
import { startProxy, type TestProxy } from '../../support/servers/start-proxy.ts';
import { startServer, TEST_CA, type TestServer } from '../../support/servers/start-server.ts';

let closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  await Promise.all(closers.map(async (close) => await close()));
  closers = [];
});

async function setUp(scheme: 'http' | 'https', mode?: Parameters<typeof startProxy>[1]) {
  const server: TestServer = await startServer((_request, response) => response.end('here'), scheme);
  const proxy: TestProxy = await startProxy(server.port, mode);
  closers.push(
    () => server.close(),
    () => proxy.close(),
  );
  return { server, proxy };
}

function connectThrough(proxy: ProxyOptions, allowPrivateAddresses = false): HttpClient {
  const client = createHttpClient({ allowPrivateAddresses, ca: TEST_CA, proxy });
  closers.push(() => client.close());
  return client;
}

async function outcome(client: HttpClient, url: string, timeoutMs = 5000): Promise<string> {
  try {
    const headers = { authorization: 'Bearer mine' };
    const signal = new AbortController().signal;
    const { bytes } = await client.get(url, { signal, limitBytes: 100, timeoutMs, headers });
    return Buffer.from(bytes).toString();
  } catch (error) {
    return error instanceof StoreError ? error.code : String(error);
  }
}

describe('proxy', () => {
  test('https goes through one tunnel, names unresolved, its own credentials for the proxy alone', async () => {
    const { server, proxy } = await setUp('https');
    const client = connectThrough({ httpsProxy: proxy.url.replace('//', '//user:p%40ss@') });
    expect(await outcome(client, 'https://store.test/one')).toBe('here');
    expect(await outcome(client, 'https://store.test/two')).toBe('here');
    expect(proxy.seen).toEqual(['CONNECT store.test:443']);
    expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('user:p@ss').toString('base64')}`]);
    expect(server.requests.map(({ path }) => path)).toEqual(['/one', '/two']);
    expect(server.requests[0]?.headers['proxy-authorization']).toBeUndefined();
    expect(server.requests[0]?.headers.host).toBe('store.test');
  });

  test('the certificate behind the tunnel is checked against the name', async () => {
    const { server, proxy } = await setUp('https');
    expect(await outcome(connectThrough({ httpsProxy: proxy.url }), 'https://other.test/')).toBe('ConnectionFailed');
    expect(server.requests).toEqual([]);
  });

  test('http is forwarded with the whole URL', async () => {
    const { server, proxy } = await setUp('http');
    const client = connectThrough({ httpProxy: proxy.url });
    expect(await outcome(client, 'http://store.test:8080/one?a=b')).toBe('here');
    expect(proxy.seen).toEqual(['GET http://store.test:8080/one?a=b']);
    expect(server.requests[0]?.headers.host).toBe('store.test:8080');
  });

  test('each scheme has its own proxy', async () => {
    const { server, proxy } = await setUp('http');
    expect(await outcome(connectThrough({ httpsProxy: proxy.url }, true), server.origin)).toBe('here');
    expect(proxy.seen).toEqual([]);
  });

  test('NO_PROXY sends a request straight', async () => {
    const { server, proxy } = await setUp('https');
    const client = connectThrough({ httpsProxy: proxy.url, noProxy: '127.0.0.0/8' }, true);
    expect(await outcome(client, server.origin)).toBe('here');
    expect(proxy.seen).toEqual([]);
  });

  test('a target that is a literal private address: AddressRefused, the proxy is not asked', async () => {
    const { proxy } = await setUp('https');
    expect(await outcome(connectThrough({ httpsProxy: proxy.url }), 'https://10.0.0.1/')).toBe('AddressRefused');
    expect(proxy.seen).toEqual([]);
  });

  const refusals: readonly { name: string; mode: 'refuse' | 'hang' | 'smuggle'; expected: string }[] = [
    { name: 'refuses the tunnel', mode: 'refuse', expected: 'ConnectionFailed' },
    { name: 'does not answer', mode: 'hang', expected: 'TimedOut' },
    { name: 'sends bytes of its own before the tunnel', mode: 'smuggle', expected: 'ConnectionFailed' },
  ];
  test.each(refusals)('a proxy that $name: $expected, and no socket stays', async ({ mode, expected }) => {
    const { proxy } = await setUp('https', mode);
    const timeoutMs = expected === 'TimedOut' ? 250 : undefined;
    expect(await outcome(connectThrough({ httpsProxy: proxy.url }), 'https://store.test/', timeoutMs)).toBe(expected);
    await expect.poll(proxy.openConnections, { timeout: 10_000 }).toBe(0);
  });

  test('a proxy that is gone: ConnectionFailed, its password unsaid', async () => {
    const { proxy } = await setUp('https');
    await proxy.close();
    const client = connectThrough({ httpsProxy: proxy.url.replace('//', '//user:secret@') });
    const signal = new AbortController().signal;
    const failure = client.get('https://store.test/', { signal, limitBytes: 1 });
    await expect(failure).rejects.toMatchObject({ code: 'ConnectionFailed' });
    await expect(failure).rejects.not.toThrow(/secret/);
  });

  test.each([
    { name: 'SOCKS', url: 'socks5://proxy.test:1080' },
    { name: 'no URL', url: 'http://' },
    { name: 'a broken escape', url: 'http://a:%zz@proxy.test' },
  ])('$name as proxy: DocumentInvalid', ({ url }) => {
    expect(() => connectThrough({ httpsProxy: url })).toThrow(expect.objectContaining({ code: 'DocumentInvalid' }));
  });

  test('a proxy without a scheme is an http one', async () => {
    const { proxy } = await setUp('https');
    const client = connectThrough({ httpsProxy: proxy.url.replace('http://', '') });
    expect(await outcome(client, 'https://store.test/')).toBe('here');
  });
});
