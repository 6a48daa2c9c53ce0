import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { decodeUtf8 } from '../../base/documents/decode.ts';
import type { JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson, StrictJsonError } from '../../base/documents/parse-strict-json.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { withoutTrailing } from '../../base/names/store-url.ts';

/** The parts of an API Gateway request (payload 2.0) that a body is read from. */
export interface RequestWithBody {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: string | undefined;
  readonly isBase64Encoded: boolean;
}

/** Bytes of a request body, unless a route says otherwise. */
export const MAX_BODY_BYTES = 64 * 1024;

const JSON_TYPES: readonly string[] = ['application/json'];

/**
 * @param mediaTypes those that are taken, in lower case
 * @throws InputError `MediaTypeUnsupported` (another type or encoding), `BodyTooLarge`, `BodyInvalid`
 */
export function parseJsonBody(
  request: RequestWithBody,
  limit: number = MAX_BODY_BYTES,
  mediaTypes: readonly string[] = JSON_TYPES,
): JsonValue {
  requireJson(request, mediaTypes);
  return parseJsonBytes(readBody(request, limit));
}

/** @throws InputError `BodyInvalid` */
export function parseJsonBytes(bytes: Uint8Array): JsonValue {
  try {
    return parseStrictJson(decodeUtf8(bytes));
  } catch (cause) {
    if (cause instanceof StrictJsonError)
      throw new InputError('BodyInvalid', `not strict JSON: ${cause.message}`, { cause });
    if (cause instanceof TypeError) throw new InputError('BodyInvalid', 'the body is not UTF-8', { cause });
    throw cause;
  }
}

/** The body's bytes. @throws InputError `BodyTooLarge`, `BodyInvalid` */
export function readBody({ body = '', isBase64Encoded }: RequestWithBody, limit: number = MAX_BODY_BYTES): Uint8Array {
  // Base64 is a third longer; what is far longer is not even decoded.
  if (body.length > (limit * 4) / 3 + 4) throw tooLarge(limit);
  const bytes = isBase64Encoded ? decodeBase64(body) : Buffer.from(body, 'utf8');
  if (bytes.length > limit) throw tooLarge(limit);
  return bytes;
}

/** @throws InputError `MediaTypeUnsupported` */
export function requireJson({ headers }: RequestWithBody, mediaTypes: readonly string[] = JSON_TYPES): void {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  if (!mediaTypes.includes(type.trim())) {
    throw new InputError('MediaTypeUnsupported', `send the body as content-type: ${mediaTypes.join(' or ')}`);
  }
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith('charset='));
  if (charset !== undefined && !['charset=utf-8', 'charset="utf-8"'].includes(charset)) {
    throw new InputError('MediaTypeUnsupported', 'JSON is UTF-8; no other charset is read');
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new InputError('MediaTypeUnsupported', 'send the body without content-encoding');
  }
}

function decodeBase64(body: string): Buffer {
  const bytes = Buffer.from(body, 'base64');
  if (withoutTrailing(bytes.toString('base64'), '=') !== withoutTrailing(body, '=')) {
    throw new InputError('BodyInvalid', 'the body is not base64');
  }
  return bytes;
}

function tooLarge(limit: number): InputError {
  return new InputError('BodyTooLarge', `the body may have ${limit} bytes`);
}

/** Characters of a name. */
const MAX_NAME = 1024;

/**
 * Who asks, as the authorizer found out: the ARN of a role's session or a user, or the subject of a token and who issued
 * it. Undefined where there is no authorizer; nothing that a caller sends is believed.
 */
export function readCaller({ requestContext }: APIGatewayProxyEventV2): Readonly<Record<string, string>> | undefined {
  const { authorizer } = requestContext as { readonly authorizer?: Authorizer };
  const { sub: subject, iss: issuer } = authorizer?.jwt?.claims ?? {};
  const named = Object.entries({ arn: authorizer?.iam?.userArn, subject, issuer });
  const names = named.flatMap(([name, text]) => (isName(text) ? [[name, text.slice(0, MAX_NAME)] as const] : []));
  return names.length === 0 ? undefined : Object.fromEntries(names);
}

/** What API Gateway's authorizers put into a request. */
export interface Authorizer {
  readonly iam?: { readonly userArn?: unknown };
  readonly jwt?: { readonly claims?: Readonly<Record<string, unknown>> };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
