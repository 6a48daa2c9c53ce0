import { request as httpRequest, type RequestOptions } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { type Duplex, PassThrough } from 'node:stream';
import { type ConnectionOptions, connect, type SecureContext } from 'node:tls';
import { StoreError } from '../../base/errors/store-error.ts';

/** Operator-configured, so its own address is not checked. */
export interface ForwardProxy {
  readonly isTls: boolean;
  readonly host: string;
  readonly port: number;
  /** The value of `Proxy-Authorization`; secret. */
  readonly authorization: string | undefined;
}

/** What a request through a tunnel carries besides Node's options: what ends a CONNECT that is not answered. */
export interface TunnelRequestOptions extends RequestOptions {
  readonly tunnelSignal: AbortSignal;
}

/**
 * An agent whose TLS connections run through the proxy's CONNECT. Node's own `proxyEnv` agent leaves the proxy's
 * socket open when a request is aborted before the tunnel stands; this one does not.
 */
export function createTunnelAgent(proxy: ForwardProxy, tlsTrust: SecureContext | undefined): Agent {
  const agent = new Agent({ keepAlive: true });
  agent.createConnection = (
    options: RequestOptions & Partial<TunnelRequestOptions>,
    callback?: (error: Error | null, stream: Duplex) => void,
  ) => {
    openTunnel(proxy, tlsTrust, toAuthority(options), options.tunnelSignal)
      .then((socket) => connect({ ...toTlsOptions(options, tlsTrust), socket }))
      .then(
        (stream) => callback?.(null, stream),
        // Node does not look at the stream of a failure.
        (error: unknown) => callback?.(error instanceof Error ? error : new Error(String(error)), new PassThrough()),
      );
    return undefined;
  };
  return agent;
}

function openTunnel(
  proxy: ForwardProxy,
  tlsTrust: SecureContext | undefined,
  authority: string,
  signal: AbortSignal | undefined,
): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const shownProxy = `the proxy ${proxy.host}:${proxy.port}`;
  const options = {
    method: 'CONNECT',
    host: proxy.host,
    port: proxy.port,
    path: authority,
    agent: false,
    setHost: false,
    headers: { host: authority, ...toProxyHeaders(proxy) },
    ...(signal === undefined ? {} : { signal }),
  } as const;
  const request = proxy.isTls
    ? httpsRequest({ ...options, ...(tlsTrust === undefined ? {} : { secureContext: tlsTrust }) })
    : httpRequest(options);
  request.on('connect', (response, socket, head) => {
    const status = response.statusCode ?? 0;
    // A TLS server waits for its client: bytes that come with the answer are the proxy's own.
    if (status >= 200 && status < 300 && head.length === 0) {
      resolve(socket);
      return;
    }
    socket.destroy();
    reject(new StoreError('ConnectionFailed', `${shownProxy} answered ${status} to CONNECT ${authority}`));
  });
  request.on('error', (cause) =>
    reject(new StoreError('ConnectionFailed', `${shownProxy} cannot be reached: ${cause.message}`, { cause })),
  );
  request.on('close', () => reject(new StoreError('ConnectionFailed', `${shownProxy} closed the connection`)));
  request.end();
  return promise;
}

/** The header that a proxy wants; for the proxy alone, never for the target. */
export function toProxyHeaders({ authorization }: ForwardProxy): Readonly<Record<string, string>> {
  return authorization === undefined ? {} : { 'proxy-authorization': authorization };
}

function toAuthority({ host, port }: RequestOptions): string {
  const name = host ?? '';
  return `${name.includes(':') ? `[${name}]` : name}:${port ?? 443}`;
}

function toTlsOptions(options: RequestOptions, tlsTrust: SecureContext | undefined): ConnectionOptions {
  return {
    host: options.host ?? '',
    ALPNProtocols: ['http/1.1'],
    ...('servername' in options && typeof options.servername === 'string' ? { servername: options.servername } : {}),
    ...(tlsTrust === undefined ? {} : { secureContext: tlsTrust }),
  };
}
