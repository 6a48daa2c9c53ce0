import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { StoreError } from '../../base/errors/store-error.ts';
import type { AddressRules } from './address-rules.ts';
import { guardSocket } from './address-rules.ts';
import { toShownUrl } from './http-url.ts';
import type { Route } from './routes.ts';
import { type TunnelRequestOptions, toProxyHeaders } from './tunnel-agent.ts';

interface Hop {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly route: Route;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  readonly signal: AbortSignal;
  readonly rules: AddressRules;
}

/** One request, no redirect followed; the body is the caller's to read or destroy. Rejects with the system's error. */
export async function sendRequest(hop: Hop): Promise<IncomingMessage> {
  try {
    return await attempt(hop);
  } catch (error) {
    // A server may close a kept-alive connection just as it is used again; nothing was answered, so asking once
    // more on another one is safe, unless a body was sent that the server may have processed.
    if (error instanceof StaleConnectionError && hop.body === undefined) return await attempt(hop);
    throw error;
  }
}

class StaleConnectionError extends Error {}

function attempt(hop: Hop): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = openRequest(hop);
  if (hop.route.kind === 'direct') request.on('socket', (socket) => guardSocket(socket, hop.rules));
  let isAnswered = false;
  request.on('response', (response) => {
    isAnswered = true;
    resolve(response);
  });
  request.on('error', (cause: NodeJS.ErrnoException) => {
    const isStale = request.reusedSocket && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE');
    reject(isStale && !hop.signal.aborted ? new StaleConnectionError(cause.message, { cause }) : cause);
  });
  request.on('close', () => {
    // Every request closes; an error has a stack to be made.
    if (isAnswered) return;
    reject(new StoreError('ConnectionFailed', 'the connection was closed without an answer'));
  });
  // In place of the request's own signal, which costs more. While a tunnel is being made the request has no socket and
  // would report no end.
  const abort = (): void => {
    reject(hop.signal.reason);
    request.destroy(hop.signal.reason instanceof Error ? hop.signal.reason : undefined);
  };
  hop.signal.addEventListener('abort', abort, { once: true });
  if (hop.signal.aborted) abort();
  else request.end(hop.body);
  return promise;
}

function openRequest({ method, url, route, headers, signal }: Hop): ClientRequest {
  const options = { method, agent: route.agent, headers } satisfies RequestOptions;
  if (route.kind === 'forward') {
    const forwarded: RequestOptions = {
      ...options,
      host: route.proxy.host,
      port: route.proxy.port,
      path: `${url.origin}${url.pathname}${url.search}`,
      headers: { ...headers, host: url.host, ...toProxyHeaders(route.proxy) },
    };
    return route.proxy.isTls ? httpsRequest(forwarded) : httpRequest(forwarded);
  }
  const reached: TunnelRequestOptions = { ...options, tunnelSignal: signal };
  return url.protocol === 'https:' ? httpsRequest(url, reached) : httpRequest(url, reached);
}

/** The error of a request as a StoreError; without user, password and query of the URL. */
export function toHttpFailure(cause: unknown, url: URL): StoreError {
  const shown = toShownUrl(url);
  if (cause instanceof StoreError) {
    return cause.message.includes(shown) ? cause : new StoreError(cause.code, `${shown}: ${cause.message}`, { cause });
  }
  const code = toCode(cause);
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new StoreError('LimitExceeded', `${shown}: the headers are longer than is read`, { cause });
  }
  if (code === 'ETIMEDOUT') return new StoreError('TimedOut', `${shown}: the connection timed out`, { cause });
  return new StoreError('ConnectionFailed', `${shown}: ${toFault(cause, code)}`, { cause });
}

function toFault(cause: unknown, code: string | undefined): string {
  if (code?.startsWith('HPE_') === true) return `this is not an HTTP answer (${code})`;
  if (code === 'ECONNRESET') return 'the connection was cut (ECONNRESET)';
  const message = cause instanceof Error ? cause.message : String(cause);
  if (code === undefined || message.includes(code)) return message === '' ? 'the connection failed' : message;
  return message === '' ? `the connection failed (${code})` : `${message} (${code})`;
}

function toCode(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
}
