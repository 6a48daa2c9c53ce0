import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { InputError } from '../lib/base/errors/input-error.ts';
import type { HttpHandler } from '../lib/platform/lambda/http-stack.ts';
import { toNotFoundResponse, toProblemDocument, toProblemResponse } from '../lib/platform/lambda/http-stack.ts';
import { type AskedNames, findForeignName, toAskedNames } from './asked-names.ts';
import { createLocalContext } from './local-context.ts';
import { matchRoute, type Route } from './routes.ts';
import { toGatewayEvent } from './to-gateway-event.ts';

export interface HttpFront {
  readonly url: string;
  /** Takes no new request, and finishes those under way. */
  readonly close: () => Promise<void>;
}

/** What answers each route. */
export type LocalHandlers = Readonly<Record<Route['handler'], HttpHandler>>;

/** What API Gateway itself takes; functions have their own, smaller limits. */
const MAX_REQUEST_BYTES = 10 * 1024 * 1024;

interface FrontOptions {
  readonly port: number;
  readonly host: string;
  /** Under which it may be asked; those of `host` alone when left out. */
  readonly names?: AskedNames | undefined;
}

/**
 * Serves the functions over HTTP as API Gateway would. There is no authorizer, so that no page of a browser may ask.
 *
 * @throws when the port is taken
 */
export async function startHttpFront(
  handlers: LocalHandlers,
  { port, host, names = toAskedNames(host, []) }: FrontOptions,
): Promise<HttpFront> {
  const underWay = new Set<Promise<void>>();
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
    const answered = answer(handlers, names, request, response).finally(() => underWay.delete(answered));
    underWay.add(answered);
  });
  server.listen(port, host);
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      await Promise.all(underWay);
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  handlers: LocalHandlers,
  names: AskedNames,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let result: APIGatewayProxyStructuredResultV2;
  try {
    result = await invoke(handlers, names, request);
  } catch (error) {
    result = toProblemResponse(error);
  }
  if (!request.complete) response.setHeader('connection', 'close');
  sendGatewayResult(response, result, request.method === 'HEAD');
  request.resume();
}

async function invoke(
  handlers: LocalHandlers,
  names: AskedNames,
  request: IncomingMessage,
): Promise<APIGatewayProxyStructuredResultV2> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const matched = matchRoute(request.method ?? '', path);
  // Signatures are for everybody.
  const isPublic = matched !== undefined && 'route' in matched && matched.route.handler === 'serve-signature';
  const foreign = findForeignName(request.headers, names, isPublic);
  if (foreign !== undefined) return toProblemDocument(403, 'NameNotAllowed', 'Name not allowed', foreign);
  if (matched === undefined) return toNotFoundResponse('there is no such route; docs/openapi.yaml lists them');
  if ('otherMethods' in matched) return toMethodNotAllowed(matched.otherMethods);
  const { handler } = matched.route;
  const event = toGatewayEvent(request, await readBody(request), matched);
  return await handlers[handler](event, createLocalContext(handler));
}

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
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, String(value));
  if (cookies.length > 0) response.setHeader('set-cookie', [...cookies]);
  const hasBody = !isHead && statusCode !== 204 && statusCode !== 304;
  if (hasBody && !response.hasHeader('content-length')) response.setHeader('content-length', bytes.length);
  response.writeHead(statusCode);
  response.end(hasBody ? bytes : undefined);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const bytes = Buffer.from(chunk as Uint8Array);
    length += bytes.length;
    if (length > MAX_REQUEST_BYTES)
      throw new InputError('BodyTooLarge', `a request has at most ${MAX_REQUEST_BYTES} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
