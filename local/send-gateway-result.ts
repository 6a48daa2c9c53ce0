import type { ServerResponse } from 'node:http';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** Answers as API Gateway does with what a function returned: cookies as headers of their own, base64 decoded. */
export function sendGatewayResult(
  response: ServerResponse,
  result: APIGatewayProxyStructuredResultV2,
  isHead: boolean,
): void {
  const { statusCode = 200, headers = {}, cookies = [], body = '', isBase64Encoded = false } = result;
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, String(value));
  if (cookies.length > 0) response.setHeader('set-cookie', [...cookies]);
  const hasBody = !isHead && statusCode !== 204 && statusCode !== 304;
  if (hasBody && !response.hasHeader('content-length')) response.setHeader('content-length', bytes.length);
  response.writeHead(statusCode);
  response.end(hasBody ? bytes : undefined);
}
