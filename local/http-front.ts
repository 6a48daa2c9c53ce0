import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { InputError } from '../lib/base/errors/input-error.ts';
import { deny, toAdmissionReview } from '../lib/cluster/admission/admission-answer.ts';
import { findEnvelope } from '../lib/cluster/admission/review-envelope.ts';
import {
  type HttpHandler,
  toJsonResponse,
  toNotFoundResponse,
  toProblemDocument,
  toProblemResponse,
} from '../lib/platform/lambda/http-stack.ts';
import type { RequestWithBody } from '../lib/platform/lambda/read-request.ts';
import type { Telemetry } from '../lib/platform/lambda/telemetry.ts';
import { type AskedNames, toAskedNames } from './asked-names.ts';
import { admitRequest, type Gate, OPEN_GATE } from './front/admit-request.ts';
import { isOutdated } from './front/client-certificates.ts';
import { followTlsFiles, readTlsFiles, type TlsFiles } from './front/tls-files.ts';
import { createLocalContext } from './local-context.ts';
import { matchRoute, type Route } from './routes.ts';
import { toGatewayEvent } from './to-gateway-event.ts';

export interface HttpFront {
  readonly url: string;
  /** Answers from now on; until then every request is told to come again. */
  readonly serve: (handlers: LocalHandlers) => void;
  /** Takes no new request, and finishes those under way. */
  readonly close: () => Promise<void>;
}

/** What answers each route. */
export type LocalHandlers = Readonly<Record<Route['handler'], HttpHandler>>;

/** What API Gateway itself takes; functions have their own, smaller limits. */
const MAX_REQUEST_BYTES = 10 * 1024 * 1024;
/** Bytes of a review that are read and dropped: an API server that is answered earlier sees a broken connection. */
const MAX_DROPPED_BYTES = 64 * 1024 * 1024;

const NO_BODY = Buffer.alloc(0);
/** Bytes of an answer that are copied to be written with its headers. */
const MAX_COPIED_BYTES = 16 * 1024;

interface FrontOptions {
  readonly port: number;
  readonly host: string;
  /** Under which it may be asked; those of `host` alone when left out. */
  readonly names?: AskedNames | undefined;
  /** Whoever reaches it may use it when left out. */
  readonly gate?: Gate | undefined;
  /** Undefined: plain HTTP. */
  readonly tls?: TlsFiles | undefined;
  readonly telemetry?: Telemetry | undefined;
}

const LIMITS = { requestTimeout: 30_000, headersTimeout: 10_000 } as const;

/**
 * Takes a port, and serves functions over HTTP as API Gateway would. No page of another site may ask by a browser.
 *
 * @throws when the port is taken
 */
export async function startHttpFront({
  port,
  host,
  names = toAskedNames(host, []),
  gate = OPEN_GATE,
  tls,
  telemetry,
}: FrontOptions): Promise<HttpFront> {
  const underWay = new Set<Promise<void>>();
  let handlers: LocalHandlers | undefined;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const answered = answer(handlers, { names, gate }, request, response).finally(() => underWay.delete(answered));
    underWay.add(answered);
  };
  const secrets = tls === undefined ? undefined : await readTlsFiles(tls);
  const { server, stop } =
    tls === undefined || secrets === undefined
      ? { server: createServer(LIMITS, listener), stop: () => undefined }
      : startTls(tls, secrets, listener, telemetry);
  server.listen(port, host);
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    serve: (given) => {
      handlers = given;
    },
    close: async () => {
      stop();
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      await Promise.all(underWay);
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A client certificate is verified where there is one; which caller needs one, admission decides. */
function startTls(
  tls: TlsFiles,
  secrets: SecureContextOptions,
  listener: (request: IncomingMessage, response: ServerResponse) => void,
  telemetry: Telemetry | undefined,
) {
  const clients = { requestCert: tls.clientCa !== undefined, rejectUnauthorized: false };
  const server = createTlsServer({ ...LIMITS, ...secrets, ...clients }, listener);
  return { server, stop: telemetry === undefined ? () => undefined : followTlsFiles(server, tls, secrets, telemetry) };
}

interface Door {
  readonly names: AskedNames;
  readonly gate: Gate;
}

async function answer(
  handlers: LocalHandlers | undefined,
  door: Door,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let result: APIGatewayProxyStructuredResultV2;
  try {
    result = await invoke(handlers, door, request);
  } catch (error) {
    result = toProblemResponse(error);
  }
  if (!request.complete || isOutdated(request.socket)) response.setHeader('connection', 'close');
  sendGatewayResult(response, result, request.method === 'HEAD');
  request.resume();
}

async function invoke(
  handlers: LocalHandlers | undefined,
  { names, gate }: Door,
  request: IncomingMessage,
): Promise<APIGatewayProxyStructuredResultV2> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const matched = matchRoute(request.method ?? '', path);
  const route = matched !== undefined && 'route' in matched ? matched.route : undefined;
  const admission = await admitRequest(request, route, names, gate);
  if (admission.kind === 'refused') return admission.answer;
  if (matched === undefined) return toNotFoundResponse('there is no such route; docs/openapi.yaml lists them');
  if ('otherMethods' in matched) return toMethodNotAllowed(matched.otherMethods);
  const { handler } = matched.route;
  const body = await readBody(request, handler === 'review-admission');
  const event = toGatewayEvent(request, body, matched, admission.caller);
  if (handlers === undefined) return handler === 'review-admission' ? answerEarly(event) : STARTING;
  return await handlers[handler](event, createLocalContext(handler));
}

/** An API server takes an error for a webhook that is down, and stores the object under `failurePolicy: Ignore`. */
function answerEarly(event: RequestWithBody): APIGatewayProxyStructuredResultV2 {
  const envelope = findEnvelope(event);
  if (envelope === undefined) return STARTING;
  return toJsonResponse(200, toAdmissionReview(envelope, deny(503, 'denied because Signet is starting; retry')));
}

const STARTING: APIGatewayProxyStructuredResultV2 = {
  ...toProblemDocument(503, 'Unavailable', 'Service unavailable', 'the service is starting; ask again'),
};

function toMethodNotAllowed(methods: readonly string[]): APIGatewayProxyStructuredResultV2 {
  const response = toProblemDocument(
    405,
    'MethodNotAllowed',
    'Method not allowed',
    `this route takes ${methods.join(', ')}`,
  );
  return { ...response, headers: { ...response.headers, allow: methods.join(', ') } };
}

/** Answers as API Gateway does with what a function returned: cookies as headers of their own, base64 decoded. */
function sendGatewayResult(response: ServerResponse, result: APIGatewayProxyStructuredResultV2, isHead: boolean): void {
  const { statusCode = 200, headers = {}, cookies = [], body = '', isBase64Encoded = false } = result;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, String(value));
  if (cookies.length > 0) response.setHeader('set-cookie', [...cookies]);
  const hasBody = !isHead && statusCode !== 204 && statusCode !== 304;
  const bytes = Buffer.from(hasBody ? body : '', isBase64Encoded ? 'base64' : 'utf8');
  if (hasBody && !response.hasHeader('content-length')) response.setHeader('content-length', bytes.length);
  response.writeHead(statusCode);
  if (!hasBody) response.end();
  // One write takes headers and a text, where bytes are a second one; what is long is not copied for that.
  else if (bytes.length <= MAX_COPIED_BYTES) response.end(bytes.toString('latin1'), 'latin1');
  else response.end(bytes);
}

const CUT = 'the request was not sent to its end';
/** @param isCut whether the rest of a longer body is dropped: a review is denied for its length, by its first bytes */
async function readBody(request: IncomingMessage, isCut: boolean): Promise<Buffer> {
  // Without either there is none (RFC 9112, section 6.3).
  const { 'content-length': declared, 'transfer-encoding': encoding } = request.headers;
  if (declared === undefined && encoding === undefined) return NO_BODY;
  const chunks: Buffer[] = [];
  let length = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Listeners, for an iterator costs more than most answers.
  const take = (bytes: Buffer): void => {
    const isLonger = length + bytes.length > MAX_REQUEST_BYTES;
    if (isLonger && (!isCut || length > MAX_DROPPED_BYTES)) {
      reject(new InputError('BodyTooLarge', `a request has at most ${MAX_REQUEST_BYTES} bytes`));
      return;
    }
    length += bytes.length;
    if (!isLonger) chunks.push(bytes);
  };
  request.on('data', take).once('end', resolve).once('error', reject);
  // Whoever goes in the middle of it: an error that nobody listens to is none. An error for each request is costly.
  request.once('close', () => request.complete || reject(new InputError('BodyInvalid', CUT)));
  await promise;
  request.off('data', take);
  const [only = NO_BODY] = chunks;
  return chunks.length > 1 ? Buffer.concat(chunks) : only;
}
