import { hash, timingSafeEqual } from 'node:crypto';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { openSecretSource } from '../secrets/secret-source.ts';
import { toProblemDocument, toProblemResponse } from './http-stack.ts';
import { describeError, type Telemetry } from './telemetry.ts';

/** The header by which the CDN shows that a request came through it. */
const EDGE_HEADER = 'x-signet-edge';
/** Characters that the secret has at least: a shorter one is guessed. */
export const MIN_EDGE_SECRET_LENGTH = 32;

interface EdgeOptions {
  /** ARN or file of the secret. */
  readonly location: string;
  readonly telemetry: Telemetry;
}

/**
 * Answers 403 to a request over HTTP that does not show the secret of the CDN: who calls the API's own endpoint would pass
 * the firewall by. Events that are no requests are handled as ever; API Gateway gives every request a `requestContext`, so
 * that no caller makes an event of one.
 */
export function onlyThroughEdge<Event extends object, Context, Result>(
  handle: (event: Event, context: Context) => Promise<Result>,
  { location, telemetry }: EdgeOptions,
): (event: Event, context: Context) => Promise<Result | APIGatewayProxyStructuredResultV2> {
  const secret = openSecretSource(location, { parse: parseEdgeSecret });
  return async (event, context) => {
    if (!('requestContext' in event)) return await handle(event, context);
    const refusal = await toRefusal(event);
    if (refusal === undefined) return await handle(event, context);
    telemetry.flush();
    return refusal;
  };

  async function toRefusal(event: object): Promise<APIGatewayProxyStructuredResultV2 | undefined> {
    try {
      const expected = await secret?.read();
      const given = toDigest(readHeader(event) ?? '');
      if (expected !== undefined && timingSafeEqual(given, expected)) return undefined;
    } catch (error) {
      telemetry.log('error', 'the secret of the CDN cannot be read', { error: describeError(error) });
      telemetry.count('RequestFailed');
      return toProblemResponse(error);
    }
    telemetry.count('EdgeRefused');
    return toProblemDocument(403, 'NotThroughCdn', 'Not allowed', 'this route is open through the CDN alone');
  }
}

function readHeader(event: object): string | undefined {
  if (!('headers' in event) || typeof event.headers !== 'object' || event.headers === null) return undefined;
  // API Gateway writes names in lower case.
  const value: unknown = Object.entries(event.headers).find(([name]) => name === EDGE_HEADER)?.[1];
  return typeof value === 'string' ? value : undefined;
}

function toDigest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

/** The secret as its digest. @throws ConfigurationError `DocumentInvalid` for what no header can hold, or is guessed */
function parseEdgeSecret(text: string): Buffer {
  if (text.length < MIN_EDGE_SECRET_LENGTH || !/^[\x21-\x7e]+$/.test(text)) {
    const rule = `at least ${MIN_EDGE_SECRET_LENGTH} visible characters of ASCII, without spaces`;
    throw new ConfigurationError('DocumentInvalid', `the secret of the CDN is not ${rule}`);
  }
  return toDigest(text);
}
