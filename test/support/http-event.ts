import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { matchRoute } from '../../local/routes.ts';

export interface SampleRequest {
  readonly method: string;
  readonly path: string;
  /** In lower case; `application/json` goes with a body unless told. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** Text as it is; anything else as JSON. */
  readonly body?: unknown;
}

/** A request as API Gateway hands it to a function: payload format 2.0. */
export function toHttpEvent({ method, path, headers, query = {}, body }: SampleRequest): APIGatewayProxyEventV2 {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const sent = headers ?? (body === undefined ? {} : { 'content-type': 'application/json' });
  const matched = matchRoute(method, path);
  const route = matched === undefined || 'otherMethods' in matched ? undefined : matched;
  const routeKey = route === undefined ? '$default' : `${route.route.method} ${route.route.path}`;
  const pathParameters = { ...route?.pathParameters };
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: new URLSearchParams({ ...query }).toString(),
    headers: { ...sent },
    ...(Object.keys(query).length === 0 ? {} : { queryStringParameters: { ...query } }),
    ...(Object.keys(pathParameters).length === 0 ? {} : { pathParameters }),
    requestContext: {
      accountId: '000000000000',
      apiId: 'api',
      domainName: 'api.example.com',
      domainPrefix: 'api',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
      requestId: '00000000-0000-0000-0000-000000000000',
      routeKey,
      stage: '$default',
      time: '22/Nov/2026:00:00:00 +0000',
      timeEpoch: 1_795_305_600_000,
    },
    ...(text === undefined ? {} : { body: text }),
    isBase64Encoded: false,
  };
}
