import { createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { listen } from './start-server.ts';

export interface TestProxy {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** `CONNECT <authority>` or `GET <url>`, in order. */
  readonly seen: readonly string[];
  /** `Proxy-Authorization` of each, in the same order. */
  readonly authorizations: readonly (string | undefined)[];
  readonly openConnections: () => number;
  close(): Promise<void>;
}

type Mode = 'pass' | 'refuse' | 'hang' | 'smuggle';

/** A proxy that knows one host: whatever name is asked for, it connects to `targetPort` on loopback. */
export async function startProxy(targetPort: number, mode: Mode = 'pass'): Promise<TestProxy> {
  const seen: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(`GET ${request.url ?? ''}`);
    authorizations.push(request.headers['proxy-authorization']);
    const { pathname } = new URL(request.url ?? '');
    const { host } = request.headers;
    httpRequest({ host: '127.0.0.1', port: targetPort, path: pathname, headers: { host } }, (answer) => {
      response.writeHead(answer.statusCode ?? 502);
      answer.pipe(response);
    }).end();
  });
  server.on('connect', (request, client) => {
    seen.push(`CONNECT ${request.url ?? ''}`);
    authorizations.push(request.headers['proxy-authorization']);
    // Only a socket that is read notices its end.
    if (mode !== 'pass') client.resume().on('end', () => client.destroy());
    if (mode === 'hang') return;
    if (mode === 'refuse') {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    if (mode === 'smuggle') {
      client.write('HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const target = connect(targetPort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      target.pipe(client).pipe(target);
    });
    target.on('error', () => client.destroy());
    client.on('error', () => target.destroy());
    client.on('close', () => target.destroy());
  });
  const { port, sockets, close } = await listen(server);
  return { url: `http://127.0.0.1:${port}`, seen, authorizations, openConnections: () => sockets.size, close };
}
