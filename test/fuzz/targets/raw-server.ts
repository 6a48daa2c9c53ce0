import { createServer } from 'node:net';
import type { HttpResponse } from '../../../lib/platform/http/http-client.ts';
import { createHttpClient } from '../../../lib/platform/http/http-client.ts';

/** Bytes of a body that are read. */
export const LIMIT_BYTES = 64;

/** Answers as they are on the wire. */
export const RESPONSES = [
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n3;a=b\r\nabc\r\n0\r\nx: y\r\n\r\n',
  'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\na',
  'HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer realm="https://a/b"\r\ncontent-length: 2\r\n\r\n{}',
  'HTTP/1.1 404 Not Found\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\ngone',
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\nhello',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.0 200 OK\r\n\r\nuntil the end',
  `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(9000)}\r\ncontent-length: 0\r\n\r\n`,
].map((text) => Buffer.from(text, 'latin1'));

/** A server that answers any request with the bytes it was told, and the client that asks it. */
export interface RawServer {
  readonly ask: (answer: Uint8Array) => Promise<HttpResponse>;
}

/** The server and its sockets keep no process alive. */
export async function startRawServer(): Promise<RawServer> {
  let answer: Uint8Array = new Uint8Array();
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.end(answer));
    socket.unref();
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  server.unref();
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port');
  const client = createHttpClient({ allowPrivateAddresses: true });
  const { signal } = new AbortController();
  return {
    ask: async (bytes) => {
      answer = bytes;
      return await client.get(`http://127.0.0.1:${address.port}/v2/`, {
        signal,
        limitBytes: LIMIT_BYTES,
        timeoutMs: 2000,
      });
    },
  };
}
