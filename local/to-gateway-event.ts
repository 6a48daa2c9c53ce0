import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Authorizer } from '../lib/platform/lambda/read-request.ts';
import { showsCertificate } from './front/client-certificates.ts';
import type { Caller } from './front/credentials.ts';
import type { MatchedRoute } from './routes.ts';

/** Types whose bodies API Gateway hands over as text; every other body comes base64-encoded. */
const TEXT_TYPE = /^(?:text\/|application\/(?:json|javascript|xml)(?:;|$)|application\/[^;]*\+(?:json|xml)(?:;|$))/i;

/**
 * A request as API Gateway's HTTP API hands it to a function (payload format 2.0): header names in lower case,
 * repeated headers joined by commas, cookies apart, the last of repeated query parameters' values joined by commas.
 */
export function toGatewayEvent(
  request: IncomingMessage,
  body: Buffer,
  { route, pathParameters }: MatchedRoute,
  caller?: Caller,
): APIGatewayProxyEventV2 {
  const [rawPath = '/', rawQueryString = ''] = splitOnce(request.url ?? '/', '?');
  const now = Date.now();
  const { headers, cookies } = toHeaders(request);
  const isText = body.length > 0 && TEXT_TYPE.test(headers['content-type'] ?? '') && isUtf8(body);
  const parameters = rawQueryString === '' ? {} : toQuery(rawQueryString);
  return {
    version: '2.0',
    routeKey: `${route.method} ${route.path}`,
    rawPath,
    rawQueryString,
    ...(cookies.length === 0 ? {} : { cookies }),
    headers,
    ...(Object.keys(parameters).length === 0 ? {} : { queryStringParameters: parameters }),
    ...(Object.keys(pathParameters).length === 0 ? {} : { pathParameters: { ...pathParameters } }),
    requestContext: {
      ...toAuthentication(request),
      ...toAuthorizer(caller),
      accountId: '000000000000',
      apiId: 'local',
      domainName: headers['host'] ?? 'localhost',
      domainPrefix: 'local',
      http: {
        method: request.method ?? 'GET',
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: `${route.method} ${route.path}`,
      stage: '$default',
      time: new Date(now).toISOString(),
      timeEpoch: now,
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** The client certificate as API Gateway hands it on for mutual TLS, if its chain was verified. */
function toAuthentication({ socket }: IncomingMessage): object {
  const pem = showsCertificate(socket) ? socket.getPeerX509Certificate()?.toString() : undefined;
  return pem === undefined ? {} : { authentication: { clientCert: { clientCertPem: pem } } };
}

/** Who asks, where API Gateway's authorizer says it. */
function toAuthorizer(caller: Caller | undefined): { readonly authorizer?: Authorizer } {
  if (caller === undefined) return {};
  const { name, issuer, role } = caller;
  return { authorizer: { jwt: { claims: { sub: name, iss: issuer, role } } } };
}

function toHeaders({ rawHeaders }: IncomingMessage): { headers: Record<string, string>; cookies: string[] } {
  const headers: Record<string, string> = {};
  const cookies: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    if (name === 'cookie') cookies.push(...value.split(';').map((cookie) => cookie.trim()));
    else headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`;
  }
  return { headers, cookies };
}

function toQuery(rawQueryString: string): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    const earlier = Object.hasOwn(parameters, name) ? `${parameters[name]},` : '';
    parameters[name] = earlier + value;
  }
  return parameters;
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
