import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { PageFile, PageFiles, Variant } from '../files/page-files.ts';
import { matchesTag, toNotFoundResponse } from './http-stack.ts';

interface PageOptions {
  /** Undefined: nothing was built. */
  readonly files: PageFiles | undefined;
  /** Where else than from its own origin the page may read: origins of the API and of who signs people in. */
  readonly connect: readonly string[];
}

/** Below which a page's files are, but for its first. */
const FILES_PATH = '/console/';
const INDEX = 'index.html';
const YEAR_SECONDS = 365 * 24 * 60 * 60;
const NOT_BUILT =
  'the page is not built: run npm run console, and start again; the API is described in docs/openapi.yaml';

/**
 * Answers `/` and `/console/…`, GET and HEAD, from files that were read before: a path only selects one of them. Another
 * path is a true 404, and never the page: who walks a signature store would take that for an answer.
 */
export function answerPage(event: APIGatewayProxyEventV2, options: PageOptions): APIGatewayProxyStructuredResultV2 {
  const { rawPath } = event;
  const name = rawPath === '/' ? INDEX : rawPath.startsWith(FILES_PATH) ? rawPath.slice(FILES_PATH.length) : '';
  const file = options.files?.get(name);
  if (file === undefined) {
    return toNotFoundResponse(options.files === undefined ? NOT_BUILT : 'the page has no such file');
  }
  const { encoding, variant } = chooseVariant(event.headers['accept-encoding'] ?? '', file);
  const { bytes, etag } = variant;
  const headers = {
    ...toPageHeaders(options.connect),
    etag,
    vary: 'accept-encoding',
    'cache-control': file.isHashed ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache',
  };
  if (matchesTag(event.headers['if-none-match'], etag)) return { statusCode: 304, headers };
  const found = {
    ...headers,
    'content-type': file.type,
    'content-length': String(bytes.length),
    ...(encoding === 'identity' ? {} : { 'content-encoding': encoding }),
  };
  if (event.requestContext.http.method === 'HEAD') return { statusCode: 200, headers: found };
  return { statusCode: 200, headers: found, body: bytes.toString('base64'), isBase64Encoded: true };
}

/** Nothing from elsewhere, nothing inline, in no frame, and nothing said to the next site. */
function toPageHeaders(connect: readonly string[]): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self' data:",
    `connect-src ${["'self'", ...connect].join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
}

const QUALITY = /^q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/;

/** The smallest form that `Accept-Encoding` allows (RFC 9110, section 12.5.3); the plain one is always allowed here. */
function chooseVariant(
  accept: string,
  { plain, packed }: PageFile,
): {
  readonly encoding: 'br' | 'gzip' | 'identity';
  readonly variant: Variant;
} {
  const wanted = new Map(accept.split(',').map(parseCoding));
  for (const encoding of ['br', 'gzip'] as const) {
    const variant = packed.get(encoding);
    if (variant !== undefined && (wanted.get(encoding) ?? wanted.get('*') ?? 0) > 0) return { encoding, variant };
  }
  return { encoding: 'identity', variant: plain };
}

function parseCoding(text: string): readonly [name: string, quality: number] {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  return [name, quality === undefined ? 1 : Number(QUALITY.exec(quality)?.[1] ?? 0)];
}
