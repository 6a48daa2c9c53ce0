import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';

export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

export interface TestServer {
  /** `http://127.0.0.1:<port>` or its https counterpart. */
  readonly origin: string;
  readonly port: number;
  /** What was asked so far, in order. */
  readonly requests: readonly SeenRequest[];
  /** Connections that are open now. */
  readonly sockets: ReadonlySet<Socket>;
  close(): Promise<void>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** The test authority, PEM. */
export const TEST_CA = readTls('ca.pem');

/** A real server on loopback; closing it cuts whatever is still open. */
export async function startServer(handler: Handler, scheme: 'http' | 'https' = 'http'): Promise<TestServer> {
  const requests: SeenRequest[] = [];
  const onRequest: Handler = (request, response) => {
    requests.push({ path: request.url ?? '', headers: request.headers });
    handler(request, response);
  };
  const server =
    scheme === 'http'
      ? createHttpServer(onRequest)
      : createHttpsServer({ cert: readTls('server.pem'), key: readTls('server-key.pem') }, onRequest);
  const { port, sockets, close } = await listen(server);
  return { origin: `${scheme}://127.0.0.1:${port}`, port, requests, sockets, close };
}

/** Listens on a free port of 127.0.0.1. */
export async function listen(server: Server): Promise<{
  readonly port: number;
  readonly sockets: ReadonlySet<Socket>;
  readonly close: () => Promise<void>;
}> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    sockets,
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function readTls(name: string): string {
  return readFileSync(new URL(`tls/${name}`, import.meta.url), 'utf8');
}
