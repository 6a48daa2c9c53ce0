import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Deadline, startDeadline } from '../time/deadline.ts';
import { type AddressRules, createCheckedLookup } from './address-rules.ts';
import { isRedirect, MAX_REDIRECTS, parseHttpUrl, toHopHeaders, toRedirectTarget, toShownUrl } from './http-url.ts';
import type { Retirable } from './kept-clients.ts';
import { readBody, readExplanation, streamBody } from './read-body.ts';
import { createRoutes, type ProxyOptions } from './routes.ts';
import { sendRequest, toHttpFailure } from './send-request.ts';

/** Milliseconds that one `get` may take, redirects and body included: a trickling server is cut off too. */
const REQUEST_TIMEOUT_MS = 5000;

export interface HttpClientOptions extends AddressRules {
  /** PEM certificates of authorities trusted beside the platform's. */
  readonly ca?: string | undefined;
  readonly proxy?: ProxyOptions | undefined;
  readonly userAgent?: string | undefined;
  /** Replaces the checked lookup of direct connections; connected sockets are checked all the same. */
  readonly lookup?: LookupFunction | undefined;
}

export interface GetOptions {
  readonly signal: AbortSignal;
  /** Bytes of body that are read; a longer body is `LimitExceeded`. */
  readonly limitBytes: number;
  readonly timeoutMs?: number | undefined;
  /** Sent to the origin of the URL alone, so that no credential follows a redirect elsewhere. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly accept?: string | undefined;
}

export type SendOptions = GetOptions & {
  /** Throws to keep a redirect from being followed, after the rules that hold for every redirect. */
  readonly checkRedirect?: ((from: URL, to: URL) => void) | undefined;
  /** Gets the body of a 2xx answer as it comes, within the limit and the time: the answer itself then has no bytes. */
  readonly consume?: ((body: AsyncIterable<Uint8Array>) => Promise<void>) | undefined;
} & (
    | { readonly method: 'GET' | 'HEAD' }
    /** Sent once, to the URL alone: a redirect of it is `RedirectRefused`. */
    | { readonly method: 'POST'; readonly form: URLSearchParams }
    | { readonly method: 'POST' | 'PUT'; readonly content: RequestContent }
  );

export interface RequestContent {
  readonly type: string;
  readonly bytes: Uint8Array;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** The body as sent: whole for a 2xx status, for another at most the limit of it. */
  readonly bytes: Uint8Array;
  /** What answered, after redirects. It may carry a query: `toShownUrl` for messages. */
  readonly url: URL;
}

export interface HttpClient {
  /** Any status is an answer. @throws StoreError, or the signal's reason once the caller has aborted. */
  get(url: string, options: GetOptions): Promise<HttpResponse>;
  /** Ends requests that are running and closes every connection. */
  close(): void;
}

/** What asks more of HTTP than reading a URL does: a registry. */
export interface HttpSender {
  /** As {@link HttpClient.get}, with the method named. The answer to a HEAD has no bytes. */
  send(url: string, options: SendOptions): Promise<HttpResponse>;
}

/** @throws ConfigurationError when the proxy or the CA certificates cannot be used. */
export function createHttpClient(options: HttpClientOptions): HttpClient & HttpSender & Retirable {
  const routes = createRoutes({ ...options, lookup: options.lookup ?? createCheckedLookup(options) });
  const underWay = new Set<Deadline>();
  const common = { 'user-agent': options.userAgent ?? 'signet', 'accept-encoding': 'identity' };
  let isClosed = false;
  let isRetired = false;

  async function follow(asked: URL, sendOptions: SendOptions, signal: AbortSignal): Promise<HttpResponse> {
    const { accept = '*/*', method } = sendOptions;
    const content = toContent(sendOptions);
    let url = asked;
    let ownHeaders = { ...sendOptions.headers, ...content?.headers };
    for (let redirects = 0; ; redirects += 1) {
      const headers = { accept, ...ownHeaders, ...common };
      const route = routes.chooseRoute(url);
      const response = await sendRequest({ method, url, route, headers, body: content?.body, signal, rules: options });
      const { location } = response.headers;
      if (!isRedirect(response.statusCode ?? 0) || location === undefined) {
        return await toResponse(response, url, sendOptions);
      }
      response.destroy();
      if (content !== undefined) {
        throw new StoreError('RedirectRefused', `${toShownUrl(asked)}: what was posted does not follow a redirect`);
      }
      if (redirects === MAX_REDIRECTS) {
        throw new StoreError('RedirectRefused', `${toShownUrl(asked)}: more than ${MAX_REDIRECTS} redirects`);
      }
      const target = toRedirectTarget(url, location);
      sendOptions.checkRedirect?.(url, target);
      ownHeaders = toHopHeaders(ownHeaders, url, target);
      url = target;
    }
  }

  async function send(text: string, sendOptions: SendOptions): Promise<HttpResponse> {
    sendOptions.signal.throwIfAborted();
    if (isClosed) throw closedError();
    const url = parseHttpUrl(text);
    const timeoutMs = sendOptions.timeoutMs ?? REQUEST_TIMEOUT_MS;
    const deadline = startDeadline(sendOptions.signal, timeoutMs, () => timeoutError(url, timeoutMs));
    underWay.add(deadline);
    try {
      return await follow(url, sendOptions, deadline.signal);
    } catch (error) {
      deadline.signal.throwIfAborted();
      throw toHttpFailure(error, url);
    } finally {
      underWay.delete(deadline);
      deadline.clear();
      // A later request makes a new connection.
      if (isRetired && underWay.size === 0) routes.close();
    }
  }

  return {
    get: (text, getOptions) => send(text, { ...getOptions, method: 'GET' }),
    send,
    retire() {
      isRetired = true;
      if (underWay.size === 0) routes.close();
    },
    close() {
      isClosed = true;
      for (const deadline of underWay) deadline.abort(closedError());
      routes.close();
    },
  };
}

function toContent(options: SendOptions) {
  if ('form' in options) {
    return { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: options.form.toString() };
  }
  if (!('content' in options)) return undefined;
  return { headers: { 'content-type': options.content.type }, body: options.content.bytes };
}

async function toResponse(
  response: IncomingMessage,
  url: URL,
  { method, limitBytes, consume }: Pick<SendOptions, 'method' | 'limitBytes' | 'consume'>,
): Promise<HttpResponse> {
  const status = response.statusCode ?? 0;
  // The length in the answer to a HEAD is that of a body which is not sent.
  const isSuccess = status >= 200 && status < 300 && method !== 'HEAD';
  if (isSuccess && consume !== undefined) {
    await consume(streamBody(response, limitBytes));
    return { status, headers: response.headers, bytes: new Uint8Array(), url };
  }
  const bytes = await (isSuccess ? readBody(response, limitBytes) : readExplanation(response, limitBytes));
  return { status, headers: response.headers, bytes, url };
}

function timeoutError(url: URL, milliseconds: number): StoreError {
  return new StoreError('TimedOut', `${toShownUrl(url)}: no complete answer within ${milliseconds} ms`);
}

function closedError(): StoreError {
  return new StoreError('ConnectionFailed', 'the HTTP client is closed');
}
