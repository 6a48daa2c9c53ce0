import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { createHttpClient, type GetOptions, type HttpClient } from '../../../lib/platform/http/http-client.ts';
import { type Handler, listen, startServer, TEST_CA, type TestServer } from '../../support/servers/start-server.ts';

const LIMIT = 1000;
const SHORT_MS = 250;

let client: HttpClient;
let closers: (() => Promise<void>)[] = [];

beforeEach(() => {
  client = createHttpClient({ allowPrivateAddresses: true, ca: TEST_CA });
});

afterEach(async () => {
  client.close();
  await Promise.all(closers.map((close) => close()));
  closers = [];
});

async function serve(handler: Handler, scheme: 'http' | 'https' = 'http'): Promise<TestServer> {
  const server = await startServer(handler, scheme);
  closers.push(() => server.close());
  return server;
}

function get(url: string, options: Partial<GetOptions> = {}) {
  return client.get(url, { signal: new AbortController().signal, limitBytes: LIMIT, ...options });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'answered';
  } catch (error) {
    return error instanceof StoreError ? error.code : String(error);
  }
}

describe('answers', () => {
  test.each([200, 204, 401, 403, 404, 410, 500, 503])('status %i is an answer', async (status) => {
    const server = await serve((_request, response) => response.writeHead(status).end());
    expect((await get(`${server.origin}/x`)).status).toBe(status);
  });

  test('asks for no encoding and keeps the connection', async () => {
    const server = await serve((_request, response) => response.end('signature'));
    const answer = await get(`${server.origin}/x?y=1`, { accept: 'text/plain', headers: { 'x-mine': '1' } });
    await get(`${server.origin}/z`);
    expect(Buffer.from(answer.bytes).toString()).toBe('signature');
    expect(server.requests[0]?.path).toBe('/x?y=1');
    expect(server.requests[0]?.headers).toMatchObject({
      'accept-encoding': 'identity',
      'user-agent': 'signet',
      'x-mine': '1',
      accept: 'text/plain',
    });
    expect(server.sockets.size).toBe(1);
  });

  test('asks again when a kept connection was closed as it was used', async () => {
    const server = await serve((request, response) => {
      if (server.requests.length === 2) request.socket.destroy();
      else response.end('fine');
    });
    await get(`${server.origin}/1`);
    expect((await get(`${server.origin}/2`)).status).toBe(200);
    expect(server.requests.map(({ path }) => path)).toEqual(['/1', '/2', '/2']);
  });

  test('of another status than 2xx keeps what the limit allows', async () => {
    const server = await serve((_request, response) => response.writeHead(404).end('n'.repeat(LIMIT * 3)));
    const { status, bytes } = await get(`${server.origin}/x`);
    expect([status, bytes.length]).toEqual([404, LIMIT]);
  });
});

const trickle: Handler = (_request, response) => {
  response.writeHead(200, { 'content-length': '100' });
  const timer = setInterval(() => response.write('.'), 20);
  response.on('close', () => clearInterval(timer));
};
const endless: Handler = (_request, response) => {
  const push = () => {
    while (!response.destroyed && response.write(Buffer.alloc(4096, 'x')));
  };
  response.on('drain', push);
  push();
};
const raw = (text: string): Handler => {
  return ({ socket }) => socket.end(text);
};

test.each([
  { name: 'exactly the limit', headers: {}, body: 'x'.repeat(LIMIT) },
  { name: 'identity encoding, spelled out', headers: { 'content-encoding': 'Identity' }, body: 'x' },
  { name: 'nothing', headers: {}, body: '' },
])('a body of $name is read', async ({ headers, body }) => {
  const server = await serve((_request, response) => response.writeHead(200, headers).end(body));
  expect(Buffer.from((await get(`${server.origin}/x`)).bytes).toString()).toBe(body);
});

describe('evil servers', () => {
  const rows: readonly { name: string; expected: string; handler: Handler }[] = [
    { name: 'no answer at all', expected: 'TimedOut', handler: () => undefined },
    { name: 'a body that trickles', expected: 'TimedOut', handler: trickle },
    { name: 'a body that stops half way', expected: 'TimedOut', handler: (_, response) => void response.write('x') },
    { name: '10 MB', expected: 'LimitExceeded', handler: (_, response) => response.end(Buffer.alloc(10_000_000)) },
    { name: 'chunks without an end', expected: 'LimitExceeded', handler: endless },
    {
      name: 'a content-length over the limit, nothing sent',
      expected: 'LimitExceeded',
      handler: (_, response) => response.writeHead(200, { 'content-length': `${LIMIT + 1}` }).flushHeaders(),
    },
    {
      name: 'one byte over the limit, no content-length',
      expected: 'LimitExceeded',
      handler: (_, response) => {
        response.write('x'.repeat(LIMIT));
        response.end('x');
      },
    },
    {
      name: 'reset before the answer',
      expected: 'ConnectionFailed',
      handler: ({ socket }) => socket.resetAndDestroy(),
    },
    {
      name: 'reset in the middle',
      expected: 'ConnectionFailed',
      handler: ({ socket }, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half', () => socket.resetAndDestroy());
      },
    },
    {
      name: 'fewer bytes than its content-length',
      expected: 'ConnectionFailed',
      handler: raw('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'),
    },
    {
      name: 'chunks cut off',
      expected: 'ConnectionFailed',
      handler: raw('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n'),
    },
    { name: 'something else than HTTP', expected: 'ConnectionFailed', handler: raw('220 mail.example ESMTP\r\n') },
    {
      name: 'two content-lengths',
      expected: 'ConnectionFailed',
      handler: raw('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'),
    },
    {
      name: 'an upgrade',
      expected: 'ConnectionFailed',
      handler: raw('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    },
    {
      name: 'headers without an end',
      expected: 'LimitExceeded',
      handler: raw(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`),
    },
    {
      name: 'gzip',
      expected: 'BodyInvalid',
      handler: (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x')),
    },
  ];

  test.each(rows)('$name: $expected', async ({ handler, expected }) => {
    const server = await serve(handler);
    const timeoutMs = expected === 'TimedOut' ? SHORT_MS : undefined;
    expect(await codeOf(get(`${server.origin}/x`, { timeoutMs }))).toBe(expected);
    await expect.poll(() => server.sockets.size, { timeout: 10_000 }).toBe(0);
  });

  test('nobody listens: ConnectionFailed', async () => {
    const server = await startServer(() => undefined);
    await server.close();
    expect(await codeOf(get(`${server.origin}/x`))).toBe('ConnectionFailed');
  });

  test('a TLS server that never answers the handshake: TimedOut', async () => {
    const silent = await listen(createServer((socket) => socket.resume()));
    closers.push(() => silent.close());
    expect(await codeOf(get(`https://127.0.0.1:${silent.port}/`, { timeoutMs: SHORT_MS }))).toBe('TimedOut');
    await expect.poll(() => silent.sockets.size, { timeout: 10_000 }).toBe(0);
  });

  test('a body over the limit is not received to its end', async () => {
    let sent = 0;
    const server = await serve((_request, response) => {
      const push = () => {
        while (!response.destroyed && response.write(Buffer.alloc(4096))) sent += 4096;
      };
      response.on('drain', push);
      push();
    });
    expect(await codeOf(get(`${server.origin}/x`))).toBe('LimitExceeded');
    await expect.poll(() => server.sockets.size, { timeout: 10_000 }).toBe(0);
    expect(sent).toBeLessThan(20_000_000);
  });
});

describe('the caller', () => {
  test('aborts: its reason is rethrown and the connection closed', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const server = await serve(() => controller.abort(reason));
    await expect(get(`${server.origin}/x`, { signal: controller.signal })).rejects.toBe(reason);
    await expect.poll(() => server.sockets.size, { timeout: 10_000 }).toBe(0);
  });

  test('has aborted before: nothing is contacted', async () => {
    const server = await serve((_request, response) => response.end());
    const reason = new Error('never mind');
    await expect(get(`${server.origin}/x`, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.requests).toEqual([]);
  });

  test('closes the client: requests under way and later ones fail', async () => {
    const server = await serve(() => client.close());
    expect(await codeOf(get(`${server.origin}/x`))).toBe('ConnectionFailed');
    expect(await codeOf(get(`${server.origin}/x`))).toBe('ConnectionFailed');
    await expect.poll(() => server.sockets.size, { timeout: 10_000 }).toBe(0);
  });

  const urls: readonly { name: string; url: string; expected: string }[] = [
    { name: 'user and password', url: 'https://user:secret@store.test/', expected: 'NotAllowed' },
    { name: 'user alone', url: 'https://user@store.test/', expected: 'NotAllowed' },
    { name: 'file', url: 'file:///etc/passwd', expected: 'NotAllowed' },
    { name: 'ftp', url: 'ftp://store.test/', expected: 'NotAllowed' },
    { name: 'no URL', url: 'secret', expected: 'NotAllowed' },
  ];
  test.each(urls)('$name: $expected, and no secret in the message', async ({ url, expected }) => {
    expect(await codeOf(get(url))).toBe(expected);
    await expect(get(url)).rejects.not.toThrow(/secret/);
  });

  test('sees no query in a failure', async () => {
    const server = await serve(({ socket }) => socket.destroy());
    const failure = get(`${server.origin}/path?token=secret`);
    await expect(failure).rejects.toThrow(`${server.origin}/path`);
    await expect(failure).rejects.not.toThrow(/secret/);
  });
});

describe('TLS', () => {
  test('a private authority is trusted when it is given', async () => {
    const server = await serve((_request, response) => response.end('x'), 'https');
    expect((await get(`${server.origin}/x`)).status).toBe(200);
  });

  test('and only then', async () => {
    const server = await serve((_request, response) => response.end('x'), 'https');
    const stranger = createHttpClient({ allowPrivateAddresses: true });
    const signal = new AbortController().signal;
    expect(await codeOf(stranger.get(`${server.origin}/x`, { signal, limitBytes: LIMIT }))).toBe('ConnectionFailed');
    expect(server.requests).toEqual([]);
    stranger.close();
  });

  test('a certificate for another host is refused', async () => {
    const server = await serve((_request, response) => response.end('x'), 'https');
    const misled = createHttpClient({
      allowPrivateAddresses: true,
      ca: TEST_CA,
      lookup: (_hostname, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    });
    const signal = new AbortController().signal;
    const other = `https://other.test:${server.port}/x`;
    expect(await codeOf(misled.get(other, { signal, limitBytes: LIMIT }))).toBe('ConnectionFailed');
    expect(server.requests).toEqual([]);
    misled.close();
  });

  test.each([
    { name: 'no certificate', ca: 'hello' },
    { name: 'a broken certificate', ca: '-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----' },
  ])('$name as CA: DocumentInvalid', ({ ca }) => {
    expect(() => createHttpClient({ allowPrivateAddresses: false, ca })).toThrow(
      expect.objectContaining({ code: 'DocumentInvalid' }),
    );
  });
});
