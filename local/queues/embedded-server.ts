import { hash, timingSafeEqual } from 'node:crypto';
import { Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Server } from 'node:net';

/**
 * Starts a server of a library that listens on every address and authenticates nobody. While it starts, listening on all
 * addresses becomes listening on loopback, and what it listens with answers to this access key alone: a web page can
 * send a form to any port of this machine, but none of its requests can carry the key.
 */
export async function startEmbedded<T>(accessKeyId: string, start: () => Promise<T>): Promise<T> {
  const listen: unknown = Reflect.get(Server.prototype, 'listen');
  if (typeof listen !== 'function') throw new TypeError('servers of this Node do not listen');
  let guarded = 0;
  Reflect.set(Server.prototype, 'listen', function listenGuarded(this: unknown, ...args: unknown[]): unknown {
    const [options, ...rest] = args;
    if (!isHttpServer(this)) throw new TypeError('an embedded server that is no HTTP server');
    guardServer(this, accessKeyId);
    guarded += 1;
    const isOpen = typeof options === 'object' && options !== null && 'port' in options;
    return Reflect.apply(listen, this, isOpen ? [{ ...options, host: '127.0.0.1' }, ...rest] : args) as unknown;
  });
  try {
    const started = await start();
    if (guarded === 0) throw new TypeError('an embedded server that listens in a way of its own');
    return started;
  } finally {
    Reflect.set(Server.prototype, 'listen', listen);
  }
}

function isHttpServer(server: unknown): server is HttpServer {
  return server instanceof HttpServer;
}

/** Puts a check before all that answers requests of this server. */
function guardServer(server: HttpServer, accessKeyId: string): void {
  const answering = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (!carriesKey(request, accessKeyId)) return refuse(response);
    for (const answer of answering) Reflect.apply(answer, server, [request, response]);
  });
}

/** `Authorization: AWS4-HMAC-SHA256 Credential=<access key>/…`, as every client of AWS sends it. */
function carriesKey({ headers: { authorization = '' } }: IncomingMessage, accessKeyId: string): boolean {
  const [scheme, given] = authorization.split('/', 1)[0]?.split('Credential=') ?? [];
  if (scheme?.trim() !== 'AWS4-HMAC-SHA256' || given === undefined) return false;
  // Of equal length, whatever was given.
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', accessKeyId, 'buffer'));
}

function refuse(response: ServerResponse): void {
  const type = 'com.amazonaws.sqs#AccessDeniedException';
  const body = JSON.stringify({ __type: type, message: 'the access key is not the one of queues.json' });
  response.writeHead(403, { 'content-type': 'application/x-amz-json-1.0', connection: 'close' }).end(body);
}
